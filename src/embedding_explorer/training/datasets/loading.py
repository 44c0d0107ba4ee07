"""Reading an image as the training API says (contract, 4.5): no turning by EXIF, unlike the explorer."""

from collections.abc import Callable
from io import BytesIO

from PIL import Image

from embedding_explorer.errors import UnreadableImage
from embedding_explorer.images.costs import check_cost
from embedding_explorer.images.decode import DAMAGE, damaged
from embedding_explorer.images.formats import SUPPORTED, sniff
from embedding_explorer.images.modes import to_rgb

# Portable pixmaps and graymaps, which only the training API takes.
_PNM = (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")

_TO_USUAL: dict[str, Callable[[Image.Image], Image.Image]] = {
    "L": lambda picture: picture,
    "RGB": lambda picture: picture,
    "1": lambda picture: picture.convert("L"),
    "CMYK": lambda picture: picture.convert("RGB"),
    "YCbCr": lambda picture: picture.convert("RGB"),
    "P": to_rgb,
    "RGBA": to_rgb,
    "LA": lambda picture: to_rgb(picture).convert("L"),  # of equal channels, the gray is exactly theirs
}


def load_picture(data: bytes, channels: int | None, max_pixels: int) -> Image.Image:
    """The picture in the bytes of a file.

    Args:
        data: a file of any format that the explorer reads, or PPM or PGM.
        channels: 3 for mode RGB, 1 for mode L, None for whichever of the two it has.
        max_pixels: most pixels that the file may declare; checked before any is decoded.

    Raises:
        UnreadableImage: no image, a damaged one, of a mode that does not count (such as 16 bits), or one that would take
            too much.
        LimitExceeded: too many pixels.
    """
    if (format := _format(data)) is None:
        raise UnreadableImage(f"not an image of a supported format ({SUPPORTED}, PPM)")
    try:
        picture: Image.Image = Image.open(BytesIO(data), formats=(format,))
        check_cost(picture, format, data, max_pixels)
        if picture.mode not in _TO_USUAL:
            raise UnreadableImage(f"pixels of the mode {picture.mode!r} cannot be used; save it with 8 bits a channel")
        picture.load()
        return with_channels(_TO_USUAL[picture.mode](picture), channels)
    except DAMAGE as error:
        raise damaged(format, error) from error


def with_channels(picture: Image.Image, channels: int | None) -> Image.Image:
    """An L or RGB picture with that many channels; None leaves it as it is."""
    mode = {1: "L", 3: "RGB", None: picture.mode}[channels]
    return picture if picture.mode == mode else picture.convert(mode)


def _format(data: bytes) -> str | None:
    return "PPM" if data[:2] in _PNM and data[2:3].isspace() else sniff(data)
