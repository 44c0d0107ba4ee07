"""Small pictures as files of every format."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

RED, BLUE, BLACK, WHITE = (255, 0, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(mode: str, left: object, right: object, size: tuple[int, int] = (16, 16)) -> Image.Image:
    """A picture of two halves, side by side."""
    image = Image.new(mode, size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


def noise(size: tuple[int, int], mode: str = "RGB", seed: int = 0) -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), dtype=np.uint8)
    return Image.frombytes(mode, size, pixels.tobytes())


def landscape(size: tuple[int, int]) -> Image.Image:
    """Smooth with some detail, as photographs are."""
    small = noise((size[0] // 16, size[1] // 16))
    return small.resize(size, Image.Resampling.BICUBIC)


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG of any header, true or not; `rows` begin with a filter byte each."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
