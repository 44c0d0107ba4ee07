"""python -m benchmarks.synthetic_dataset DATA [--images 202599] [--main] [--reducers pca umap] [--features D]

Writes a dataset of any size straight into a data folder: clusters, filaments and background as UMAP leaves them, labels,
and tilemaps of pictures whose colour follows from label and row (`colour`), so that a test knows what it should see.
"""

import argparse
import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic_points import Points, Structure, pca_points, structure, umap_points
from embedding_explorer.datasets.dataset import FEATURES, IMAGES, reduction_path, tilemap_path
from embedding_explorer.datasets.images_table import write_images
from embedding_explorer.datasets.manifest import Manifest, ranges
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.images.tilemap import TILE, encode_tilemap

CELEBA = 202_599
LABELS = 40
VERSION = 1
REDUCERS = {"pca": pca_points, "umap": umap_points}
SIZES = ((500, 375), (375, 500), (500, 500))  # width, height of picture n: SIZES[n % 3]
TEXTURES = 64
# Deviation of a picture's texture: a tilemap of 1000 then has 1.0 MB, as of photographs.
CONTRAST = 12.0


def write_dataset(
    data: Path,
    images: int = CELEBA,
    *,
    main: bool = False,
    reducers: Sequence[str] = ("pca", "umap"),
    features: int = 0,
    seed: int = 0,
) -> Manifest:
    """Write a dataset of `images` pictures into a data folder; the same arguments give the same dataset.

    `features` is their dimension, 0 for none: with them neighbours can be asked for. Raises StorageFull.
    """
    store = DatasetStore(data)
    staged = store.staging / f"synthetic-{secrets.token_hex(8)}"
    made = structure(images, LABELS, seed)
    write_reductions(staged, made, reducers)
    write_tilemaps(staged, made.label)
    rows = ((f"{n:06d}.jpg", *SIZES[n % 3], label_name(int(made.label[n]))) for n in range(images))
    write_images(staged / IMAGES, rows)
    if features:
        np.save(staged / FEATURES, made.features(features))
    manifest = store.adopt(staged, describe(images, reducers, features, seed))
    if main:
        store.set_main(manifest.id)
    return manifest


def label_name(label: int) -> str:
    """Name of label number 0 to LABELS - 1."""
    return f"class {label:02d}"


def colour(row: int, label: int) -> NDArray[np.uint8]:
    """Mean colour (3,) of the picture of a row, and of every larger part of it: hue by label, lightness by row."""
    hue = label / LABELS * 2 * np.pi
    shades = 128 + 62 * np.cos(hue - np.arange(3) * 2 * np.pi / 3)
    return (shades + (row * 7 % 5 - 2) * 11).astype(np.uint8)


def write_reductions(staged: Path, made: Structure, reducers: Sequence[str]) -> None:
    """The .npy of each."""
    for reducer in reducers:
        points: Points = REDUCERS[reducer](made)
        target = reduction_path(staged, reducer)
        target.parent.mkdir(parents=True, exist_ok=True)
        np.save(target, points)


def write_tilemaps(staged: Path, labels: NDArray[np.uint8]) -> None:
    """The JPEG of each range, on all cores."""
    spans = ranges(len(labels))
    tilemap_path(staged, "000").parent.mkdir(parents=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(partial(write_tilemap, staged, labels), spans, spans.values()))


def write_tilemap(staged: Path, labels: NDArray[np.uint8], range_name: str, span: tuple[int, int]) -> None:
    """The JPEG of one range."""
    rows = range(span[0], span[1] + 1)
    tilemap_path(staged, range_name).write_bytes(encode_tilemap([tile(n, int(labels[n])) for n in rows]))


def tile(row: int, label: int) -> NDArray[np.uint8]:
    """The picture of a row, (h, w, 3) uint8."""
    width, height = (round(side * TILE / 500) for side in SIZES[row % 3])
    texture = textures()[row * 31 % TEXTURES, :height, :width]
    return np.clip(texture + colour(row, label), 0, 255).astype(np.uint8)


@cache
def textures() -> NDArray[np.int16]:
    """(TEXTURES, 48, 48, 3) of mean 0: noise with the spectrum of photographs, but without what is wider than 12 px."""
    frequency = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.fftfreq(TILE)[None, :])
    weight = np.where(frequency < 1 / 12, 0, 1 / np.maximum(frequency, 1e-9) ** 2)
    random = np.random.default_rng(1)
    grey = random.normal(size=(TEXTURES, TILE, TILE, 1))
    noise = grey + 0.1 * random.normal(size=(TEXTURES, TILE, TILE, 3))  # photographs vary more in light than in hue
    waves = np.fft.ifft2(np.fft.fft2(noise, axes=(1, 2)) * weight[None, :, :, None], axes=(1, 2)).real
    return (waves / waves.std() * CONTRAST).astype(np.int16)


def describe(images: int, reducers: Sequence[str], features: int, seed: int) -> Manifest:
    """The manifest; its id follows from all that decides on the content."""
    recipe = {"synthetic": VERSION, "images": images, "reducers": list(reducers), "features": features, "seed": seed}
    return Manifest.new(
        id=hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:32],
        name=f"Synthetic, {images} pictures",
        total=images,
        reducers={reducer: {"synthetic": True, "seed": seed} for reducer in reducers},
        features={"dtype": "float16", "shape": [images, features]} if features else None,
        source={"kind": "synthetic", "name": "benchmarks.synthetic_dataset"},
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a data folder")
    parser.add_argument("--images", type=int, default=CELEBA)
    parser.add_argument("--main", action="store_true", help="make it the main dataset")
    parser.add_argument("--reducers", nargs="+", choices=list(REDUCERS), default=list(REDUCERS))
    parser.add_argument("--features", type=int, default=0, metavar="D", help="dimension of features, 0: none")
    given = parser.parse_args()
    made = write_dataset(given.data, given.images, main=given.main, reducers=given.reducers, features=given.features)
    print(made.id)


if __name__ == "__main__":
    main()
