"""Sheets of some pictures cut out of tilemaps."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.images.pieces import Box, PieceIndex, PieceIndexes, cut_boxes, most_boxes
from embedding_explorer.images.tilemap import CELL, COLUMNS, TILE, cut_tile

MARGIN = (CELL - TILE) // 2
QUALITY = 85

# A cell of a tilemap's file: its path and its position there.
Cell = tuple[Path, int]


def make_thumbnails(cells: Sequence[Cell], indexes: PieceIndexes) -> bytes:
    """A JPEG of the cells in their order, 10 columns; raises as `cut_cells` does.

    They lie close together, 48 px from one to the next: no block of the JPEG belongs to two of them, so a picture
    looks the same in every sheet.
    """
    file = BytesIO()
    sheet = side_by_side(cut_cells(cells, indexes))
    Image.fromarray(sheet).save(file, "JPEG", quality=QUALITY, subsampling="4:4:4")
    return file.getvalue()


def side_by_side(tiles: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Tiles (48, 48, 3) row by row, the last row filled up with white: (rows * 48, 480, 3)."""
    rows = -(-len(tiles) // COLUMNS)
    sheet = np.full((rows * COLUMNS, TILE, TILE, 3), 255, dtype=np.uint8)
    sheet[: len(tiles)] = tiles
    return sheet.reshape(rows, COLUMNS, TILE, TILE, 3).swapaxes(1, 2).reshape(rows * TILE, COLUMNS * TILE, 3)


def cut_cells(cells: Sequence[Cell], indexes: PieceIndexes) -> list[NDArray[np.uint8]]:
    """The inner pixels (48, 48, 3) of each cell.

    Files in pieces cost as little as the cells that are wanted, others a whole decoding for each. Raises
    FileNotFoundError, and OSError without a number for a damaged file.
    """
    tiles: dict[int, NDArray[np.uint8]] = {}
    for index, numbers in alike(cells, indexes):
        if index is None:
            tiles |= {n: np.asarray(cut_tile(*cells[n]).convert("RGB")) for n in numbers}
            continue
        boxes = [(box_of(*cells[n]), found) for n in numbers if (found := indexes.of(cells[n][0]))]
        step = most_boxes(index, boxes[0][0])
        for start in range(0, len(boxes), step):
            tiles |= zip(numbers[start : start + step], cut_boxes(boxes[start : start + step]), strict=True)
    return [tiles[n] for n in range(len(cells))]


def alike(cells: Sequence[Cell], indexes: PieceIndexes) -> Iterator[tuple[PieceIndex | None, list[int]]]:
    """Numbers of cells whose files can be decoded together, with the index of one of them."""
    found = [indexes.of(path) for path, _ in cells]
    headers = [b"" if index is None else index.header for index in found]
    order = sorted(range(len(cells)), key=lambda n: (headers[n], cells[n]))
    for _, numbers in groupby(order, key=lambda n: headers[n]):
        listed = list(numbers)
        yield found[listed[0]], listed


def box_of(path: Path, position: int) -> Box:
    """The inner pixels of the cell at `position`."""
    row, column = divmod(position, COLUMNS)
    left, top = column * CELL + MARGIN, row * CELL + MARGIN
    return Box(path, left, top, left + TILE, top + TILE)


def trimmed(tile: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The part of a tile (48, 48, 3) that a picture of that size fills; all of it where the size is 0, unknown."""
    if not width or not height:
        return tile
    across, down = (max(1, round(TILE * side / max(width, height))) for side in (width, height))
    left, top = (TILE - across) // 2, (TILE - down) // 2
    return tile[top : top + down, left : left + across]
