"""The first record of a tag that can be read: one that cannot must not hide those behind it (contract, 3.4)."""

from collections.abc import Callable
from typing import TypeVar

from embedding_explorer.errors import NoLogData, UnreadableLog
from embedding_explorer.runs.base import Kind, Record, Run

LOOK_AT = 20  # records that are tried
Value = TypeVar("Value")


def first_readable(run: Run, kind: Kind, tag: str, read: Callable[[Record], Value]) -> Value:
    """What `read` makes of the first record for which it raises no UnreadableLog; raises NoLogData, UnreadableLog."""
    trouble: Exception = NoLogData()
    for index in range(min(LOOK_AT, len(run.steps(kind, tag)))):
        for record in run.records(kind, tag, [index]):
            try:
                return read(record)
            except UnreadableLog as error:
                trouble = error
    raise trouble
