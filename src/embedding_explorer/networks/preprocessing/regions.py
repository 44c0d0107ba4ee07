"""Cutting a region out of an image (networks contract, 9.2 and 11.2)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[int, int, int, int]
Point = tuple[float, float]

# How far from the corner's colour, of 255, a background may be and still count as uniform.
TOLERANCE = 8
# Rows whose mask is made at a time, so that a mask needs little beside the image.
_ROWS = 512


@dataclass(frozen=True)
class Region:
    """A part of an image, in shares of its width and height from the top left.

    Attributes:
        bbox: xmin, ymin, xmax, ymax; cuts.
        polygon: at least three points; what is outside, by the even-odd rule, becomes white. It cuts to its own
            bounding box where there is no `bbox`.
        crop_uniform_background: whether to cut off, after that, a border of the colour of the top left pixel.
    """

    bbox: tuple[float, float, float, float] | None = None
    polygon: tuple[Point, ...] | None = None
    crop_uniform_background: bool = False


def cut(picture: Image.Image, region: Region) -> Image.Image:
    """The region of an RGB picture, one pixel at least."""
    bounds = region.bbox or (_extremes(region.polygon) if region.polygon else None)
    if bounds is not None:
        size, box = picture.size, box_of(bounds, picture.size)
        picture = picture.crop(box)
        if region.polygon:
            _whiten_outside(picture, region.polygon, box, size)
    if region.crop_uniform_background:
        picture = _without_background(picture)
    return picture


def box_of(bounds: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """Left, top, right, bottom in pixels of bounds in shares; one pixel at least, inside the image."""
    (xmin, ymin, xmax, ymax), (width, height) = bounds, size
    (left, right), (top, bottom) = _span(xmin, xmax, width), _span(ymin, ymax, height)
    return left, top, right, bottom


def _span(low: float, high: float, side: int) -> tuple[int, int]:
    begin, end = math.floor(low * side + 0.5), math.floor(high * side + 0.5)
    if begin < end:
        return begin, end
    begin = min(begin, side - 1)
    return begin, begin + 1


def _extremes(polygon: tuple[Point, ...]) -> tuple[float, float, float, float]:
    xs, ys = zip(*polygon, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _whiten_outside(picture: Image.Image, polygon: tuple[Point, ...], box: Box, size: tuple[int, int]) -> None:
    """Make white, in the cut `box` of an image of `size`, the pixels whose centres are outside the polygon."""
    left, top, right, bottom = box
    xs = (np.arange(left, right) + 0.5) / size[0]
    for first in range(top, bottom, _ROWS):
        ys = (np.arange(first, min(first + _ROWS, bottom)) + 0.5) / size[1]
        outside = Image.fromarray(~inside(polygon, xs, ys))
        picture.paste((255, 255, 255), (0, first - top), outside)


def inside(polygon: tuple[Point, ...], xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the points of a grid, ascending `xs` (W,) and `ys` (H,), are in the polygon: (H, W).

    Even-odd rule: a point is inside where a ray from it to the right crosses an odd number of edges.
    """
    # Crossing number k of a row flips all points left of it, so flips from the left end and at k, and then parity.
    flips = np.zeros((len(ys), len(xs) + 1), np.bool_)
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        begin, end = np.searchsorted(ys, (min(y1, y2), max(y1, y2)))
        if begin == end:  # horizontal, or between two rows
            continue
        crossings = (x2 - x1) * (ys[begin:end] - y1) / (y2 - y1) + x1
        flips[np.arange(begin, end), np.searchsorted(xs, crossings)] ^= True
    # A closed polygon crosses every row an even number of times: what is flipped from the right end is from the left.
    return np.logical_xor.accumulate(flips, axis=1)[:, :-1]


def _without_background(picture: Image.Image) -> Image.Image:
    corner = picture.getpixel((0, 0))
    assert isinstance(corner, tuple)
    differs = [255 * (abs(value - own) > TOLERANCE) for own in corner for value in range(256)]
    box = picture.point(differs).getbbox()
    return picture.crop(box) if box else picture
