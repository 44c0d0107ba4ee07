"""Pillow's many modes to the one that is used: 8-bit RGB over white."""

import numpy as np
from PIL import Image

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
    # 65535 = 255 * 257, so white stays white. Pillow's own conversion clips at 255 instead.
    values = np.asarray(picture).astype(np.uint32)
    grey = ((values + 128) // 257).astype(np.uint8)
    grey[values == picture.info.get("transparency", -1)] = 255  # transparent, over white
    return Image.fromarray(grey)


def _grey_of_range(picture: Image.Image) -> Image.Image:
    """32-bit values have no agreed white, so the picture's own least value is black and its greatest white."""
    values = np.asarray(picture).astype(np.float64)
    finite = np.isfinite(values)
    low, high = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 0.0)
    values = np.clip(np.nan_to_num(values, nan=low), low, high) - low
    return Image.fromarray(np.rint(values * (255 / (high - low or 1.0))).astype(np.uint8))


def _over_white(picture: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", picture.size, "white")
    canvas.paste(picture, mask=picture)
    return canvas
