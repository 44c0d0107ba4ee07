"""Whether the files of a seed are what they should be."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.datasets.pickled import Array, Pairs
from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.images.tilemap import CELL, COLUMNS

# A pickle may name one array many times over; what comes of it has a bound of its own.
MAX_ROWS = 20_000_000
END_OF_JPEG = b"\xff\xd9"
# Cameras and editors append a few bytes to pictures.
TAIL = 1024

Rows = NDArray[np.float32]


def coordinates(value: Any, name: str) -> Rows:
    """What a pickle held as (N, 3) float32; `name` is the file's, for messages.

    Accepts an array (N, 3), a list of such arrays one after the other, and a list of N triples. Raises BadInput saying
    what was found instead, or LimitExceeded.
    """
    rows = _rows(value, name)
    if rows is None or not len(rows):
        found = describe(value)
        raise BadInput(f"{name} holds {found}; wanted is an array (N, 3) of coordinates. Save it so.", file=name)
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise BadInput(f"{name} has a coordinate that is no finite float32 number, in row {row}.", file=name, row=row)
    return rows


def describe(value: Any) -> str:
    """What a value out of a pickle is, in some words."""
    match value:
        case Array(values=None):
            return "an array without content"
        case Array(values=np.ndarray() as values):
            return f"an array of shape {values.shape} and type {values.dtype}"
        case Pairs(items=items):
            return f"a dict of {len(items) // 2} keys"
        case list() | tuple() if value:
            return f"a {type(value).__name__} of {len(value)} items, the first being {_describe_item(value[0])}"
        case _:
            return _describe_item(value)


def check_tilemap(data: bytes, name: str, count: int) -> None:
    """Raise BadInput unless `data` is a whole JPEG of the geometry for `count` images."""
    wanted = (COLUMNS * CELL, -(-count // COLUMNS) * CELL)
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as sheet:
            size = sheet.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise BadInput(f"{name} is no JPEG. Copy it again.", file=name) from None
    if size != wanted:
        found, right = (f"{width} x {height}" for width, height in (size, wanted))
        raise BadInput(f"{name} has {found} px; a tilemap of {count} images has {right}. Make it again.", file=name)
    if END_OF_JPEG not in data[-TAIL:]:
        raise BadInput(f"{name} is cut off. Copy it again.", file=name)


def _rows(value: Any, name: str) -> Rows | None:
    if _is_table(value):
        return _float32(value.values)
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if all(map(_is_table, value)):
        return _joined([item.values for item in value], name)
    if all(map(_is_triple, value)):
        return _triples(value)
    return None


def _is_table(value: Any) -> bool:
    return _shape(value)[1:] == (3,)


def _is_triple(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) == 3 and all(type(n) in (float, int) for n in value)
    return _shape(value) == (3,)


def _shape(value: Any) -> tuple[int, ...]:
    return value.values.shape if isinstance(value, Array) and value.values is not None else ()


def _float32(values: NDArray[Any]) -> Rows:
    # A float64 beyond float32 becomes infinite, which is told with its row.
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def _joined(parts: list[NDArray[Any]], name: str) -> Rows:
    total = sum(map(len, parts))
    if total > MAX_ROWS:
        raise LimitExceeded(f"{name} has {total} rows, over the limit of {MAX_ROWS}.", limit=MAX_ROWS)
    return np.concatenate([_float32(part) for part in parts])


def _triples(value: Sequence[Any]) -> Rows:
    flat = (n for row in value for n in getattr(row, "values", row))
    return _float32(np.fromiter(map(_float, flat), np.float64, 3 * len(value))).reshape(-1, 3)


def _float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")


def _describe_item(value: Any) -> str:
    known = {Array: "an array", Pairs: "a dict", list: "a list", tuple: "a tuple", str: "a text", bytes: "bytes"}
    if value is None:
        return "None"
    return known.get(type(value), f"a {type(value).__name__}")
