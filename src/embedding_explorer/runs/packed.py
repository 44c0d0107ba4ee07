"""Tensors out of the messages that hold them, of TensorBoard's writers and of TS-VIS (contract, 4.3 and 4.4).

Nothing in a log is executed, and a few bytes of it never become an array that fills the memory.
"""

import re
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.util.tensor_util import make_ndarray

from embedding_explorer.errors import UnreadableLog
from embedding_explorer.runs.base import Packed
from embedding_explorer.runs.messages import (
    DecodeError,
    EmbeddingParts,
    ExceptionParts,
    ProjectorTensor,
    SampleParts,
    TensorKind,
    TextTypedTensor,
)

Array = NDArray[Any]
MAX_ELEMENTS = 1 << 26  # of one tensor: 512 MiB in 64 bit
MAX_RANK = 32
NAMED = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)")
SHORT = re.compile(r"[<>|=]([?]|b1|[iu][1248]|f[248])")
TEXT = re.compile(r"[<>|=]?[US][1-9][0-9]{0,8}")
IMAGE, TEXTS, AUDIO = "image", "text", "audio"
UNSIGNED = {4: "uint8", 17: "uint16", 22: "uint32", 23: "uint64"}  # DataType of TensorFlow → of numpy
HALVES = (14, 19)  # bfloat16, float16
MOST_HALF = 0xFFFF
SAMPLE_TYPES = {1: AUDIO, 2: TEXTS, 3: IMAGE}


class Embedding(NamedTuple):
    """Points (N, …) and the labels of the first of them, numbers or texts; none where there are no labels."""

    values: Array
    labels: list[Any]


class Samples(NamedTuple):
    """What the points of an embedding were: `kind` is image, audio or text, the array has one entry a point.

    Bytes lie as (N, length) uint8, because numpy would cut zeros off the ends of byte strings.
    """

    kind: str
    values: Array


def exception_of(packed: Packed) -> Array:
    """The array of an `exception` record; raises UnreadableLog."""
    if packed.source == "tensor":
        return numeric(tensor_of(packed.data))
    return numeric(projector_tensor(parsed(ExceptionParts, packed.data).value))


def embedding_of(packed: Packed) -> Embedding:
    """Points and labels of an `embedding` record; raises UnreadableLog."""
    parts = parsed(EmbeddingParts, packed.data)
    values = numeric(projector_tensor(parts.value))
    if not values.ndim:
        raise UnreadableLog("An embedding of the log is a single number.")
    return Embedding(values, labels_of(projector_tensor(parts.label)) if parts.HasField("label") else [])


def labels_of(values: Array) -> list[Any]:
    """Labels (N,) or (N, 1) as JSON has them."""
    flat = values.reshape(len(values), -1)[:, 0] if values.ndim and values.size else values.reshape(-1)
    if flat.dtype.kind == "S":
        return [text_of(text) for text in flat.tolist()]
    plain: list[Any] = (flat.astype(np.uint8) if flat.dtype.kind == "b" else flat).tolist()
    return plain


def samples_of(packed: Packed) -> Samples:
    """The samples of a `sample` record; raises UnreadableLog."""
    parts = parsed(SampleParts, parsed(EmbeddingParts, packed.data).sample)
    values = projector_tensor(parts.X, raw_bytes=True)
    if not values.ndim:
        raise UnreadableLog("The samples in the log are not a list.")
    kind = TEXTS if values.dtype.kind == "U" else SAMPLE_TYPES.get(parts.type, IMAGE)
    return Samples(kind, values)


def text_of(data: bytes) -> str:
    """A text of the log."""
    return data.decode("utf-8", "replace")


def tensor_of(data: bytes) -> Array:
    """The array of a TensorProto of either writer; raises UnreadableLog."""
    kind = parsed(TensorKind, data)
    if not kind.dtype:
        message = parsed(TextTypedTensor, data)
        if message.string_val:
            return np.array([text_of(text) for text in message.string_val])
        return array_of(message.dtype, [d.size for d in message.tensor_shape.dim], message.tensor_content)
    return standard_tensor(parsed(TensorProto, data))


