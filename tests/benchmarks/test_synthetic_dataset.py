"""Synthetic datasets, small, through a real server."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.synthetic_dataset import LABELS, SIZES, colour, write_dataset
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.store import DatasetStore
from tests.servers import QuickServer

IMAGES = 2_500


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("synthetic") / "data"
    write_dataset(data, IMAGES, main=True, features=8)
    running = QuickServer(data, warm=False)
    yield running
    running.kill()


@pytest.fixture
def dataset(server: QuickServer) -> Dataset:
    return DatasetStore(server.data).get("main")


def test_a_server_serves_it(server: QuickServer) -> None:
    info = server.get("/dataset/info").json()
    assert info["total"] == IMAGES and info["ranges"]["002"] == [2000, 2499]
    for reducer in ("pca", "umap"):
        points = np.asarray(server.get(f"/{reducer}/0/2/standalone").json()["features"])
        assert points.shape == (IMAGES, 3) and np.isfinite(points).all()


def test_each_picture_has_the_colour_of_its_label_and_row(server: QuickServer, dataset: Dataset) -> None:
    with Image.open(io.BytesIO(server.get("/tilemaps/002").content)) as sheet:
        pixels = np.asarray(sheet).astype(float)
    for row in (2000, 2001, 2002, 2499):
        top, left = (row % 1000) // 10 * 50 + 25, row % 10 * 50 + 25
        centre = pixels[top - 12 : top + 12, left - 12 : left + 12].mean(axis=(0, 1))
        assert np.abs(centre - colour(row, label_number(dataset, row))).max() < 6, row


def label_number(dataset: Dataset, row: int) -> int:
    return int((dataset.images.label(row) or "").removeprefix("class "))


def test_rows_have_files_labels_and_sizes(server: QuickServer) -> None:
    rows = list(csv.DictReader(io.StringIO(server.get("/dataset/main/export.csv").text)))
    assert rows[7]["file"] == "000007.jpg"
    assert len({row["label"] for row in rows}) == LABELS
    assert (int(rows[7]["width"]), int(rows[7]["height"])) == SIZES[7 % 3]


def test_neighbours_lie_together_on_the_map(server: QuickServer, dataset: Dataset) -> None:
    points = dataset.reduction("umap")
    everywhere = np.linalg.norm(points - points[5], axis=1).mean()
    near = [n["index"] for n in server.get("/dataset/main/neighbors/5?k=10").json()["neighbors"]]
    assert np.median(np.linalg.norm(points[near] - points[5], axis=1)) < everywhere / 3


def test_the_same_arguments_give_the_same_dataset(tmp_path: Path) -> None:
    first, again = (write_dataset(tmp_path / name, 1200, reducers=["umap"]) for name in "ab")
    other = write_dataset(tmp_path / "a", 1200, reducers=["umap"], seed=1)
    assert first.id == again.id != other.id
    one, two = (DatasetStore(tmp_path / name).get(first.id) for name in "ab")
    assert (one.reduction("umap") == two.reduction("umap")).all() and one.reducers == ["umap"]
    assert one.tilemap_path("001").read_bytes() == two.tilemap_path("001").read_bytes()


def test_tilemaps_are_as_large_as_those_of_photographs(dataset: Dataset) -> None:
    assert 800_000 < dataset.tilemap_path("000").stat().st_size < 1_100_000
