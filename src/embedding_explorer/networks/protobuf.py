"""Protobuf's wire format (protobuf.dev/programming-guides/encoding), read field by field without any schema compiler.

A reader of hostile files: lengths are checked before they are used, nothing is copied, work and depth are bounded.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from embedding_explorer.errors import BadInput

# A second of Python. The largest models that were looked at have a tenth of it.
MAX_FIELDS = 2_000_000
# Messages in messages: control flow nests graphs, and each level is three messages deep.
MAX_DEPTH = 100

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_DAMAGED = "is no protobuf message, or a damaged one"


class Field(NamedTuple):
    """One field: its number, and a whole number or the bytes of anything else."""

    number: int
    value: int | memoryview


@dataclass
class Budget:
    """How many fields may still be read, and what to say when there are more."""

    left: int
    refusal: str


class Message:
    """The fields of one message; messages in it share its bounds."""

    def __init__(self, data: memoryview, budget: Budget | None = None, depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            raise BadInput(f"has messages in messages, more than {MAX_DEPTH} deep")
        self._data, self._depth = data, depth
        self._budget = budget or Budget(MAX_FIELDS, f"has more than {MAX_FIELDS} fields")

    def __iter__(self) -> Iterator[Field]:
        """Fields in order. Raises BadInput for damage, or for more fields than the bound."""
        position, data = 0, self._data
        while position < len(data):
            self._budget.left -= 1
            if self._budget.left < 0:
                raise BadInput(self._budget.refusal)
            key, position = varint(data, position)
            number, wire = key >> 3, key & 7
            if not 0 < number < 1 << 29:  # other readers would cut such a number off and see another field
                raise BadInput(_DAMAGED)
            if wire == _VARINT:
                value, position = varint(data, position)
                yield Field(number, value)
                continue
            length, position = varint(data, position) if wire == _LENGTH else (_FIXED.get(wire), position)
            if length is None or position + length > len(data):
                raise BadInput(_DAMAGED)
            yield Field(number, data[position : position + length])
            position += length

    def inside(self, value: int | memoryview) -> "Message":
        """The message in a field; raises BadInput for a whole number."""
        return Message(_bytes(value), self._budget, self._depth + 1)

    def messages(self, number: int) -> Iterator["Message"]:
        """The messages of a repeated field. A field that is not repeated and comes twice counts as both together."""
        for field in self:
            if field.number == number:
                yield self.inside(field.value)

    def texts(self, number: int) -> list[str]:
        """The texts of a field, in order."""
        return [text(field.value) for field in self if field.number == number]

    def last(self, number: int, default: str = "") -> str:
        """The text of a field that is not repeated; the last one counts where it comes twice."""
        return (self.texts(number) or [default])[-1]


def text(value: int | memoryview) -> str:
    """The text in a field; raises BadInput for a whole number."""
    return bytes(_bytes(value)).decode("utf-8", "replace")


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise BadInput(_DAMAGED)
    return value


def varint(data: memoryview, position: int) -> tuple[int, int]:
    """The number at `position`, in groups of seven bits, the lowest first; and the position after it."""
    if position < len(data) and data[position] < 0x80:  # most are of one byte
        return data[position], position + 1
    value = 0
    for shift, byte in enumerate(data[position : position + 10]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, position + shift + 1
    raise BadInput(_DAMAGED)


def open_message(path: Path) -> Message:
    """The message in a file, which is mapped, not read: what nobody looks at costs nothing."""
    if not path.stat().st_size:
        raise BadInput("is empty")
    with path.open("rb") as file:
        return Message(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))


def encode(number: int, data: bytes) -> bytes:
    """One field of bytes."""
    return _encode_varint(number << 3 | _LENGTH) + _encode_varint(len(data)) + data


def _encode_varint(value: int) -> bytes:
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
