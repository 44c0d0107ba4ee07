from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.images.pieces import (
    Box,
    PieceIndexes,
    cut_boxes,
    index_pieces,
    most_boxes,
    piece_blocks,
    save_in_pieces,
)
from embedding_explorer.images.tilemap import encode_tilemap
from tests.images.pictures import landscape, noise, saved


@pytest.fixture
def tilemap(tmp_path: Path) -> Path:
    """A tilemap of 93 noisy tiles, as datasets have it."""
    path = tmp_path / "tilemap.jpg"
    path.write_bytes(encode_tilemap([np.asarray(noise((48, 48), seed=n)) for n in range(93)]))
    return path


def plain_jpeg(path: Path, **options: object) -> Path:
    path.write_bytes(saved(landscape((500, 304)), "JPEG", quality=85, **options))
    return path


def test_boxes_are_the_same_pixels_as_of_the_whole_picture(tilemap: Path) -> None:
    index, whole = index_pieces(tilemap.read_bytes()), np.asarray(Image.open(tilemap))
    assert index is not None and (index.width, index.height, index.across) == (56, 8, 9)
    corners = [(0, 0), (452, 452), (1, 51), (55, 7), (56, 8), (449, 401), (200, 333)]
    boxes = [Box(tilemap, x, y, x + 48, y + 48) for x, y in corners]
    for box, cut in zip(boxes, cut_boxes([(box, index) for box in boxes]), strict=True):
        np.testing.assert_array_equal(cut, whole[box.top : box.bottom, box.left : box.right])


def test_boxes_of_several_files_are_decoded_together(tilemap: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(encode_tilemap([np.asarray(noise((48, 48), seed=n)) for n in range(500, 540)]))
    pairs = []
    for path in (tilemap, other, tilemap):
        index = index_pieces(path.read_bytes())
        assert index is not None
        pairs.append((Box(path, 51, 101, 99, 149), index))
    assert pairs[0][1].header == pairs[1][1].header, "tables and widths agree, heights do not count"
    first, second, third = cut_boxes(pairs)
    np.testing.assert_array_equal(first, np.asarray(Image.open(tilemap))[101:149, 51:99])
    np.testing.assert_array_equal(second, np.asarray(Image.open(other))[101:149, 51:99])
    np.testing.assert_array_equal(third, first)


def test_as_many_boxes_as_are_promised_fit_in_one_picture(tilemap: Path) -> None:
    index = index_pieces(tilemap.read_bytes())
    assert index is not None
    box = Box(tilemap, 51, 51, 99, 99)
    count = most_boxes(index, box)
    assert count > 256
    cut = cut_boxes([(box, index)] * count)
    assert len(cut) == count and (cut[0] == cut[-1]).all()


@pytest.mark.parametrize(("sampling", "loss"), [("4:4:4", 0.7), ("4:2:2", 1.5), ("4:2:0", 1.5)])
def test_what_was_made_without_pieces_is_saved_anew_with_little_loss(
    tmp_path: Path, sampling: str, loss: float
) -> None:
    source = plain_jpeg(tmp_path / "plain.jpg", subsampling=sampling)
    assert index_pieces(source.read_bytes()) is None
    with Image.open(source) as sheet:
        sheet.load()
        save_in_pieces(sheet, tmp_path / "pieces")
    index = index_pieces((tmp_path / "pieces").read_bytes())
    assert index is not None and index.width <= 64
    old, new = (np.asarray(Image.open(path)).astype(int) for path in (source, tmp_path / "pieces"))
    assert np.abs(old - new).mean() < loss
    assert (tmp_path / "pieces").stat().st_size < 1.6 * source.stat().st_size
    cut = cut_boxes([(Box(tmp_path / "pieces", 101, 51, 149, 99), index)])[0]
    np.testing.assert_array_equal(cut, new[51:99, 101:149])


def test_a_grey_picture_comes_out_in_colour(tmp_path: Path) -> None:
    path = tmp_path / "grey.jpg"
    noise((500, 100), "L").save(path, "JPEG", restart_marker_blocks=7)
    index = index_pieces(path.read_bytes())
    assert index is not None
    assert cut_boxes([(Box(path, 0, 0, 48, 48), index)])[0].shape == (48, 48, 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"not a jpeg at all",
        b"\xff\xd8\xff\xda\x00\x02",
        saved(noise((20, 20)), "PNG"),
        saved(noise((500, 100)), "JPEG", progressive=True),
        saved(noise((500, 100)), "JPEG", restart_marker_blocks=10),  # pieces that do not end with the row
        saved(noise((500, 100)), "JPEG", restart_marker_blocks=7)[:-3000],
    ],
)
def test_what_is_not_in_pieces_has_no_index(data: bytes) -> None:
    assert index_pieces(data) is None


@pytest.mark.parametrize(("width", "expected"), [(500, 7), (512, 8), (56, 7), (8, 1), (488, 1)])
def test_a_piece_divides_a_row_evenly_and_is_hardly_wider_than_a_cell(width: int, expected: int) -> None:
    assert piece_blocks(width) == expected


def test_indexes_are_remembered_until_the_file_changes_or_too_many_are_known(
    tilemap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr(
        "embedding_explorer.images.pieces.index_pieces", lambda data: read.append(len(data)) or index_pieces(data)
    )
    indexes = PieceIndexes(most=1)
    assert indexes.of(tilemap) is indexes.of(tilemap) is not None
    assert len(read) == 1
    assert indexes.of(plain_jpeg(tmp_path / "plain.jpg")) is None
    indexes.of(tilemap)
    assert len(read) == 3
    tilemap.write_bytes(encode_tilemap([np.asarray(noise((48, 48)))]))
    found = indexes.of(tilemap)
    assert found is not None and len(read) == 4
    with pytest.raises(FileNotFoundError):
        indexes.of(tmp_path / "gone.jpg")


def test_a_file_that_was_cut_off_after_it_was_indexed_is_an_error(tilemap: Path) -> None:
    index = index_pieces(tilemap.read_bytes())
    assert index is not None
    tilemap.write_bytes(tilemap.read_bytes()[:2000])
    with pytest.raises((OSError, ValueError)):
        cut_boxes([(Box(tilemap, 401, 401, 449, 449), index)])


def test_pieces_are_a_jpeg_that_everybody_reads(tilemap: Path) -> None:
    with Image.open(BytesIO(tilemap.read_bytes())) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (500, 500))
        assert [component[1:3] for component in sheet.layer] == [(1, 1)] * 3
