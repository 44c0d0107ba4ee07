"""Caffe's mean files: one `BlobProto` message, read field by field (caffe.proto)."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing.stored import Stored
from embedding_explorer.networks.protobuf import Budget, Message, varint

# Caffe packs its floats into one field. Other writers may use a field each; so many take about a second.
MAX_FIELDS = 300_000
_MAX_SHAPE_BYTES = 100
_LEGACY_SHAPE, _FLOATS, _SHAPE, _DOUBLES = (1, 2, 3, 4), 5, 7, 8
_REFUSAL = f"has more than {MAX_FIELDS} fields: write its values as packed floats, as Caffe does"


def open_blob(path: Path) -> Stored:
    """The array of a blob, its axes channels, height, width, with the number of images in front where there are four.

    Raises:
        BadInput: no such message, or one whose shape does not fit its values.
    """
    floats, doubles, legacy, dims = [], [], dict.fromkeys(_LEGACY_SHAPE, 0), None
    for number, value in _fields(memoryview(path.read_bytes())):
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


def _fields(data: memoryview) -> Message:
    """The fields of a message, fewer than MAX_FIELDS."""
    return Message(data, Budget(MAX_FIELDS - 1, _REFUSAL))


def _dims(message: memoryview) -> tuple[int, ...]:
    if len(message) > _MAX_SHAPE_BYTES:
        raise BadInput("is no Caffe blob: its shape has too many axes")
    dims: list[int] = []
    for number, value in _fields(message):
        if number == 1:
            dims += [value] if isinstance(value, int) else _packed(value)
    return tuple(dims)


def _packed(data: memoryview) -> list[int]:
    values, position = [], 0
    while position < len(data):
        value, position = varint(data, position)
        values.append(value)
    return values


def _numbers(parts: list[memoryview], dtype: str) -> NDArray[np.floating]:
    data = b"".join(parts)
    if len(data) % np.dtype(dtype).itemsize:
        raise BadInput("is no Caffe blob, or a damaged one: its values are cut off")
    return np.frombuffer(data, dtype)
