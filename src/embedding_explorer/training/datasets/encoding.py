"""How single images are stored: as they are, as PNG or as JPEG (contract, 4.6)."""

from io import BytesIO
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Encoding = Literal["none", "png", "jpg"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
JPEG_QUALITY = 90
# Photographs get 5 % larger than at the usual level, in half the time: most of what a dataset takes.
PNG_LEVEL = 1


def encode(values: NDArray[Any], encoding: Encoding) -> bytes:
    """(H, W, C) pixels as bytes. What is not uint8 with 1 or 3 channels is stored as it is, whatever the encoding."""
    if encoding == "none" or not is_picture(values):
        return np.ascontiguousarray(values).tobytes()
    buffer = BytesIO()
    if encoding == "png":
        as_picture(values).save(buffer, "PNG", compress_level=PNG_LEVEL)
    else:
        as_picture(values).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def decode_pixels(data: bytes) -> NDArray[np.uint8]:
    """(H, W, C) uint8 pixels of what `encode` made a PNG or JPEG of."""
    with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as picture:
        pixels = np.asarray(picture)
    return pixels.reshape(pixels.shape[0], pixels.shape[1], -1)


def is_picture(values: NDArray[Any]) -> bool:
    """Whether (H, W, C) values can be shown as they are."""
    return values.dtype == np.uint8 and values.shape[2] in (1, 3)


def as_picture(pixels: NDArray[np.uint8]) -> Image.Image:
    """(H, W, 1 or 3) uint8 pixels as a picture of mode L or RGB."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def png_of(values: NDArray[Any]) -> bytes:
    """A PNG of any (H, W, C) values: floats from their least, black, to their greatest, white; of all channels
    the first three, or one."""
    shown = values[:, :, :3] if values.shape[2] >= 3 else values[:, :, :1]
    if shown.dtype != np.uint8:
        low, high = float(shown.min()), float(shown.max())
        shown = np.rint((shown - low) * (255 / ((high - low) or 1.0))).astype(np.uint8)
    return encode(shown, "png")
