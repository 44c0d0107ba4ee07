"""The values that `unpickle` makes of numpy's: arrays and dtypes under construction, and dicts as they were written."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import RefusedPickle

MAX_DIMENSIONS = 32
MAX_SIDE = 2**40
NUMBER_TYPE = re.compile(r"f[248]|[iu][1248]", re.ASCII)
REMEDY = "Only numpy arrays are read from pickles: save it as one, by pickle.dump(numpy.asarray(…), file)."


@dataclass(slots=True, eq=False)
class Dtype:
    """A dtype under construction: pickles name it first and give its byte order later."""

    code: str
    order: str = "="

    def build(self, state: tuple[Any, ...]) -> None:
        """Take the state (3, byte order, None, None, None, -1, -1, 0)."""
        _version, order, *structure = state
        if order not in ("<", ">", "|", "=") or structure[:3] != [None, None, None]:
            raise RefusedPickle(f"It holds an array of a compound type. {REMEDY}")
        self.order = order

    def number(self) -> np.dtype[Any]:
        """The dtype; raises RefusedPickle unless it is one of plain numbers."""
        if not NUMBER_TYPE.fullmatch(self.code):
            raise RefusedPickle(f"It holds an array of the type {self.code[:20]!r}, which is no number. {REMEDY}")
        return np.dtype(self.order + self.code)


@dataclass(slots=True, eq=False)
class Array:
    """An array under construction: pickles make an empty one first and fill it later."""

    values: NDArray[Any] | None = None

    def build(self, state: tuple[Any, ...]) -> None:
        """Take the state (version, shape, dtype, whether column by column, bytes)."""
        shape, dtype, by_column, data = state[-4:]
        self.values = shaped(data, dtype, shape, "F" if by_column else "C")


@dataclass(slots=True, eq=False)
class Pairs:
    """A dict as it was written, never hashed: a key may be anything."""

    items: list[Any] = field(default_factory=list)


def shaped(data: object, dtype: object, shape: object, order: object) -> NDArray[Any]:
    """The array over `data`, which must have exactly the declared size: nothing is allocated."""
    if not isinstance(dtype, Dtype) or not isinstance(shape, tuple) or order not in ("C", "F"):
        raise ValueError("an array without type or shape")
    kind = dtype.number()
    if not isinstance(data, (bytes, bytearray)):
        raise ValueError("an array without bytes")
    # Each number is bounded before they are multiplied: a shape may hold integers of a million digits.
    if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n < MAX_SIDE for n in shape):
        raise ValueError("an array that declares more than it holds")
    if math.prod(shape) * kind.itemsize != len(data):
        raise ValueError(f"an array of {len(data)} bytes that declares the shape {shape}")
    return np.frombuffer(data, kind).reshape(shape, order="F" if order == "F" else "C")
