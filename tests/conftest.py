"""Fixtures and small helpers of the whole suite."""

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.settings import PREFIX
from tests.servers import Server

REPOSITORY = Path(__file__).parent.parent


def shared_data(name: str) -> Path:
    """A file of real pictures outside the repository; the test is skipped where there is none."""
    folder = Path(os.environ.get("EXPLORER_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / name).exists():
        pytest.skip(f"{name} is not in {folder} (set EXPLORER_TEST_DATA)")
    return folder / name


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own EXPLORER_* must not decide on a test."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server with the embedded network and the digits as main dataset, for all tests that leave it so."""
    running = Server(tmp_path_factory.mktemp("contract") / "data", network="embedded")
    yield running
    running.kill()
