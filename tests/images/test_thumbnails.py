import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.images.pieces import PieceIndexes
from embedding_explorer.images.thumbnails import cut_cells, make_thumbnails, trimmed
from embedding_explorer.images.tilemap import draw_tilemap, encode_tilemap


def tile(red: int, green: int) -> np.ndarray:
    return np.full((48, 48, 3), (red, green, 120), np.uint8)


@pytest.fixture
def tilemaps(tmp_path: Path) -> list[Path]:
    """Two in pieces, one without, of 40 tiles each: red says which position, green which file."""
    paths = [tmp_path / f"{n}.jpg" for n in range(3)]
    for n, path in enumerate(paths):
        tiles = [tile(position * 6, n * 100) for position in range(40)]
        if n < 2:
            path.write_bytes(encode_tilemap(tiles))
        else:
            Image.fromarray(draw_tilemap(tiles)).save(path, "JPEG", quality=95, subsampling="4:4:4")
    return paths


def test_cells_come_in_the_order_asked_for_and_as_often(tilemaps: list[Path]) -> None:
    wanted = [(2, 39), (0, 0), (1, 17), (0, 0), (2, 3), (1, 0), (0, 39)]
    indexes = PieceIndexes()
    assert indexes.of(tilemaps[2]) is None and indexes.of(tilemaps[0]) is not None
    sheet = Image.open(io.BytesIO(make_thumbnails([(tilemaps[n], at) for n, at in wanted], indexes)))
    assert (sheet.format, sheet.size) == ("JPEG", (480, 48))
    pixels = np.asarray(sheet).astype(int)
    for place, (n, at) in enumerate(wanted):
        cell = pixels[:, place * 48 : place * 48 + 48]
        assert np.abs(cell - (at * 6, n * 100, 120)).mean() < 4, (n, at)
    assert (pixels[:, 336:] > 250).all()


def test_eleven_cells_have_two_rows(tilemaps: list[Path]) -> None:
    sheet = Image.open(io.BytesIO(make_thumbnails([(tilemaps[0], n) for n in range(11)], PieceIndexes())))
    assert sheet.size == (480, 96)


def test_a_picture_is_the_same_in_every_sheet(tilemaps: list[Path]) -> None:
    indexes = PieceIndexes()
    alone = np.asarray(Image.open(io.BytesIO(make_thumbnails([(tilemaps[2], 7)], indexes))))
    among = np.asarray(Image.open(io.BytesIO(make_thumbnails([(tilemaps[2], n) for n in range(5, 30)], indexes))))
    assert (among[:48, 96:144] == alone[:48, :48]).all()


def test_more_cells_than_one_jpeg_can_hold(tilemaps: list[Path]) -> None:
    cells = [(tilemaps[0], n % 40) for n in range(900)]
    cut = cut_cells(cells, PieceIndexes())
    assert len(cut) == 900
    assert all(abs(int(cut[n][24, 24, 0]) - n % 40 * 6) < 4 for n in range(900))


@pytest.mark.parametrize(
    ("size", "shape"), [((400, 300), (36, 48)), ((300, 400), (48, 36)), ((0, 0), (48, 48)), ((4000, 2), (1, 48))]
)
def test_a_tile_without_what_surrounds_the_picture(size: tuple[int, int], shape: tuple[int, int]) -> None:
    whole = np.full((48, 48, 3), 255, np.uint8)
    height, width = shape
    top, left = (48 - height) // 2, (48 - width) // 2
    whole[top : top + height, left : left + width] = 7
    cut = trimmed(whole, *size)
    assert cut.shape == (*shape, 3) and (cut == 7).all()
