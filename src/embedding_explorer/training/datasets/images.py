"""The entries of a classification set: images of a list, loaded and resized."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.lists import ImageList
from embedding_explorer.training.datasets.loading import load_picture
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.recipe import Recipe, Values, plan_of
from embedding_explorer.training.datasets.resizing import resize_picture
from embedding_explorer.training.datasets.spec import Pictures, Storage


def prepare_image(data: bytes, pictures: Pictures, max_pixels: int, seed: Sequence[int] = (0,)) -> NDArray[np.uint8]:
    """The pixels (H, W, C) that a dataset, or a network trained on it, takes of an image's file.

    Raises UnreadableImage, LimitExceeded. `seed` is that of the noise in the modes `fill` and `half_crop`.
    """
    picture = load_picture(data, pictures.channels, max_pixels)
    return resize_picture(picture, (pictures.width, pictures.height), pictures.mode, seed)


@dataclass(frozen=True)
class ImageMaker:
    """Makes the entries of one list."""

    images: ImageList
    places: Places
    pictures: Pictures
    bounds: Bounds
    seed: Sequence[int]

    def __call__(self, line: int) -> Values:
        """See `Recipe.make`."""
        data = self.places.read(self.images.name(line), self.bounds.of_images)
        return prepare_image(data, self.pictures, self.bounds.max_pixels, (*self.seed, line)), None


def recipe_of_list(path: Path, maker: ImageMaker, storage: Storage, *, shuffled: bool, mean: bool) -> Recipe:
    """The set that a list describes; `maker.seed` decides on the order too."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    pictures = maker.pictures
    return Recipe(
        plan=plan_of(digest, asdict(pictures), storage.encoding, list(maker.seed), shuffled, mean),
        order=order_of(len(maker.images), maker.seed, shuffled=shuffled),
        make=maker,
        name=maker.images.name,
        encoding=storage.encoding,
        classes=maker.images.labels,
        mean=mean,
        pixels=pictures.width * pictures.height * pictures.channels,
    )


def order_of(count: int, seed: Sequence[int], *, shuffled: bool) -> NDArray[np.int64]:
    """Line numbers in the order of storing."""
    order = np.arange(count, dtype=np.int64)
    return np.random.default_rng(seed).permutation(order) if shuffled else order
