"""The four resize modes of DIGITS (contract, 4.5): sizes in whole numbers, pixels by Pillow's bilinear filter."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.networks.preprocessing.resizing import resize
from embedding_explorer.training.datasets.splits import half_up

ResizeMode = Literal["crop", "squash", "fill", "half_crop"]
RESIZE_MODES: tuple[ResizeMode, ...] = get_args(ResizeMode)
# Noise is drawn from 0 to 254.
_NOISE_END = 255

Pixels = NDArray[np.uint8]
Size = tuple[int, int]


class Geometry(NamedTuple):
    """Sizes as (width, height) in pixels.

    Attributes:
        resized: what the whole picture is scaled to.
        start: left and top of what is kept of that.
        kept: size of what is kept; bands of noise around its middle make up what the target has more.
    """

    resized: Size
    start: Size
    kept: Size


def resize_picture(picture: Image.Image, target: Size, mode: ResizeMode, seed: Sequence[int] = (0,)) -> Pixels:
    """An 8-bit L or RGB picture as (H, W, C) uint8 pixels of the size `target`, (width, height); `seed`: of the noise."""
    if picture.size == target:
        return _with_channels_axis(np.asarray(picture))
    resized, start, kept = geometry(picture.size, target, mode)
    pixels = resize(picture, resized, start, kept)
    return np.ascontiguousarray(pixels if kept == target else _with_bands(pixels, target, seed))


def geometry(source: Size, target: Size, mode: ResizeMode) -> Geometry:
    """How a picture of the size `source` becomes one of the size `target`, both (width, height)."""
    (w, h), (to_w, to_h) = source, target
    if mode == "squash" or w * to_h == h * to_w:
        return Geometry(target, (0, 0), target)
    wide = w * to_h > h * to_w  # wider than the target, in proportion
    resized = _MODES[mode](source, target, wide)
    kept = min(resized[0], to_w), min(resized[1], to_h)
    return Geometry(resized, (half_up(resized[0] - kept[0], 2), half_up(resized[1] - kept[1], 2)), kept)


def _crop(source: Size, target: Size, wide: bool) -> Size:
    (w, h), (to_w, to_h) = source, target
    return (half_up(w * to_h, h), to_h) if wide else (to_w, half_up(h * to_w, w))


def _fill(source: Size, target: Size, wide: bool) -> Size:
    (w, h), (to_w, to_h) = source, target
    if wide:
        return to_w, _evenly_short(half_up(h * to_w, w), to_h)
    return _evenly_short(half_up(w * to_h, h), to_w), to_h


def _half_crop(source: Size, target: Size, wide: bool) -> Size:
    (w, h), (to_w, to_h) = source, target
    # w / ((w / W + h / H) / 2), and the same with h.
    whole = w * to_h + h * to_w
    width, height = half_up(2 * w * to_w * to_h, whole), half_up(2 * h * to_w * to_h, whole)
    return (width, _evenly_short(height, to_h)) if wide else (_evenly_short(width, to_w), height)


_MODES = {"crop": _crop, "fill": _fill, "half_crop": _half_crop}


def _evenly_short(side: int, target: int) -> int:
    """A side of at least a pixel, made longer by one where the bands at its two ends would not be equal."""
    side = max(1, side)
    return side + (target - side) % 2


def _with_bands(pixels: Pixels, target: Size, seed: Sequence[int]) -> Pixels:
    """The pixels between two bands, above and below or left and right: the same noise twice, as DIGITS does."""
    (height, width, channels), (to_w, to_h) = pixels.shape, target
    axis = 0 if height < to_h else 1
    shape = ((to_h - height) // 2, width, channels) if axis == 0 else (height, (to_w - width) // 2, channels)
    band = np.random.default_rng(seed).integers(0, _NOISE_END, shape, dtype=np.uint8)
    return np.concatenate((band, pixels, band), axis=axis)


def _with_channels_axis(pixels: Pixels) -> Pixels:
    return pixels.reshape(pixels.shape[0], pixels.shape[1], -1)
