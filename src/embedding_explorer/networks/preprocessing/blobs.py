"""Caffe's mean files: one `BlobProto` message, read field by field (protobuf's wire format, caffe.proto)."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing.stored import Stored

# Caffe packs its floats into one field. Other writers may use a field each; so many take about a second.
MAX_FIELDS = 300_000
_MAX_SHAPE_BYTES = 100
_LEGACY_SHAPE, _FLOATS, _SHAPE, _DOUBLES = (1, 2, 3, 4), 5, 7, 8
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}


class Field(NamedTuple):
    """One field of a message: a whole number, or the bytes of anything else."""

    number: int
    value: int | memoryview


def open_blob(path: Path) -> Stored:
    """The array of a blob, its axes channels, height, width, with the number of images in front where there are four.

    Raises:
        BadInput: no such message, or one whose shape does not fit its values.
    """
    floats, doubles, legacy, dims = [], [], dict.fromkeys(_LEGACY_SHAPE, 0), None
    for number, value in fields(memoryview(path.read_bytes())):
        if isinstance(value, int):
            legacy |= {number: value} if number in legacy else {}
        elif number == _FLOATS:
            floats.append(value)
        elif number == _DOUBLES:
            doubles.append(value)
        elif number == _SHAPE:
            dims = _dims(value)
    values = _numbers(floats, "<f4") if floats else _numbers(doubles, "<f8")
    shape = tuple(legacy.values()) if dims is None else dims
    if math.prod(shape) != values.size or not values.size:
        raise BadInput(f"is no Caffe blob, or a damaged one: it has {values.size} values and the shape {shape!s:.80}")
    return Stored(shape, "CHW", lambda: values.reshape(shape))


def fields(data: memoryview) -> Iterator[Field]:
    """The fields of one message; raises BadInput where it is none."""
    position = 0
    for _ in range(MAX_FIELDS):
        if position == len(data):
            return
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield Field(number, value)
            continue
        length, position = _varint(data, position) if wire == _LENGTH else (_FIXED.get(wire), position)
        if length is None or position + length > len(data):
            raise BadInput("is no protobuf message, or a damaged one")
        yield Field(number, data[position : position + length])
        position += length
    raise BadInput(f"has more than {MAX_FIELDS} fields: write its values as packed floats, as Caffe does")


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """The number at `position`, in groups of seven bits, the lowest first; and the position after it."""
    if position < len(data) and data[position] < 0x80:
        return data[position], position + 1
    value = 0
    for shift, byte in enumerate(data[position : position + 10]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, position + shift + 1
    raise BadInput("is no protobuf message, or a damaged one")


def _dims(message: memoryview) -> tuple[int, ...]:
    if len(message) > _MAX_SHAPE_BYTES:
        raise BadInput("is no Caffe blob: its shape has too many axes")
    dims: list[int] = []
    for number, value in fields(message):
        if number == 1:
            dims += [value] if isinstance(value, int) else _packed(value)
    return tuple(dims)


def _packed(data: memoryview) -> list[int]:
    values, position = [], 0
    while position < len(data):
        value, position = _varint(data, position)
        values.append(value)
    return values


def _numbers(parts: list[memoryview], dtype: str) -> NDArray[np.floating]:
    data = b"".join(parts)
    if len(data) % np.dtype(dtype).itemsize:
        raise BadInput("is no Caffe blob, or a damaged one: its values are cut off")
    return np.frombuffer(data, dtype)
