"""Fixtures and small helpers of the whole suite."""

import io
import os
import secrets
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import create_engine

from embedding_explorer.database import Database, postgresql_url
from tests.postgres import postgres
from tests.servers import Server, is_setting

REPOSITORY = Path(__file__).parent.parent


def shared_data(name: str) -> Path:
    """A file of real pictures outside the repository; the test is skipped where there is none."""
    folder = Path(os.environ.get("TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / name).exists():
        pytest.skip(f"{name} is not in {folder} (set TEST_DATA)")
    return folder / name


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own EXPLORER_* and DIGITS_* must not decide on a test."""
    for name in filter(is_setting, list(os.environ)):
        monkeypatch.delenv(name)


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30), seed: int = 0) -> Image.Image:
    """A noisy picture of one colour."""
    noise = np.random.default_rng(seed).integers(-20, 20, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(colour) + noise, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    """An image as a file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of these files, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


def colour_files(count: int) -> dict[str, bytes]:
    """`count` pictures: red, green and blue in turn."""
    colours = ((220, 30, 30), (30, 220, 30), (30, 30, 220))
    return {f"p{i:04d}.png": encoded(picture(colours[i % 3], seed=i)) for i in range(count)}


@pytest.fixture
def colour_zip() -> bytes:
    """Thirty pictures in three colours."""
    return zip_of(colour_files(30))


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """The address of a PostgreSQL server, with `{name}` for that of a database."""
    with postgres() as address:
        yield address


@pytest.fixture
def postgres_url(postgres_address: str) -> str:
    """The address of a new, empty PostgreSQL database."""
    name = f"test_{secrets.token_hex(8)}"
    admin = create_engine(postgresql_url(postgres_address.format(name="postgres")), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return postgres_address.format(name=name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty catalog, on each kind of database."""
    if request.param == "sqlite":
        made = Database.at(tmp_path / "catalog.sqlite")
    else:
        made = Database(postgresql_url(request.getfixturevalue("postgres_url")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Makes a data folder in which a real server finds the UMAP that another one of this test run has compiled."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    shared.mkdir(exist_ok=True)

    def prepare(data: Path) -> Path:
        (data / "cache").mkdir(parents=True)
        (data / "cache" / "numba").symlink_to(shared, target_is_directory=True)
        return data

    return prepare


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, prepared: Callable[[Path], Path]) -> Iterator[Server]:
    """One real server with the embedded network and the digits as main dataset, for all tests that leave it so."""
    running = Server(prepared(tmp_path_factory.mktemp("contract") / "data"), network="embedded")
    yield running
    running.kill()
