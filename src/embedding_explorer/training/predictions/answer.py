"""An answer written to a file piece by piece, so that those of thousands of pictures need no memory."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import orjson

from embedding_explorer.errors import LimitExceeded

SETTING = "EXPLORER_MAX_RESULT_BYTES"


class Answer:
    """One JSON object. Its members come one after the other; `open` begins one that is an object itself."""

    def __init__(self, path: Path, most: int) -> None:
        """`most`: bytes; what would be larger raises LimitExceeded."""
        self._file, self._most, self._size = path.open("wb"), most, 0
        self._depth, self._first = 1, True
        self._write(b"{")

    def member(self, name: str, value: Any) -> None:
        """One member; arrays of numpy may be anywhere in it."""
        self._name(name)
        self._write(_dumped(value))

    def members(self, values: dict[str, Any]) -> None:
        """Several."""
        for name, value in values.items():
            self.member(name, value)

    def open(self, name: str) -> None:
        """What follows, up to `shut`, are the members of this member."""
        self._name(name)
        self._write(b"{")
        self._depth, self._first = self._depth + 1, True

    def shut(self) -> None:
        """End the member that was opened last."""
        self._write(b"}")
        self._depth, self._first = self._depth - 1, False

    def array(self, name: str, values: Iterable[Any]) -> None:
        """One member that is a list, of which one item is held at a time."""
        self._name(name)
        self._write(b"[")
        for position, value in enumerate(values):
            self._write((b"," if position else b"") + _dumped(value))
        self._write(b"]")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write(b"}" * self._depth)
        self._file.close()

    def _name(self, name: str) -> None:
        self._write((b"" if self._first else b",") + _dumped(name) + b":")
        self._first = False

    def _write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._most:
            raise LimitExceeded(
                f"The answer would be larger than {self._most} bytes ({SETTING}). Send fewer pictures at once.",
                limit=self._most,
                setting=SETTING,
            )
        self._file.write(data)


def shown(name: str) -> str:
    """A path as JSON can have it: bytes that are no UTF-8 are replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _dumped(value: Any) -> bytes:
    # What networks give lies in memory as it suits them; such arrays are put in order first.
    return orjson.dumps(value, default=np.ascontiguousarray, option=orjson.OPT_SERIALIZE_NUMPY)
