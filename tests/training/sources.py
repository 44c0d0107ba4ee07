"""Small sources of pictures for tests of the training."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Arrays:
    """A source in memory: pictures uint8 (N, H, W, C)."""

    def __init__(self, pixels: NDArray[np.uint8], targets: NDArray[Any], labels: list[str] | None) -> None:
        self._pixels, self._targets = pixels, targets
        self.labels = labels
        _, height, width, channels = pixels.shape
        self.shape = (channels, height, width)

    def __len__(self) -> int:
        return len(self._pixels)

    def batch(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        return self._pixels[indices], self._targets[indices]


def shades(count: int, side: int = 16, channels: int = 1, classes: int = 2, seed: int = 0) -> Arrays:
    """Noisy pictures whose brightness is their class."""
    random = np.random.default_rng(seed)
    targets = np.arange(count) % classes
    level = (targets + 0.5) / classes * 255
    pixels = random.normal(level[:, None, None, None], 20, (count, side, side, channels)).clip(0, 255)
    return Arrays(pixels.astype(np.uint8), targets.astype(np.int64), [f"shade {each}" for each in range(classes)])


def gradients(count: int, side: int = 16, seed: int = 0) -> Arrays:
    """The pictures of `image-gradients` (contract, 4.9.1) with their two slopes."""
    slopes = np.random.default_rng(seed).uniform(-0.5, 0.5, (count, 2)).astype(np.float32)
    steps = np.arange(side) - side // 2
    rise = slopes[:, :1, None] * steps[None, None, :] + slopes[:, 1:, None] * steps[None, :, None]
    pixels = np.trunc(127.5 + 255 / side * rise)
    return Arrays(pixels[..., None].astype(np.uint8), slopes.reshape(count, 1, 1, 2), None)


def digits() -> tuple[Arrays, Arrays]:
    """scikit-learn's handwritten digits at 28 pixels: 1400 to train with, 397 to validate."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    large = (data.images * 15.9).astype(np.uint8).repeat(4, 1).repeat(4, 2)[:, 2:30, 2:30, None][order]
    targets, labels = data.target[order].astype(np.int64), [str(each) for each in range(10)]
    return Arrays(large[:1400], targets[:1400], labels), Arrays(large[1400:], targets[1400:], labels)
