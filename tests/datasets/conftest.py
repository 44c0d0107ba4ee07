"""Small finished datasets and seeds to read."""

import io
import pickle
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.datasets.dataset import Dataset, image_path, reduction_path, tilemap_path
from embedding_explorer.datasets.images_table import write_images
from embedding_explorer.datasets.manifest import Manifest, range_id, ranges
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.images.tilemap import CELL, RANGE, TILE, draw_tilemap

MakeDataset = Callable[..., Dataset]


def hex_id(number: int) -> str:
    return f"{number:032x}"


def sheet(count: int, shade: int = 0) -> bytes:
    """The tilemap of `count` grey tiles, each lighter than the one before."""
    tiles = [np.full((TILE, TILE, 3), (shade + i) % 256, np.uint8) for i in range(count)]
    buffer = io.BytesIO()
    Image.fromarray(draw_tilemap(tiles)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def points(total: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(total, 3)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(tmp_path / "data")


@pytest.fixture
def make_dataset(store: DatasetStore) -> MakeDataset:
    def make(
        number: int = 1,
        total: int = 12,
        *,
        features: NDArray[np.floating] | None = None,
        originals: list[bytes] | None = None,
        files: list[str] | None = None,
        labels: list[str] | None = None,
        created: str | None = None,
        name: str = "Test",
    ) -> Dataset:
        staged = store.staging / f"job-{number}"
        (staged / "reductions").mkdir(parents=True)
        (staged / "tilemaps").mkdir()
        for seed, reducer in enumerate(("pca", "umap")):
            np.save(reduction_path(staged, reducer), points(total, seed))
        for range_name, (first, last) in ranges(total).items():
            tilemap_path(staged, range_name).write_bytes(sheet(last - first + 1))
        if features is not None:
            np.save(staged / "features.npy", features)
        names = files or [f"p{n:04d}.png" for n in range(total)]
        classes = labels or [""] * total
        write_images(staged / "images.csv", ((names[n], 40, 30, classes[n]) for n in range(total)))
        for n, data in enumerate(originals or []):
            path = image_path(staged, range_id(n // RANGE), n % RANGE, data)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        described = None if features is None else {"dtype": str(features.dtype), "shape": list(features.shape)}
        values = {"created": created} if created else {}
        manifest = Manifest.new(
            id=hex_id(number),
            name=name,
            total=total,
            reducers={"pca": {}, "umap": {}},
            features=described,
            images_kept=originals is not None,
        )
        manifest = Manifest.from_json(manifest.to_json() | values)
        return store.get(store.adopt(staged, manifest).id)

    return make


def write_seed(folder: Path, total: int = 1003, *, dtype: str = "float32", protocol: int = 4) -> Path:
    """A hand-made seed, written by plain pickle and JPEG code."""
    (folder / "pickles").mkdir(parents=True)
    (folder / "tilemaps").mkdir()
    for seed, reducer in enumerate(("pca", "umap")):
        with (folder / "pickles" / f"celeba_features_{reducer}_reduced.pickle").open("wb") as file:
            pickle.dump(points(total, seed).astype(dtype), file, protocol=protocol)
    for number, start in enumerate(range(0, total, 1000)):
        # Bytes after the end of a JPEG tell one from the other, at no expense.
        jpeg = blank_jpeg(min(1000, total - start)) + f"range {number}".encode()
        (folder / "tilemaps" / f"tilemap-{number:03d}.jpg").write_bytes(jpeg)
    return folder


@lru_cache
def blank_jpeg(count: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (10 * CELL, -(-count // 10) * CELL), (40, 99, 9)).save(buffer, "JPEG")
    return buffer.getvalue()
