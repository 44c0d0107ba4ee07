"""Files that several threads read at once, by offset."""

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from embedding_explorer.errors import NO_SPACE, StorageFull


class Slot(NamedTuple):
    """A stretch of bytes in a file."""

    offset: int
    length: int


class PositionedFile:
    """A file read by offset: no position is shared, so threads need no lock."""

    def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
        self.path = path
        self._descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return os.fstat(self._descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer where the file ends, none outside of it."""
        available = self.size - offset
        if offset < 0 or available <= 0:
            return b""
        return os.pread(self._descriptor, min(length, available), offset)

    def close(self) -> None:
        """Close the file; it cannot be read after."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Spool(PositionedFile):
    """One new file that takes what comes out of an archive in sequence; deleted when closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        self._end = 0

    def append(self, chunks: Iterable[bytes | bytearray]) -> Slot:
        """Write the chunks one after another; where they lie. `StorageFull` when the disk is."""
        start = self._end
        for chunk in chunks:
            self._write(memoryview(chunk))
        return Slot(start, self._end - start)

    def drop(self, last: Slot) -> None:
        """Forget what was written last."""
        self._end = last.offset
        os.ftruncate(self._descriptor, self._end)

    def close(self) -> None:
        """Close and delete the file."""
        super().close()
        self.path.unlink(missing_ok=True)

    def _write(self, chunk: memoryview) -> None:
        try:
            while chunk:
                written = os.pwrite(self._descriptor, chunk, self._end)
                self._end += written
                chunk = chunk[written:]
        except OSError as error:
            if error.errno in NO_SPACE:
                raise StorageFull("No space left to unpack the archive; free some or send less.") from error
            raise
