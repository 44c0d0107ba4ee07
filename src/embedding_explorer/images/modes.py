"""Pillow's many modes to the one that is used: 8-bit RGB over white."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Values = NDArray[np.integer] | NDArray[np.floating]

# Of rows that are computed together: arrays of a whole picture would take ten times its memory.
_BAND_PIXELS = 1 << 18

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


def to_rgb(picture: Image.Image) -> Image.Image:
    """The loaded picture as RGB: transparency over white, 16 bits scaled to 8, wider values from their range."""
    if picture.mode in _SIXTEEN_BIT:
        picture = _grey_of_16_bits(picture)
    elif picture.mode in ("I", "F"):
        picture = _grey_of_range(picture)
    elif picture.mode == "La":
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        return _over_white(picture.convert("RGBA"))
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _grey_of_16_bits(picture: Image.Image) -> Image.Image:
    clear = picture.info.get("transparency", -1)

    def grey(values: Values) -> NDArray[np.uint8]:
        # 65535 = 255 * 257, so white stays white. Pillow's own conversion clips at 255 instead.
        band = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
        band[values == clear] = 255  # transparent, over white
        return band

    return _by_bands(picture, grey)


def _grey_of_range(picture: Image.Image) -> Image.Image:
    """32-bit values have no agreed white, so the picture's own least value is black and its greatest white."""
    low, high = _finite_range(picture)
    scale = 255 / (high - low or 1.0)

    def grey(values: Values) -> NDArray[np.uint8]:
        known = np.nan_to_num(values.astype(np.float64), nan=low)
        return np.rint((np.clip(known, low, high) - low) * scale).astype(np.uint8)

    return _by_bands(picture, grey)


def _finite_range(picture: Image.Image) -> tuple[float, float]:
    """The least and the greatest value that is a number; zeros where there is none."""
    bands = (band[np.isfinite(band)] for _, band in _bands(picture))
    ends = [(float(values.min()), float(values.max())) for values in bands if values.size]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 0.0)


def _by_bands(picture: Image.Image, grey: Callable[[Values], NDArray[np.uint8]]) -> Image.Image:
    result = Image.new("L", picture.size)
    for top, values in _bands(picture):
        result.paste(Image.fromarray(grey(values)), (0, top))
    return result


def _bands(picture: Image.Image) -> Iterator[tuple[int, Values]]:
    """The picture's values (rows, width), some rows at a time, each with the number of its first row."""
    rows = max(1, _BAND_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        yield top, np.asarray(picture.crop((0, top, picture.width, min(top + rows, picture.height))))


def _over_white(picture: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", picture.size, "white")
    canvas.paste(picture, mask=picture)
    return canvas
