import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import LimitExceeded, UnreadableImage
from embedding_explorer.images import structure
from embedding_explorer.images.costs import MOST_SCANS
from embedding_explorer.images.decode import InputSpec, decode, open_picture
from embedding_explorer.images.structure import has_more_scans, has_one_scan, tile_size
from tests.images.costly import COSTLY, overlapping_tiff, run_length_bmp, scans, sequential_scans, tiled_tiff
from tests.images.pictures import noise, png, saved

PIXELS = 10**8
SPEC = InputSpec(32, 36)


@pytest.mark.parametrize("case", COSTLY)
def test_files_that_would_take_too_much_are_refused_with_what_is_wrong(case: str) -> None:
    data, reason = COSTLY[case]
    with pytest.raises(UnreadableImage, match=reason) as caught:
        decode(data, SPEC, PIXELS)
    assert "save it" in caught.value.message and "damaged" not in caught.value.message
    with pytest.raises(UnreadableImage, match=reason):
        open_picture(data, PIXELS)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_progressive_pictures_have_few_scans(mode: str) -> None:
    data = saved(noise((64, 48), mode), "JPEG", progressive=True)
    assert not has_one_scan(data) and not has_more_scans(data, 20)
    assert open_picture(data, PIXELS).size == (64, 48)


@pytest.mark.parametrize("make", [scans, sequential_scans])
def test_a_hundred_scans_are_the_most(make: Callable[[int], bytes]) -> None:
    data = make(MOST_SCANS)
    assert data.count(b"\xff\xda") == MOST_SCANS and not has_more_scans(data, MOST_SCANS)
    assert open_picture(data, PIXELS).size == (64, 64)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_the_header_of_an_ordinary_jpeg_is_enough(mode: str) -> None:
    exif, icc = b"Exif\0\0MM\0*" + b"\xff\xda" * 200, b"\xff\xda" * 50_000
    data = saved(noise((640, 480), mode), "JPEG", exif=exif, icc_profile=icc, comment=b"hello", restart_marker_rows=1)
    begin = data.rindex(b"\xff\xda")
    assert has_one_scan(data[: begin + 14])
    assert not has_one_scan(data[:begin])


def test_only_scans_of_the_picture_itself_count() -> None:
    inside = saved(noise((64, 48)), "JPEG", progressive=True, exif=b"Exif\0\0" + b"\xff\xda" * 200)
    for data in (inside, inside + b"\xff\xda\0\x08film" * 200):
        assert open_picture(data, PIXELS).size == (64, 48)


def test_scans_cannot_be_hidden() -> None:
    data = scans(101)
    first = data.index(b"\xff\xda")
    hiding = {
        "an end inside a comment": b"\xff\xfe\0\x06\xff\xd9\xff\xd9",
        "a segment of no length": b"\xff\xe5\0\0",
        "fill bytes": b"\xff\xff\xff",
        "a marker that has no length": b"\xff\x02\xff\x7f",
    }
    for what in hiding.values():
        assert has_more_scans(data[:first] + what + data[first:], MOST_SCANS)
    assert not has_more_scans(data[:first] + b"\xff\xd9" + data[first:], MOST_SCANS)


def test_a_jpeg_of_more_parts_than_any_is_not_looked_through() -> None:
    data = scans(10)
    comments = b"\xff\xfe\0\x02" * structure._MOST_SEGMENTS
    assert has_more_scans(data[:2] + comments + data[2:], MOST_SCANS)


@pytest.mark.parametrize("packing", [1, 2])
def test_small_compressed_bmps_are_read(packing: int) -> None:
    shown = np.asarray(open_picture(run_length_bmp(300, 40, packing), PIXELS))
    assert shown.shape == (40, 300, 3) and len(np.unique(shown)) == 1
    assert open_picture(run_length_bmp(640, 480, packing), PIXELS).size == (640, 480)


def test_other_bmps_may_be_large() -> None:
    assert open_picture(saved(Image.new("L", (641, 480)), "BMP"), PIXELS).size == (641, 480)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_usual_tiles_are_read(order: str, kind: int) -> None:
    data = tiled_tiff(256, 512, order, kind)
    assert tile_size(data) == (256, 512)
    assert (np.asarray(open_picture(data, PIXELS)) == 100).all()


def test_a_tiff_without_tiles_has_none() -> None:
    for big in (False, True):
        assert tile_size(saved(noise((30, 20)), "TIFF", big_tiff=big)) == (0, 0)


def test_tiles_of_a_large_tiff_are_asked_for_too() -> None:
    data = bytearray(saved(noise((30, 20)), "TIFF", big_tiff=True))
    (start,) = struct.unpack_from("<Q", data, 8)
    tags = [
        struct.unpack_from("<H", data, start + 8 + 20 * n)[0] for n in range(struct.unpack_from("<Q", data, start)[0])
    ]
    for tag, other in ((277, 322), (278, 323)):
        place = start + 8 + 20 * tags.index(tag)
        struct.pack_into("<HHQI", data, place, other, 4, 1, 30_000)
    assert tile_size(bytes(data)) == (30_000, 30_000)


def test_the_first_of_two_sizes_does_not_hide_the_second() -> None:
    data = bytearray(tiled_tiff(16, 16))
    struct.pack_into("<H", data, 10 + 12 * 5, 322)  # the number of channels becomes a second width
    struct.pack_into("<HI", data, 10 + 12 * 5 + 2, 4, 1)
    struct.pack_into("<I", data, 10 + 12 * 5 + 8, 70_000)
    assert tile_size(bytes(data)) == (70_000, 16)


def test_tiles_are_bound_by_the_limit_of_pixels() -> None:
    with pytest.raises(LimitExceeded, match=r"tiles of 256 x 512.*EXPLORER_MAX_IMAGE_PIXELS"):
        open_picture(tiled_tiff(256, 512), 256 * 512 - 1)


def test_strips_that_cover_a_picture_once_are_read() -> None:
    assert open_picture(overlapping_tiff(2), PIXELS).size == (16, 16)


def test_a_tiff_of_more_tags_than_any_is_refused() -> None:
    with pytest.raises(UnreadableImage, match="4097 tags"):
        tile_size(b"II*\0\x08\0\0\0\x01\x10" + bytes(100))


def test_declared_pixels_come_first() -> None:
    with pytest.raises(LimitExceeded, match="60000 x 60000"):
        open_picture(png(60_000, 60_000, 8, 2, b""), PIXELS)
