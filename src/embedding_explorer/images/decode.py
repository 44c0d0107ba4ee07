"""One decoding per picture gives both its tile and the network's input."""

import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The plugins are registered here: else Pillow imports all of them at the first TIFF, in whatever thread that is.
from PIL import Image, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin  # noqa: F401

from embedding_explorer.errors import UnreadableImage
from embedding_explorer.images.costs import check_cost
from embedding_explorer.images.formats import SUPPORTED, sniff
from embedding_explorer.images.modes import to_rgb
from embedding_explorer.images.tilemap import TILE, make_tile

# The limit is ours, checked against the declared size before a pixel is decoded; Pillow's would warn at another.
Image.MAX_IMAGE_PIXELS = None
# Pillow warns of broken metadata; whoever sent the picture does not read this process's log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

# Pillow's parsers let through what their own code trips over in a damaged file.
DAMAGE = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError),
    *(EOFError, RuntimeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError),
)

# JPEG's own bound, for `decode`: beyond it, the 32-bit floats of Pillow's `resize(box=)` no longer tell neighbouring
# pixels apart.
_MAX_SIDE = 65535

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPPED = (5, 6, 7, 8)

# Pillow gives the transparent colour of a PNG in the file's depth, but the pixels in 8 bits: what makes one the other.
_TRANSPARENT_IN_8_BITS: dict[object, Callable[[int], int]] = {
    "L;2": lambda value: value * 85,
    "L;4": lambda value: value * 17,
    "RGB;16B": lambda value: value >> 8,
}


@dataclass(frozen=True)
class InputSpec:
    """What a network takes: the shorter side scaled to `resize` pixels, then the central `size` x `size` pixels."""

    size: int
    resize: int

    def __post_init__(self) -> None:
        if not 1 <= self.size <= self.resize:
            raise ValueError(f"an input of {self.size} px cannot be cut from a picture resized to {self.resize} px")


@dataclass(frozen=True, eq=False)
class Decoded:
    """One picture, decoded.

    Attributes:
        tile: (h, w, 3) uint8, the longer side `TILE` pixels.
        pixels: (S, S, 3) uint8, the network's input.
        width: of the picture as shown, in pixels.
        height: of the picture as shown, in pixels.
    """

    tile: NDArray[np.uint8]
    pixels: NDArray[np.uint8]
    width: int
    height: int


def decode(data: bytes, spec: InputSpec, max_pixels: int) -> Decoded:
    """Decode the bytes of one image file.

    Raises:
        UnreadableImage: no image of a supported format, a damaged one, or one that would take too much; the message is
            the reason.
        LimitExceeded: more than `max_pixels` pixels declared; nothing was decoded then.
    """
    picture, (width, height) = _read(data, max_pixels, at_least=max(spec.resize, TILE), max_side=_MAX_SIDE)
    return Decoded(make_tile(picture), _network_input(picture, spec), width, height)


def open_picture(data: bytes, max_pixels: int, at_least: int | None = None) -> Image.Image:
    """The picture as 8-bit RGB: turned as its EXIF says, over white; errors as of `decode`.

    With `at_least`, a JPEG may come back smaller, its shorter side still at least twice that many pixels.
    """
    return _read(data, max_pixels, at_least)[0]


def _read(
    data: bytes, max_pixels: int, at_least: int | None, max_side: int | None = None
) -> tuple[Image.Image, tuple[int, int]]:
    """The picture, and its size as shown (which is not the picture's, where a JPEG was decoded smaller)."""
    if not data:
        raise UnreadableImage("an empty file")
    if (format := sniff(data)) is None:
        raise UnreadableImage(f"not an image of a supported format ({SUPPORTED})")
    try:
        return _load(data, format, max_pixels, at_least, max_side)
    except DAMAGE as error:
        raise damaged(format, error) from error


def damaged(format: str, error: Exception) -> UnreadableImage:
    """What to say of a file that Pillow, or we, could not read for `error`."""
    return UnreadableImage(f"a damaged, truncated or unsupported {format} file: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):  # its own text is an address in memory
        return "broken header"
    return " ".join(str(error).split())[:100] or type(error).__name__


def _load(
    data: bytes, format: str, max_pixels: int, at_least: int | None, max_side: int | None
) -> tuple[Image.Image, tuple[int, int]]:
    picture: Image.Image = Image.open(BytesIO(data), formats=(format,))
    check_cost(picture, format, data, max_pixels)
    width, height = picture.size
    if max_side is not None and max(width, height) > max_side:
        raise ValueError(f"a side is longer than {max_side} pixels")
    if at_least is not None and format == "JPEG":
        # Twice the wanted size, so that the resize that follows hides how the DCT's scaling filters.
        picture.draft(None, (2 * at_least, 2 * at_least))
    _mend_transparency(picture)
    picture.load()
    orientation = _orientation(picture)
    picture = to_rgb(picture)
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
    return picture, ((height, width) if orientation in _SWAPPED else (width, height))


def _mend_transparency(picture: Image.Image) -> None:
    colour = picture.info.get("transparency")
    layout = picture.tile[0].args if isinstance(picture, PngImagePlugin.PngImageFile) and picture.tile else None
    if (mend := _TRANSPARENT_IN_8_BITS.get(layout)) is None or colour is None:
        return
    picture.info["transparency"] = tuple(map(mend, colour)) if isinstance(colour, tuple) else mend(colour)


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation that is still to be applied: Pillow turns a TIFF by itself while loading it."""
    try:
        value = picture.getexif().get(_ORIENTATION)
    except DAMAGE:  # broken metadata do not make the pixels unreadable
        return 1
    return value if isinstance(value, int) else 1


def _network_input(picture: Image.Image, spec: InputSpec) -> NDArray[np.uint8]:
    """The pixels of torchvision's `Resize(spec.resize)` and `CenterCrop(spec.size)` on the same picture.

    Only what the crop keeps is resized, with a rim as wide as the filter reaches, so that the pixels come out the
    same (but for rounding: at most 2 of 255). That saves a third of the time, and a picture of 5000 x 2 does not
    become one of 580000 x 232.
    """
    (width, height), short = picture.size, min(picture.size)
    x = _span(width, spec.resize * width // short, spec.size)
    y = _span(height, spec.resize * height // short, spec.size)
    box = (x.begin, y.begin, x.end, y.end)
    part = picture.resize((x.length, y.length), Image.Resampling.BILINEAR, box=box)
    return np.asarray(part.crop((x.rim, y.rim, x.rim + spec.size, y.rim + spec.size)))


class _Span(NamedTuple):
    """Along one side: source pixels `begin` to `end` give `length` pixels, the first `rim` of which are cut off."""

    begin: float
    end: float
    length: int
    rim: int


def _span(source: int, resized: int, size: int) -> _Span:
    start = round((resized - size) / 2)  # torchvision's rounding: half to even
    reach = 1 + -(-resized // source)
    first, last = max(0, start - reach), min(resized, start + size + reach)
    return _Span(first * source / resized, last * source / resized, last - first, start - first)
