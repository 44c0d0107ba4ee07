"""What the points of an embedding were, one at a time: pictures as PNG, sounds as WAV, texts."""

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.errors import LimitExceeded, UnreadableLog
from embedding_explorer.runs.media import Media, plain_text, sniffed
from embedding_explorer.runs.packed import AUDIO, TEXTS, Samples, text_of
from embedding_explorer.runs.projector_config import Block

Array = NDArray[Any]
MAX_PIXELS = 100_000_000  # of a sprite, checked before it is decoded
CHANNELS = (1, 3, 4)
RIFF_HEADER = 8  # bytes before those that a WAV file counts
PNG = "image/png"


def sample(samples: Samples, index: int) -> Media:
    """The datum of that number, which must be one; raises UnreadableLog."""
    value = samples.values[index]
    if samples.kind == TEXTS:
        return plain_text(text_of(value.tobytes().rstrip(b"\0")) if value.dtype == np.uint8 else str(value))
    if samples.kind == AUDIO:
        return sniffed(clip(value.tobytes()))
    return png(picture(value))


def clip(data: bytes) -> bytes:
    """The file in an array's item: a WAV ends where its header says, the rest is filling."""
    if data[:4] == b"RIFF" and len(data) > RIFF_HEADER:
        return data[: RIFF_HEADER + struct.unpack("<I", data[4:RIFF_HEADER])[0]]
    return data


def picture(value: Array) -> Image.Image:
    """A datum as an image, whatever axes it has; raises UnreadableLog."""
    pixels = eight_bit(channels_last(value))
    try:
        return Image.fromarray(pixels)
    except (TypeError, ValueError) as error:
        raise UnreadableLog(f"A sample of shape {list(value.shape)} is no image.") from error


def channels_last(value: Array) -> Array:
    """(H, W) or (H, W, C) of a datum; a vector is one pixel wide."""
    if value.ndim <= 1:
        return value.reshape(-1, 1)
    if value.ndim != 3:
        return value
    if value.shape[2] == 1:
        return value[:, :, 0]
    if value.shape[0] in CHANNELS and value.shape[2] not in CHANNELS:
        return value[0] if value.shape[0] == 1 else value.transpose(1, 2, 0)
    return value


def eight_bit(value: Array) -> NDArray[np.uint8]:
    """Floats of 0 to 1 and integers of 0 to 255 as pixels; what is outside is cut, NaN is black."""
    if value.dtype.kind == "f":
        value = np.nan_to_num(value.astype(np.float64), nan=0.0, posinf=1.0, neginf=0.0) * 255
    if value.dtype.kind not in "biuf":
        raise UnreadableLog("A sample of the log holds no numbers.")
    return np.ascontiguousarray(np.clip(value, 0, 255).astype(np.uint8))


def png(image: Image.Image) -> Media:
    """An image as a file; raises UnreadableLog for one without pixels."""
    if not (image.width and image.height):
        raise UnreadableLog("A picture of the log has no pixels.")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return Media(buffer.getvalue(), PNG)


def tile(block: Block, index: int) -> Media:
    """Picture number `index` of a block's sprite; raises UnreadableLog, LimitExceeded."""
    assert block.sprite is not None
    width, height = block.tile
    try:
        with Image.open(block.sprite) as sheet:
            if sheet.width * sheet.height > MAX_PIXELS:
                raise LimitExceeded(f"The sprite has more than {MAX_PIXELS} pixels.", limit=MAX_PIXELS)
            columns = max(sheet.width // width, 1)
            left, top = index % columns * width, index // columns * height
            if top + height > sheet.height:
                raise UnreadableLog("The sprite of the embedding has no picture of that number.")
            return png(sheet.crop((left, top, left + width, top + height)))
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError) as error:
        raise UnreadableLog("The sprite of the embedding cannot be read.") from error
