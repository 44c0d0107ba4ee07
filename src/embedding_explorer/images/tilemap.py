"""Tilemaps: the JPEG sprite sheet of one range, 10 columns of 50x50 px cells with a tile of at most 48x48 px each."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.errors import ImageNotFound
from embedding_explorer.images.pieces import piece_blocks

TILE = 48
CELL = 50
COLUMNS = 10
RANGE = 1000

_WHITE = 255


def make_tile(picture: Image.Image) -> NDArray[np.uint8]:
    """The RGB picture scaled, down or up, so that its longer side has `TILE` pixels: (h, w, 3) uint8."""
    longer = max(picture.size)
    width, height = (max(1, round(TILE * side / longer)) for side in picture.size)
    # The gap of 2 averages blocks of pixels first: three times as fast, and no difference to be seen at this size.
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0))


def draw_tilemap(tiles: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Place tiles, (h, w, 3) uint8 of at most 48x48 px, row by row and centred on white: (rows * 50, 500, 3) uint8."""
    rows = -(-len(tiles) // COLUMNS)
    sheet = np.full((rows * CELL, COLUMNS * CELL, 3), _WHITE, dtype=np.uint8)
    for position, tile in enumerate(tiles):
        height, width, _ = tile.shape
        if max(height, width) > TILE:
            raise ValueError(f"tile {position} has {width} x {height} px, more than {TILE} x {TILE}")
        left, top = _corner(position)
        top, left = top + (CELL - height) // 2, left + (CELL - width) // 2
        sheet[top : top + height, left : left + width] = tile
    return sheet


def encode_tilemap(tiles: Sequence[NDArray[np.uint8]], quality: int = 85) -> bytes:
    """The tilemap of one tile or more as the bytes of a JPEG."""
    if not tiles:
        raise ValueError("a tilemap needs a tile at least")
    file = BytesIO()
    # 4:4:4, because blocks of 8 px straddle cells of 50 px: at 4:2:0 (16 px) colours bleed into the next picture.
    # Restart markers, so that `pieces` can decode one picture without the others.
    sheet = Image.fromarray(draw_tilemap(tiles))
    sheet.save(file, "JPEG", quality=quality, subsampling="4:4:4", restart_marker_blocks=piece_blocks(sheet.width))
    return file.getvalue()


def open_tilemap(path: Path) -> Image.Image:
    """A tilemap's file, decoded; raises FileNotFoundError, and OSError without a number for a damaged one."""
    with Image.open(path, formats=("JPEG",)) as sheet:
        sheet.load()
        return sheet


def cut_tile(tilemap_jpeg: bytes | Path, position: int) -> Image.Image:
    """The 48x48 px content of the cell at `position`, white where the tile leaves room; `ImageNotFound` outside."""
    source = BytesIO(tilemap_jpeg) if isinstance(tilemap_jpeg, bytes) else tilemap_jpeg
    with Image.open(source, formats=("JPEG",)) as sheet:
        cells = COLUMNS * (sheet.height // CELL)
        if not 0 <= position < cells:
            raise ImageNotFound(f"There is no image {position} in a tilemap of {cells} cells.", position=position)
        left, top = (side + (CELL - TILE) // 2 for side in _corner(position))
        return sheet.crop((left, top, left + TILE, top + TILE))


def _corner(position: int) -> tuple[int, int]:
    """Left and top of a cell in pixels."""
    row, column = divmod(position, COLUMNS)
    return column * CELL, row * CELL
