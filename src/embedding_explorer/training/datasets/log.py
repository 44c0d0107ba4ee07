"""The log of one task, a text file in the dataset's folder that users may read."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from embedding_explorer.networks.preprocessing.faults import one_line
from embedding_explorer.training.datasets.bounds import MAX_TOLD

_MAX_LENGTH = 1000


class TaskLog:
    """Appends lines, each with its time; after `MAX_TOLD` of them it only counts."""

    def __init__(self, path: Path) -> None:
        self._file, self._told = path.open("a", encoding="utf-8", errors="backslashreplace"), 0

    def __call__(self, text: str) -> None:
        """Write one line."""
        self._told += 1
        if self._told <= MAX_TOLD:
            self._write(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._told > MAX_TOLD:
            self._write(f"and {self._told - MAX_TOLD} lines more like these")
        if error is not None:
            self._write(f"ended: {error}")
        self._file.close()

    def _write(self, text: str) -> None:
        self._file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {one_line(text)[:_MAX_LENGTH]}\n")
        self._file.flush()
