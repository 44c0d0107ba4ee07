from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import ImageNotFound
from embedding_explorer.images.tilemap import cut_tile, draw_tilemap, encode_tilemap, make_tile
from tests.images.pictures import BLUE, RED, WHITE, halves


def tile(colour: tuple[int, int, int], width: int = 48, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((500, 375), (36, 48, 3)),
        ((375, 500), (48, 36, 3)),
        ((32, 32), (48, 48, 3)),
        ((48, 48), (48, 48, 3)),
        ((3, 2), (32, 48, 3)),
        ((1, 1), (48, 48, 3)),
        ((5000, 2), (1, 48, 3)),
        ((2, 5000), (48, 1, 3)),
    ],
)
def test_a_tile_keeps_the_aspect_and_has_48_pixels_on_the_longer_side(
    size: tuple[int, int], shape: tuple[int, int, int]
) -> None:
    made = make_tile(Image.new("RGB", size, RED))
    assert made.shape == shape
    assert made.dtype == np.uint8
    assert (made == RED).all()


def test_a_tile_shows_the_picture() -> None:
    made = make_tile(halves("RGB", RED, BLUE, (480, 240))).astype(int)
    assert (made[:, :23] == RED).all()
    assert (made[:, 25:] == BLUE).all()


@pytest.mark.parametrize(("count", "height"), [(1, 50), (10, 50), (11, 100), (999, 5000), (1000, 5000)])
def test_a_tilemap_has_ten_columns_and_as_many_rows_as_needed(count: int, height: int) -> None:
    drawn = draw_tilemap([tile(RED)] * count)
    assert drawn.shape == (height, 500, 3)
    assert drawn.dtype == np.uint8
    assert (drawn == RED).all(axis=2).sum() == count * 48 * 48


def test_cells_are_filled_row_by_row() -> None:
    drawn = draw_tilemap([tile((position, 0, 0)) for position in range(23)])
    for position in range(23):
        assert drawn[position // 10 * 50 + 25, position % 10 * 50 + 25, 0] == position
    assert (drawn[100:150, 150:] == WHITE).all()


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [(48, 48, (1, 1, 49, 49)), (48, 36, (1, 7, 49, 43)), (36, 48, (7, 1, 43, 49)), (48, 1, (1, 24, 49, 25))],
)
def test_a_tile_is_centred_on_white(width: int, height: int, box: tuple[int, int, int, int]) -> None:
    drawn = draw_tilemap([tile(RED, width, height)])
    left, top, right, bottom = box
    inside = np.zeros((50, 50), bool)
    inside[top:bottom, left:right] = True
    assert (drawn[:, :50][inside] == RED).all()
    assert (drawn[:, :50][~inside] == WHITE).all()


def test_a_tile_larger_than_its_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="49 x 48"):
        draw_tilemap([tile(RED, 49, 48)])


def test_an_encoded_tilemap_is_a_jpeg_with_full_colour_resolution() -> None:
    drawn = [tile(RED) if position % 2 else tile(BLUE) for position in range(20)]
    with Image.open(BytesIO(encode_tilemap(drawn))) as sheet:
        assert (sheet.format, sheet.size, sheet.mode) == ("JPEG", (500, 100), "RGB")
        assert [component[1:3] for component in sheet.layer] == [(1, 1)] * 3
        # Colours of one cell do not reach the middle of the next cell's rim.
        assert np.abs(np.asarray(sheet).astype(int) - draw_tilemap(drawn)).mean() < 3


def test_a_lower_quality_is_smaller() -> None:
    tiles = [make_tile(halves("RGB", RED, BLUE))] * 30
    assert len(encode_tilemap(tiles, quality=30)) < len(encode_tilemap(tiles))


def test_a_tilemap_of_nothing_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="a tile at least"):
        encode_tilemap([])


@pytest.mark.parametrize("position", [0, 9, 10, 22])
def test_a_cut_tile_is_the_content_of_its_cell(position: int, tmp_path: Path) -> None:
    tiles = [tile((position * 10, 90, 200), 48, 36) for position in range(23)]
    jpeg = encode_tilemap(tiles, quality=95)
    cut = cut_tile(jpeg, position)
    expected = np.full((48, 48, 3), 255)
    expected[6:42] = tiles[position]
    assert cut.size == (48, 48)
    assert np.abs(np.asarray(cut).astype(int) - expected).mean() < 3
    file = tmp_path / "tilemap.jpg"
    file.write_bytes(jpeg)
    assert cut_tile(file, position).tobytes() == cut.tobytes()


@pytest.mark.parametrize("position", [-1, 30])
def test_there_is_nothing_to_cut_outside_the_tilemap(position: int) -> None:
    with pytest.raises(ImageNotFound, match=str(position)):
        cut_tile(encode_tilemap([tile(RED)] * 23), position)
