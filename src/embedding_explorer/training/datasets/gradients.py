"""The extension `image-gradients`: pictures of random slopes, labelled with these (contract, 4.9.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.training.datasets.images import order_of
from embedding_explorer.training.datasets.recipe import Recipe, Values, plan_of
from embedding_explorer.training.datasets.spec import GenericOptions

Slopes = NDArray[np.float32]


@dataclass(frozen=True)
class GradientMaker:
    """Makes entry after entry, each from a seed of its own."""

    width: int
    height: int
    seed: Sequence[int]

    def __call__(self, line: int) -> Values:
        """See `Recipe.make`; the label is (1, 1, 2) float32."""
        slopes = draw_slopes(np.random.default_rng((*self.seed, line)))
        return gradient_image(self.width, self.height, slopes), slopes.reshape(1, 1, 2)


def draw_slopes(generator: np.random.Generator) -> Slopes:
    """Two slopes from [-0.5, 0.5), as float32: the picture is made of what the label says, to the last digit."""
    return generator.random(2, dtype=np.float32) - np.float32(0.5)


def gradient_image(width: int, height: int, slopes: Slopes | Sequence[float]) -> NDArray[np.uint8]:
    """The picture (H, W, 1) uint8 of two slopes, each from -0.5 to 0.5."""
    gx, gy = (float(slope) for slope in slopes)
    x = gx * 255 / width * (np.arange(width) - width // 2)
    y = gy * 255 / height * (np.arange(height) - height // 2)
    values = 127.5 + x[np.newaxis, :] + y[:, np.newaxis]
    pixels: NDArray[np.uint8] = np.trunc(np.clip(values, 0, 255)).astype(np.uint8)
    return pixels[:, :, np.newaxis]


def recipe_of_gradients(
    count: int, width: int, height: int, options: GenericOptions, seed: Sequence[int], *, mean: bool
) -> Recipe:
    """A set of `count` pictures."""
    encodings = (options.feature_encoding, options.label_encoding)
    return Recipe(
        plan=plan_of("gradients", count, width, height, encodings, list(seed), mean),
        order=order_of(count, seed, shuffled=False),
        make=GradientMaker(width, height, seed),
        name=str,
        encoding=options.feature_encoding,
        label_encoding=options.label_encoding,
        label_dtype="float32",
        mean=mean,
        pixels=width * height,
    )
