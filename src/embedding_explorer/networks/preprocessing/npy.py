"""Headers of `.npy` files that users sent, checked before any value is read."""

import math
import tokenize
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing.stored import Stored

# NumPy evaluates the header as a literal; one of plain numbers needs less than 200 characters, and a long one is bait.
_MAX_HEADER = 1000
_BEFORE_HEADER = 12
_MAX_RANK = 4
_NUMERIC = "iuf"
# NumPy's reader of headers lets through what the tokenizer and the parser of Python trip over.
_DAMAGE = (ValueError, TypeError, SyntaxError, KeyError, EOFError, RecursionError, MemoryError, tokenize.TokenError)


def open_npy(path: Path) -> Stored:
    """An array of real numbers; pickled objects are never read.

    Raises:
        BadInput: no such file, or one of other types or cut off; when it is read, one of more than four axes.
    """
    try:
        with path.open("rb") as file:
            # Only so much of the file, because NumPy asks for as many bytes as the header claims to have, up to 4 GiB.
            head = BytesIO(file.read(_MAX_HEADER + _BEFORE_HEADER))
        shape, fortran, dtype = _header(head)
    except _DAMAGE as error:
        raise BadInput("is no .npy file, or its header is damaged") from error
    _check(shape, dtype, path.stat().st_size - head.tell())
    return Stored(shape, "", lambda: _read(path, head.tell(), shape, fortran, dtype))


def _header(file: BytesIO) -> tuple[tuple[int, ...], bool, "np.dtype[np.generic]"]:
    version = npy_format.read_magic(file)
    if version == (1, 0):
        return npy_format.read_array_header_1_0(file, max_header_size=_MAX_HEADER)
    if version in ((2, 0), (3, 0)):  # these differ only in how the names of fields are encoded, and fields are refused
        return npy_format.read_array_header_2_0(file, max_header_size=_MAX_HEADER)
    raise ValueError(version)


def _check(shape: tuple[int, ...], dtype: "np.dtype[np.generic]", available: int) -> None:
    if dtype.kind not in _NUMERIC:
        raise BadInput(f"holds values of type {str(dtype)[:40]!r}, not real numbers")
    if any(isinstance(side, bool) or side < 0 for side in shape):
        raise BadInput("has sides that are no whole numbers from 0 on")
    if math.prod(shape) * dtype.itemsize > available:
        raise BadInput("is cut off: its header announces more values than follow")


def _read(
    path: Path, start: int, shape: tuple[int, ...], fortran: bool, dtype: "np.dtype[np.generic]"
) -> NDArray[np.generic]:
    if len(shape) > _MAX_RANK:
        raise BadInput(f"has {len(shape)} axes; a mean has at most {_MAX_RANK}")
    values = np.fromfile(path, dtype, count=math.prod(shape), offset=start)
    return values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
