"""Records as the TS-VIS writer puts them, spelled byte by byte from the contract's table of fields (4.3)."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.summary.writer.record_writer import RecordWriter

from tests.runs.event_logs import BEGUN

NAME = "projector.events.out.200101-000000.host"
IMAGE, TEXT, AUDIO = 3, 2, 1


def varint(value: int) -> bytes:
    out = b""
    value &= (1 << 64) - 1
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: bytes | str | int | float) -> bytes:
    """One field: bytes and texts with their length, integers as varints, floats as doubles."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def dtype_text(array: Any) -> str:
    return array.dtype.str if array.dtype.kind in "US" else array.dtype.name


def projector_tensor(array: Any, dtype: str = "") -> bytes:
    array = np.asarray(array)
    dims = b"".join(field(1, field(1, size)) for size in array.shape)
    return field(1, dtype or dtype_text(array)) + field(2, dims) + field(3, array.tobytes())


def text_typed_tensor(array: Any) -> bytes:
    """A tensor where TensorBoard has its own, with the type as text."""
    array = np.asarray(array)
    dims = b"".join(field(2, field(1, size)) for size in array.shape)
    return field(1, dtype_text(array)) + field(2, dims) + field(4, array.tobytes())


def value(tag: str, number: int, data: bytes, plugin: str) -> bytes:
    return field(1, tag) + field(9, field(1, field(1, plugin))) + field(number, data)


def event(step: int, *values: bytes) -> bytes:
    summary = b"".join(field(1, each) for each in values)
    return field(1, BEGUN + step) + field(2, step) + field(5, summary)


def embedding(tag: str, step: int, array: Any, labels: Any = None) -> bytes:
    parts = field(2, projector_tensor(array))
    if labels is not None:
        parts += field(3, projector_tensor(labels))
    return event(step, value(tag, 7, field(1, parts), "embeddings"))


def sample(tag: str, array: Any, kind: int, dtype: str = "") -> bytes:
    parts = field(2, kind) + field(3, projector_tensor(array, dtype))
    return event(0, value(tag, 7, field(1, field(1, parts)), "embeddings"))


def exception(tag: str, step: int, array: Any, dtype: str = "") -> bytes:
    return event(step, value(tag, 7, field(2, field(1, projector_tensor(array, dtype))), "exceptions"))


def tensor(tag: str, step: int, array: Any, plugin: str) -> bytes:
    return event(step, value(tag, 8, text_typed_tensor(array), plugin))


def session(group: str, hparams: dict[str, bytes], metrics: Iterable[str] = ()) -> bytes:
    """A `session_start_info`; hyper-parameters are messages `google.protobuf.Value`."""
    entries = b"".join(field(1, field(1, name) + field(2, data)) for name, data in hparams.items())
    names = b"".join(field(2, field(1, name) + field(2, field(2, 0.0))) for name in metrics)
    content = field(3, entries + names + field(4, group))
    metadata = field(9, field(1, field(1, "hparams") + field(2, content)))
    return event(0, field(1, "_hparams_/session_start_info") + metadata)


def number(value: float) -> bytes:
    return field(2, float(value))


def graph(data: bytes) -> bytes:
    return field(1, BEGUN) + field(4, data)


def scalar(tag: str, step: int, value: float) -> bytes:
    return event(step, field(1, tag) + varint(2 << 3 | 5) + struct.pack("<f", value))


def write(folder: Path, *events: bytes, name: str = NAME) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("wb") as file:
        writer = RecordWriter(file)
        for each in events:
            writer.write(each)
    return folder
