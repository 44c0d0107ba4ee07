"""The contract's preprocessing once more, pixel by pixel and in fractions; slow, and sharing nothing with the code."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.networks.preprocessing import ImageInput

Channels = tuple[int, ...]
Grid = list[list[Channels]]
"""Rows of pixels."""


def spec(**changes: object) -> ImageInput:
    """An input of usual values but for the changes."""
    usual = {
        "tensor_name": "data",
        "dimension_order": "NHWC",
        "resize_type": "SQUASH",
        "target_size": "4x3",
        "color_channels": "RGB",
    }
    return ImageInput(**(usual | changes))


def noise(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture (H, W, 3) of random pixels."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def grid(pixels: NDArray[np.uint8]) -> Grid:
    return [[tuple(int(value) for value in pixel) for pixel in row] for row in pixels]


def rounded(value: Fraction) -> int:
    """To the nearest whole number, halves up."""
    return math.floor(value + Fraction(1, 2))


def sizes(wanted: ImageInput, w: int, h: int) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Resized size, offset and output size by the table of 11.3."""
    square = "x" not in wanted.target_size
    W, H = (int(side) for side in (wanted.target_size.split("x") * 2)[:2])
    ratios = Fraction(W, w), Fraction(H, h)
    if wanted.resize_type == "SQUASH":
        return (W, H), (0, 0), (W, H)
    if wanted.resize_type == "CROP":
        s = max(ratios)
        rw, rh = max(W, rounded(w * s), 1), max(H, rounded(h * s), 1)
        return (rw, rh), (math.floor(Fraction(rw - W, 2)), math.floor(Fraction(rh - H, 2))), (W, H)
    s = Fraction(W, max(w, h)) if square and wanted.resize_type == "NETWORK" else min(ratios)
    rw, rh = max(1, min(W, rounded(w * s))), max(1, min(H, rounded(h * s)))
    if wanted.resize_type == "NETWORK":
        return (rw, rh), (0, 0), (rw, rh)
    return (rw, rh), (math.floor(Fraction(W - rw, 2)), math.floor(Fraction(H - rh, 2))), (W, H)


def shrunk(line: Sequence[Channels], to: int) -> list[Channels]:
    """A line of pixels resized by a triangle that is wider the more it shrinks."""
    scale = Fraction(len(line), to)
    reach = max(scale, Fraction(1))
    result = []
    for position in range(to):
        center = (position + Fraction(1, 2)) * scale
        weights = [max(Fraction(0), 1 - abs(x + Fraction(1, 2) - center) / reach) for x in range(len(line))]
        sums = [sum(w * pixel[c] for w, pixel in zip(weights, line, strict=True)) for c in range(len(line[0]))]
        result.append(tuple(rounded(Fraction(value) / sum(weights)) for value in sums))
    return result


def transposed(picture: Grid) -> Grid:
    return [list(column) for column in zip(*picture, strict=True)]


def bilinear(picture: Grid, width: int, height: int) -> Grid:
    """Resized in width, then in height, rounded to whole values after each."""
    narrow = [shrunk(row, width) for row in picture]
    return transposed([shrunk(column, height) for column in transposed(narrow)])


def resized(picture: Grid, wanted: ImageInput) -> Grid:
    """Steps 4 and 5 of 11.1."""
    if wanted.color_channels == "L":
        picture = [[((19595 * r + 38470 * g + 7471 * b + 32768) >> 16,) for r, g, b in row] for row in picture]
    (rw, rh), (left, top), (width, height) = sizes(wanted, len(picture[0]), len(picture))
    scaled = bilinear(picture, rw, rh)
    if wanted.resize_type == "CROP":
        return [row[left : left + width] for row in scaled[top : top + height]]
    white = (255,) * len(scaled[0][0])
    canvas = [[white] * width for _ in range(height)]
    at = (left, top) if wanted.resize_type == "FILL" else (0, 0)
    for y, row in enumerate(scaled):
        for x, pixel in enumerate(row):
            canvas[y + at[1]][x + at[0]] = pixel
    return canvas


def prepared(
    pixels: NDArray[np.uint8],
    wanted: ImageInput,
    mean: NDArray[np.float32] | None = None,
    std: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """Steps 4 to 9 and 11 in doubles: (1, …). `mean` and `std` have the full shape of the result."""
    picture = resized(grid(pixels), wanted)
    order = wanted.dimension_order[1:]
    colours = {"RGB": (0, 1, 2), "BGR": (2, 1, 0), "L": (0,)}[wanted.color_channels]
    extent = {"H": len(picture), "W": len(picture[0]), "C": len(colours)}
    result = np.zeros([1] + [extent[axis] for axis in order])
    for y, row in enumerate(picture):
        for x, pixel in enumerate(row):
            for c, colour in enumerate(colours):
                place = tuple({"H": y, "W": x, "C": c}[axis] for axis in order)
                value = pixel[colour] * wanted.pixel_scaling / 255
                value -= float(mean[place]) if mean is not None else 0
                result[(0, *place)] = value / (float(std[place]) if std is not None else 1)
    return result
