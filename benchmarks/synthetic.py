"""A synthetic main dataset of any size: random coordinates and tilemaps, as the import of a seed layout makes one."""

import pickle
from pathlib import Path

import numpy as np

from embedding_explorer.datasets.seed_import import import_seed
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.images.tilemap import encode_tilemap

CELEBA = 202_599


def write_seed(folder: Path, total: int = CELEBA) -> None:
    """A seed layout: pickles of float32 (total, 3) and tilemaps of noise."""
    random = np.random.default_rng(0)
    (folder / "pickles").mkdir(parents=True)
    (folder / "tilemaps").mkdir()
    for reducer in ("pca", "umap"):
        points = (random.normal(size=(total, 3)) * 50).astype(np.float32)
        with (folder / "pickles" / f"celeba_features_{reducer}_reduced.pickle").open("wb") as file:
            pickle.dump(points, file)
    coarse = random.integers(0, 255, (1000, 6, 6, 3), np.uint8)
    tiles = [tile.repeat(8, axis=0).repeat(8, axis=1) for tile in coarse]
    for number, start in enumerate(range(0, total, 1000)):
        (folder / "tilemaps" / f"tilemap-{number:03d}.jpg").write_bytes(encode_tilemap(tiles[: total - start]))


def make_main(data: Path, seed: Path) -> None:
    """Import the seed as the main dataset of a data folder."""
    import_seed(seed, DatasetStore(data))
