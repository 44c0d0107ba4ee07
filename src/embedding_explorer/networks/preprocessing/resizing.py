"""Pillow's bilinear resizing, also of images so long that Pillow itself would need gigabytes.

An image of 100 million by 1 pixels is within the bounds, and so is cropping it to a square: Pillow would scale the
whole to a strip as long as the square of its length. For such images only the kept pixels are computed, in the
arithmetic of Pillow's `Resample.c`: weights in doubles, rounded to 22 bits after the point, results rounded to 8 bits
after each of the two directions.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.networks.preprocessing.sizes import Size

Pixels = NDArray[np.uint8]

# Pillow's own resizing is used up to so many pixels of its result, and of what it has between the two directions.
MOST_PIXELS = 1 << 27
# Pillow holds 16 bytes of weights for every pixel of a side.
_MOST_SIDE = 1 << 20
# Pixels that are summed at a time.
_BLOCK = 1 << 20
_ONE = 1 << 22


def resize(picture: Image.Image, resized: Size, offset: Size, kept: Size) -> Pixels:
    """The picture scaled to the size `resized`, of which `kept` pixels from `offset` on are returned.

    Args:
        picture: 8-bit RGB or L.
        resized: width and height, as all sizes here.
        offset: left and top of what is kept.
        kept: the size of the result.

    Returns:
        (H, W, C) uint8.
    """
    (left, top), (width, height) = offset, picture.size
    if resized[0] * resized[1] > MOST_PIXELS or max(width, height) > _MOST_SIDE:
        return resize_window(picture, resized, offset, kept)
    if resized[0] * height > MOST_PIXELS:
        # Columns first: much taller than wide, the picture would grow in between if it grew in width first.
        picture = picture.resize((width, resized[1]), Image.Resampling.BILINEAR)
    whole = np.asarray(picture.resize(resized, Image.Resampling.BILINEAR)).reshape(resized[1], resized[0], -1)
    return whole[top : top + kept[1], left : left + kept[0]]


def resize_window(picture: Image.Image, resized: Size, offset: Size, kept: Size) -> Pixels:
    """What `resize` returns, without computing the rest."""
    columns, rows = map(_Side, picture.size, resized, offset, kept)
    box = columns.begin, rows.begin, columns.end, rows.end
    pixels = np.asarray(picture.crop(box)).reshape(box[3] - box[1], box[2] - box[0], -1)
    # The direction that leaves less in between goes first.
    if kept[0] * pixels.shape[0] <= kept[1] * pixels.shape[1]:
        return _down(_across(pixels, columns), rows)
    return _across(_down(pixels, rows), columns)


class _Side(NamedTuple):
    """One direction: `source` pixels become `resized`, of which `kept` are computed from `first` on."""

    source: int
    resized: int
    first: int
    kept: int

    @property
    def begin(self) -> int:
        """The first source pixel that counts."""
        return self._reach(self.first)[0]

    @property
    def end(self) -> int:
        """One more than the last source pixel that counts."""
        return self._reach(self.first + self.kept - 1)[1]

    def weights(self) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """For each pixel: how many source pixels after `begin` its own begin, and their weights, whole
        numbers of `_ONE` in all."""
        scale = max(self.source / self.resized, 1.0)
        for position in range(self.first, self.first + self.kept):
            begin, end = self._reach(position)
            distances = np.abs(np.arange(end - begin) + begin - self._center(position) + 0.5)
            weights = np.maximum(1.0 - distances * (1.0 / scale), 0.0)
            weights /= weights.cumsum()[-1]  # added up in order, as Pillow does; `sum` adds in pairs
            yield begin - self.begin, np.floor(weights * _ONE + 0.5)

    def _center(self, position: int) -> float:
        return (position + 0.5) * (self.source / self.resized)

    def _reach(self, position: int) -> tuple[int, int]:
        center, support = self._center(position), max(self.source / self.resized, 1.0)
        return max(int(center - support + 0.5), 0), min(int(center + support + 0.5), self.source)


def _across(pixels: Pixels, side: _Side) -> Pixels:
    """The second axis of (N, K, C) resized."""
    resized = np.empty((pixels.shape[0], side.kept, pixels.shape[2]), np.uint8)
    for position, (begin, weights) in enumerate(side.weights()):
        resized[:, position] = _weighted(pixels[:, begin : begin + len(weights)], weights)
    return resized


def _down(pixels: Pixels, side: _Side) -> Pixels:
    return _across(pixels.transpose(1, 0, 2), side).transpose(1, 0, 2)


def _weighted(values: Pixels, weights: NDArray[np.float64]) -> Pixels:
    """Weighted means over the second axis of (N, K, C), halves rounded up: (N, C). Doubles hold these sums exactly."""
    means = np.empty((values.shape[0], values.shape[2]), np.uint8)
    step = max(1, _BLOCK // len(weights))
    for first in range(0, len(values), step):
        sums = weights @ values[first : first + step].astype(np.float64)
        means[first : first + step] = np.minimum(np.floor(sums / _ONE + 0.5), 255)
    return means
