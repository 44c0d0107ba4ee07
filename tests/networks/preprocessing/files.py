"""Mean files of both kinds, honest and hostile, written byte by byte where NumPy would not write them."""

import io
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def npy(array: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array), **options)
    return buffer.getvalue()


def npy_of(header: str | bytes, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """A .npy file of any header."""
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + data


def header(descr: str = "'<f4'", fortran: str = "False", shape: str = "(3,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


def varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*groups, value))


def field(number: int, wire: int, content: bytes) -> bytes:
    return varint(number << 3 | wire) + (varint(len(content)) if wire == 2 else b"") + content


def legacy(shape: Sequence[int]) -> bytes:
    """The shape as Caffe wrote it first: num, channels, height, width."""
    return b"".join(field(number, 0, varint(side)) for number, side in enumerate(shape, 1))


def modern(shape: Sequence[int], packed: bool = True) -> bytes:
    """The shape as a message of its own."""
    if packed:
        return field(7, 2, field(1, 2, b"".join(map(varint, shape))))
    return field(7, 2, b"".join(field(1, 0, varint(side)) for side in shape))


def packed(values: NDArray[np.float32]) -> bytes:
    return field(5, 2, values.astype("<f4").tobytes())


def unpacked(values: NDArray[np.float32]) -> bytes:
    return b"".join(field(5, 5, struct.pack("<f", value)) for value in values.ravel())


def doubles(values: NDArray[np.float32]) -> bytes:
    return field(8, 2, values.astype("<f8").tobytes())
