"""Datasets for the tests of the maps API, with an independent reading of what comes over the wire; a server for the networks API."""

import csv
import io
import json
import shutil
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import encoded, picture, zip_of
from tests.contracts.digits_api import CLASS_MODEL, Digits, write_colours
from tests.contracts.networks_api import Api
from tests.servers import QuickServer, Server

FOREIGN = "f0" * 16
NETWORK_MEMORY = 1 << 30
SIZES = ((40, 30), (30, 40), (64, 64), (200, 20))


def labelled_pictures(count: int, seed: int = 0, sizes: Sequence[tuple[int, int]] = SIZES) -> dict[str, bytes]:
    """Red, green and blue pictures of several sizes in folders of these names."""
    colours = {"red": (220, 30, 30), "green": (30, 220, 30), "blue": (30, 30, 220)}
    files = {}
    for n in range(count):
        label = list(colours)[n % 3]
        files[f"{label}/Bild-{n:03d}-{label.upper()}.png"] = encoded(
            picture(colours[label], sizes[n % len(sizes)], seed + n)
        )
    return files


@pytest.fixture(scope="session")
def colours(server: Server) -> str:
    """36 such pictures, labelled, with a broken one among them."""
    files = labelled_pictures(36) | {"red/broken.jpg": b"\xff\xd8\xff broken"}
    answer = server.upload(zip_of(files), query="?labels=folders&name=Colours")
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.fixture(scope="session")
def foreign(server: Server, colours: str) -> Iterator[str]:
    """The same as it might come from elsewhere: no features, no originals, tilemaps of another program."""
    folder = server.data / "datasets" / FOREIGN
    shutil.copytree(server.data / "datasets" / colours, folder)
    (folder / "features.npy").unlink()
    shutil.rmtree(folder / "images")
    for path in (folder / "tilemaps").iterdir():
        resaved(path)
    manifest = json.loads((folder / "dataset.json").read_text())
    gone = {"id": FOREIGN, "features": None, "network": None, "images_kept": False, "name": "Foreign"}
    (folder / "dataset.json").write_text(json.dumps(manifest | gone))
    yield FOREIGN
    requests.delete(f"{server.url}/dataset/{FOREIGN}", timeout=9)


def resaved(path: Path) -> None:
    """A JPEG as Pillow saves it by default: no restart markers, colours at half the resolution."""
    with Image.open(path) as sheet:
        sheet.load()
    sheet.save(path, quality=95)


def opened(answer: requests.Response, kind: str = "JPEG") -> Image.Image:
    """The picture in an answer."""
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    assert image.format == kind
    return image.convert("RGB")


def cells(sheet: Image.Image, count: int, pitch: int = 50, margin: int = 1) -> NDArray[np.int64]:
    """The first cells of a sheet of ten columns, without their margins: (count, side, side, 3)."""
    side = pitch - 2 * margin
    corners = [(n % 10 * pitch + margin, n // 10 * pitch + margin) for n in range(count)]
    cut = [sheet.crop((left, top, left + side, top + side)) for left, top in corners]
    return np.stack([np.asarray(each) for each in cut]).astype(int)


def table(server: Server, dataset: str) -> list[dict[str, str]]:
    """The rows of a dataset, as the explorer API exports them."""
    return list(csv.DictReader(io.StringIO(server.get(f"/dataset/{dataset}/export.csv").content.decode())))


def arrays(server: Server, dataset: str) -> dict[str, NDArray[Any]]:
    """The features and reductions of a dataset, as the explorer API exports them."""
    with np.load(io.BytesIO(server.get(f"/dataset/{dataset}/export.npz").content)) as found:
        return dict(found)


def decoded_positions(data: bytes) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """(type, box (2, 3), coordinates (n, 3)) of binary positions, read as they are documented."""
    magic, version, kind, axes, flags, n, zero = struct.unpack_from("<4s4B2I", data)
    assert (magic, version, axes, flags, zero) == (b"EEXP", 1, 3, 0, 0)
    box = np.array(struct.unpack_from("<6f", data, 16)).reshape(2, 3)
    size = {1: 2, 2: 4}[kind]
    assert len(data) == 40 + 3 * n * size
    columns = [np.frombuffer(data, {1: "<u2", 2: "<f4"}[kind], n, 40 + axis * n * size) for axis in range(3)]
    values = np.stack(columns, axis=1).astype(np.float64)
    return kind, box, box[0] + values / 65535 * (box[1] - box[0]) if kind == 1 else values


@pytest.fixture(scope="session")
def networks_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    """A real server; only its worker of jobs, which none of these tests needs, is a quick one."""
    bounds = {"inference_seconds": "60", "inference_memory": str(NETWORK_MEMORY)}
    running = QuickServer(tmp_path_factory.mktemp("networks") / "data", **bounds)
    yield running
    running.kill()


@pytest.fixture
def api(networks_server: QuickServer) -> Iterator[Api]:
    """Somebody who uses it."""
    user = Api(networks_server)
    yield user
    user.session.close()


@pytest.fixture(scope="session")
def digits_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    """A real server for the training API, which may read `pictures`, a folder of red and green ones."""
    folder = tmp_path_factory.mktemp("digits")
    pictures = write_colours(folder / "pictures")
    running = QuickServer(folder / "data", data_roots=str(pictures), server_name="Somebody's")
    yield running
    running.kill()


@pytest.fixture(scope="session")
def pictures(digits_server: QuickServer) -> Path:
    """The folder that the server may read."""
    return digits_server.data.parent / "pictures"


@pytest.fixture
def digits(digits_server: QuickServer) -> Iterator[Digits]:
    """Somebody who has logged in to the training API."""
    user = Digits(digits_server)
    yield user
    user.session.close()


@pytest.fixture(scope="session")
def slopes(digits_server: QuickServer) -> str:
    """A finished generic dataset."""
    user = Digits(digits_server)
    return user.done(user.gradients())


@pytest.fixture(scope="session")
def coloured(digits_server: QuickServer, pictures: Path) -> str:
    """A finished classification dataset."""
    user = Digits(digits_server)
    return user.done(user.classes(pictures, folder_pct_val="25", folder_pct_test="25"))


@pytest.fixture(scope="session")
def trained(digits_server: QuickServer, slopes: str) -> str:
    """A finished model on slopes, with snapshots of epochs 1 and 2."""
    user = Digits(digits_server)
    return user.done(user.training(slopes))


@pytest.fixture(scope="session")
def classifier(digits_server: QuickServer, coloured: str) -> str:
    """A finished classification model, with snapshots of epochs 1 and 2."""
    user = Digits(digits_server)
    fields = {"model_name": "Classes", "dataset": coloured, "train_epochs": "2", "standard_networks": "lenet"}
    id: str = user.created(CLASS_MODEL, **fields, learning_rate="0.001", random_seed="1")["id"]
    return user.done(id)
