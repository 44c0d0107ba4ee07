"""A hand-made seed layout of CelebA's size, written by plain pickle and JPEG code, served under its own numbers."""

import io
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.servers import Server

TOTAL = 202_599
RANGES = 203

pytestmark = pytest.mark.slow


def colour_of(number: int) -> tuple[int, int, int]:
    """A colour of its own for each tilemap."""
    return number, 255 - number, number * 7 % 256


def points_of(reducer: str) -> np.ndarray:  # type: ignore[type-arg]
    """Coordinates in float64, as some old installations have them."""
    return np.random.default_rng(len(reducer)).normal(scale=70, size=(TOTAL, 3))


def write_seed(folder: Path) -> None:
    (folder / "pickles").mkdir(parents=True)
    (folder / "tilemaps").mkdir()
    for reducer in ("pca", "umap"):
        with (folder / "pickles" / f"celeba_features_{reducer}_reduced.pickle").open("wb") as file:
            pickle.dump(points_of(reducer), file)
    for number in range(RANGES):
        rows = 100 if number < RANGES - 1 else 60
        tilemap = Image.new("RGB", (500, 50 * rows), colour_of(number))
        tilemap.save(folder / "tilemaps" / f"tilemap-{number:03d}.jpg", quality=90)
    (folder / "pickles" / "pca_model.pickle").write_bytes(f"cos\nsystem\n(S'touch {folder}/owned'\ntR.".encode())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, prepared: Callable[[Path], Path]) -> Iterator[Server]:
    data = prepared(tmp_path_factory.mktemp("seed") / "data")
    write_seed(data)
    running = Server(data, network="embedded")
    yield running
    running.kill()


def test_info_has_every_range(server: Server) -> None:
    body = server.get("/dataset/info").json()
    assert body["total"] == TOTAL and len(body["ranges"]) == RANGES
    assert body["ranges"]["202"] == [202_000, 202_598] and body["ranges"]["000"] == [0, 999]
    assert body["network"] is None


@pytest.mark.parametrize("reducer", ["pca", "umap"])
def test_all_coordinates_are_the_pickles_own(server: Server, reducer: str) -> None:
    expected = points_of(reducer).astype(np.float32)
    body = server.get(f"/{reducer}/0/202/standalone").json()
    np.testing.assert_array_equal(np.asarray(body["features"], np.float32), expected)
    assert body["total"] == TOTAL and body["tilemap_ids"] == [f"{i:03d}" for i in range(RANGES)]
    part = server.get(f"/{reducer}/7/8/standalone", headers={"Accept": "application/octet-stream"}).content
    np.testing.assert_array_equal(np.frombuffer(part, "<f4").reshape(-1, 3), expected[7000:9000])


@pytest.mark.parametrize("number", [0, 101, 202])
def test_each_tilemap_is_the_file_that_was_there(server: Server, number: int) -> None:
    content = server.get(f"/tilemaps/{number:03d}").content
    tilemap = Image.open(io.BytesIO(content)).convert("RGB")
    assert tilemap.size == (500, 5000 if number < 202 else 3000)
    assert np.abs(np.subtract(tilemap.getpixel((250, 250)), colour_of(number))).max() < 6


def test_what_needs_features_says_that_there_are_none(server: Server) -> None:
    answer = server.get("/dataset/main/neighbors/5")
    assert answer.status_code == 409 and "features" in answer.json()["error"]
    picture = {"file": ("a.png", b"x")}
    assert server.post("/pca/0/0", files=picture).status_code == 409


def test_pictures_are_cut_from_the_tilemaps_and_export_works(server: Server) -> None:
    picture = Image.open(io.BytesIO(server.get("/dataset/main/images/101500").content)).convert("RGB")
    assert picture.size == (48, 48)
    assert np.abs(np.subtract(picture.getpixel((24, 24)), colour_of(101))).max() < 6
    assert server.get("/dataset/main/export.csv").text.count("\n") == TOTAL + 1


def test_the_models_pickle_was_refused_with_a_reason_and_not_executed(server: Server) -> None:
    skipped = server.get("/dataset/main").json()["skipped"]
    assert any("pca_model.pickle" in s["file"] and s["reason"] for s in skipped)
    assert not (server.data / "owned").exists()


def test_uploads_work_beside_it(server: Server, colour_zip: bytes) -> None:
    dataset = server.upload(colour_zip).text
    assert server.get(f"/dataset/{dataset}/features/pca?space=main").status_code == 409
    assert server.get("/dataset/info").json()["total"] == TOTAL