def standard_tensor(message: Any) -> Array:
    """The array of TensorBoard's own TensorProto; raises UnreadableLog."""
    if message.string_val:
        return np.array([text_of(text) for text in message.string_val])
    sizes = [dimension.size for dimension in message.tensor_shape.dim]
    count = checked_count(sizes)  # a single value fills the whole shape
    try:
        listed = unusual_list(message)
        values: Array = make_ndarray(message) if listed is None else listed.repeat(count if len(listed) == 1 else 1)
        return values.reshape(sizes)
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise unreadable() from error


def unusual_list(message: Any) -> Array | None:
    """The values of a tensor whose list `make_ndarray` does not read, as one row; None for all other tensors.

    Unsigned integers may stand in fields of their own, and torch writes halves as the bits of float32
    (torch/utils/tensorboard/summary.py, `half_to_int`).
    """
    if message.tensor_content:
        return None
    if name := UNSIGNED.get(message.dtype):
        field = message.uint64_val if name == "uint64" else message.uint32_val
        return np.array(field, np.dtype(name)) if field else None
    if message.dtype in HALVES and any(not 0 <= value <= MOST_HALF for value in message.half_val):
        return np.array(message.half_val, np.int32).view(np.float32)
    return None


def projector_tensor(data: bytes, raw_bytes: bool = False) -> Array:
    """The array of a `PTensor`; byte strings as (…, length) uint8 if so asked. Raises UnreadableLog."""
    message = parsed(ProjectorTensor, data)
    return array_of(message.dtype, [d.size for d in message.tensor_shape.dim], message.tensor_content, raw_bytes)


def array_of(dtype: bytes, sizes: list[int], content: bytes, raw_bytes: bool = False) -> Array:
    """The array of these bytes, in the machine's byte order; raises UnreadableLog."""
    kind = dtype_of(dtype)
    if checked_count(sizes) * kind.itemsize != len(content):
        raise unreadable()
    if raw_bytes and kind.kind == "S":
        return np.frombuffer(content, np.uint8).reshape(*sizes, kind.itemsize)
    values = np.frombuffer(content, kind).reshape(sizes)
    return values.astype(kind.newbyteorder("=")) if kind.byteorder == ">" else values


def dtype_of(text: bytes) -> np.dtype[Any]:
    """The type that a TS-VIS tensor names, of those that are honoured; raises UnreadableLog."""
    name = text.decode("ascii", "replace")
    if NAMED.fullmatch(name):
        return np.dtype(name).newbyteorder("<")
    if SHORT.fullmatch(name) or TEXT.fullmatch(name):
        return np.dtype(name)
    raise UnreadableLog("A tensor of the log is of a type that is not read.")


def checked_count(sizes: list[int], most: int = MAX_ELEMENTS) -> int:
    """How many elements these dimensions have; raises UnreadableLog for impossible ones, and for far too many."""
    if any(size < 0 for size in sizes) or len(sizes) > MAX_RANK:
        raise unreadable()
    count = prod(sizes)
    if count > most:
        raise UnreadableLog(f"A tensor of the log has {count} elements, more than the {most} that are read.")
    return count


def numeric(values: Array) -> Array:
    """The array if it is one of numbers; raises UnreadableLog. Types that numpy does not know become float32."""
    if values.dtype.kind in "biuf":
        return values
    if values.dtype.kind == "V" or values.dtype.name == "bfloat16":
        return values.astype(np.float32)
    raise UnreadableLog("A tensor of the log holds no numbers.")


def parsed(message: Any, data: bytes) -> Any:
    """A message from its bytes; raises UnreadableLog."""
    try:
        return message.FromString(data)
    except DecodeError as error:
        raise unreadable() from error


def unreadable() -> UnreadableLog:
    """The error for a tensor whose parts do not fit."""
    return UnreadableLog("A tensor of the log cannot be read.")
