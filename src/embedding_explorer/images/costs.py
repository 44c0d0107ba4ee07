"""Files that would take far more time or memory to decode than others of their size: refused before that."""

from collections.abc import Callable

from PIL import Image, TiffImagePlugin

from embedding_explorer.errors import UnreadableImage
from embedding_explorer.images.limits import check_pixels
from embedding_explorer.images.structure import Data, has_more_scans, has_one_scan, tile_size

# Of a JPEG: each takes time for all its pixels, and may have no more than a few bytes. Progressive files have about ten;
# libtiff, too, draws the line here, so a JPEG inside a TIFF needs no look.
MOST_SCANS = 100
# Of a BMP packed by runs, which Pillow unpacks in Python: a third of a second.
MOST_RUN_PIXELS = 640 * 480
# Of a tile in a TIFF of a smaller picture: libtiff unpacks whole tiles.
MOST_TILE_PIXELS = 4096 * 4096

_RUNS = (1, 2)  # RLE8 and RLE4
_MOST_BANDS = 6  # of a TIFF, by Pillow


def check_cost(picture: Image.Image, format: str, data: Data, max_pixels: int) -> None:
    """Refuse a picture that is opened, and not loaded yet, where loading it would take too much.

    Args:
        picture: what Pillow made of the file's header.
        format: what `sniff` says of the file.
        data: the whole file.
        max_pixels: most pixels that it may declare.

    Raises:
        UnreadableImage: the file is built in a way that costs too much; the message says how.
        LimitExceeded: it declares too many pixels.
    """
    width, height = picture.size
    check_pixels(max_pixels, width * height, f"The picture has {width} x {height} pixels")
    if check := _CHECKS.get(format):
        check(picture, data, max_pixels)


def _check_jpeg(_picture: Image.Image, data: Data, _max_pixels: int) -> None:
    if not has_one_scan(data) and has_more_scans(data, MOST_SCANS):
        raise UnreadableImage(f"a JPEG of more than {MOST_SCANS} scans takes too long; save it as a baseline JPEG")


def _check_bmp(picture: Image.Image, data: Data, _max_pixels: int) -> None:
    steps = max(picture.width * picture.height, len(data) // 2)  # a run takes two bytes, and may have no pixel
    if picture.info.get("compression") in _RUNS and steps > MOST_RUN_PIXELS:
        raise UnreadableImage(
            f"a compressed BMP (RLE) of more than {MOST_RUN_PIXELS} pixels, or twice as many bytes, takes too long; "
            "save it as PNG"
        )


def _check_tiff(picture: Image.Image, data: Data, max_pixels: int) -> None:
    pixels, (width, length) = picture.width * picture.height, tile_size(data)
    if width * length > max(MOST_TILE_PIXELS, 2 * pixels):
        raise UnreadableImage(
            f"the TIFF has tiles of {width} x {length} pixels, far more than the picture; save it without tiles"
        )
    check_pixels(max_pixels, width * length, f"The picture has tiles of {width} x {length} pixels")
    parts = picture.tile if isinstance(picture, TiffImagePlugin.TiffImageFile) else []
    boxes = [part.extents for part in parts if part.extents]
    covered = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
    if covered > _MOST_BANDS * pixels:
        raise UnreadableImage("the TIFF has strips that lie one over the other; save it anew")


_CHECKS: dict[str, Callable[[Image.Image, Data, int], None]] = {
    "JPEG": _check_jpeg,
    "BMP": _check_bmp,
    "TIFF": _check_tiff,
}
