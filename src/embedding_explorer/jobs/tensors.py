"""Tensors as the JSON of a finished inference, written piece by piece to a file."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput, LimitExceeded

PIECE = 1 << 18  # values written at once
SETTING = "EXPLORER_MAX_RESULT_BYTES"


def write_tensors(path: Path, tensors: Iterable[tuple[str, NDArray[Any]]], most: int) -> None:
    """Write `{"tensors": […]}`; values row by row, floats so that they read back to the same.

    Raises LimitExceeded where it takes more than `most` bytes, BadInput for tensors that hold no numbers.
    """
    written = 0
    with path.open("xb") as file:
        for piece in pieces(tensors):
            written += file.write(piece)
            if written > most:
                raise LimitExceeded(
                    f"The result takes more than {most} bytes as JSON ({SETTING}). Ask for fewer or smaller layers.",
                    limit=most,
                    setting=SETTING,
                )


def pieces(tensors: Iterable[tuple[str, NDArray[Any]]]) -> Iterator[bytes]:
    """The text, in pieces of bounded size."""
    yield b'{"tensors":['
    for number, (name, values) in enumerate(tensors):
        yield b"," if number else b""
        yield from one_tensor(name, values)
    yield b"]}"


def one_tensor(name: str, values: NDArray[Any]) -> Iterator[bytes]:
    """One entry of the list. `shape` for newer clients, `dims` for older ones."""
    shape = list(values.shape)
    head = {"name": name, "shape": shape, "dims": shape, "dtype": str(values.dtype)}
    yield orjson.dumps(head)[:-1] + b',"data":['
    flat = numbers(values, name).reshape(-1)
    for start in range(0, flat.size, PIECE):
        yield (b"," if start else b"") + texts(flat[start : start + PIECE])
    yield b"]}"


def numbers(values: NDArray[Any], name: str) -> NDArray[Any]:
    """The same values in a type that can be written; raises BadInput for texts and complex numbers."""
    kind = values.dtype.kind
    if kind == "b":
        values = values.astype(np.uint8)
    elif kind == "f":
        values = values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32)
    elif kind not in "iu":
        raise BadInput(f"The tensor {name[:80]!r} is of type {values.dtype}, which is no number.", tensor=name[:80])
    return np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))


def texts(values: NDArray[Any]) -> bytes:
    """Numbers (N,) with commas between. Non-finite ones get the names that Python's and JavaScript's readers know."""
    text = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return text
    parts = text.split(b"null")
    words = [b"NaN" if np.isnan(v) else b"Infinity" if v > 0 else b"-Infinity" for v in values[~np.isfinite(values)]]
    return b"".join(part + word for part, word in zip(parts, [*words, b""], strict=True))
