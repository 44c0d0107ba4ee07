"""One event file, read by TensorBoard's own reader, followed while it grows.

TensorBoard's reader for Python opens the file anew for each piece, computes checksums byte by byte in Python (15 MB a
second) and would load TensorFlow where it is installed. It is given a file that stays where it is, and the same checksum
from a library that has the processor compute it (google-crc32c, gigabytes a second); everything else is its own.
"""

import io
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from embedding_explorer.runs import absent  # noqa: F401 (before anything of TensorBoard)

# isort: split
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.tensorflow_stub import errors as tensorboard_errors
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

from embedding_explorer.checksums import masked_crc32c

pywrap_tensorflow.masked_crc32c = masked_crc32c

MAX_RECORD = 1 << 30  # bytes; a longer one ends the reading of the file
PIECE = 1 << 20  # bytes read at a time
BEGINNING = 1024  # bytes: the first records, which hold the time of the training, tell a file from one put in its place
HEADER, FRAME = 12, 16  # bytes before a payload; bytes around it
Stamp = tuple[int, int, int]  # device, inode, size
UNKNOWN = -1  # no size
Change = Literal["same", "grown", "replaced"]


class _Raw(io.FileIO):
    """A file from which nobody reads a record that is beyond all measure."""

    def readinto(self, buffer: Any) -> int | None:
        if len(buffer) > MAX_RECORD:
            raise tensorboard_errors.DataLossError(None, None, "a record beyond all measure")
        return super().readinto(buffer)


class EventFile:
    """The records of one file. `end` is the offset up to which they have been read, `trouble` why it ends there."""

    def __init__(self, path: Path) -> None:
        self.path, self.end, self.trouble = path, 0, ""
        self.size = 0
        self._stamp: Stamp | None = None  # of the file that is read; its size once all of it has been
        self._beginning = (0, 0)  # so many of its bytes have that checksum
        self._loader: RawEventFileLoader | None = None

    def look(self) -> Change:
        """What has become of the file since it was read; raises OSError where it is gone, or may not be read now."""
        device, inode, self.size = stamp_of(self.path)
        if self._stamp is None:
            return "grown"
        if (device, inode) != self._stamp[:2] or self.size < self.end:
            return "replaced"
        if self.size == self._stamp[2]:
            return "same"
        return "grown" if self._begins_as_before() else "replaced"

    def _begins_as_before(self) -> bool:
        length = self._beginning[0]
        return not length or checksum_of(read_at(self.path, 0, length)) == self._beginning

    def records(self) -> Iterator[tuple[int, bytes]]:
        """(offset, payload) of what has not been read yet; raises OSError. May be left off and called again."""
        with io.BufferedReader(_Raw(self.path), PIECE) as file:
            stamp = stamp_of(file.fileno())
            if self._stamp is not None and stamp[:2] != self._stamp[:2]:
                return  # replaced since `look`, whose next turn says so
            self._stamp = (*stamp[:2], UNKNOWN)
            file.seek(self.end)
            try:
                yield from self._records_in(file)
            finally:
                file.seek(0)
                self._beginning = checksum_of(file.read(min(self.end, BEGINNING)))
        self._stamp = stamp
        self.trouble = self._what_is_wrong()

    def _records_in(self, file: "io.BufferedReader[_Raw]") -> Iterator[tuple[int, bytes]]:
        # The reader refuses names that are not UTF-8, so it is given another: the file is ours anyway.
        loader = self._loader = self._loader or RawEventFileLoader(os.devnull)
        iterator: Any = loader._iterator
        # What a record that is not complete yet has so far is read again the next time, so the reader need not keep
        # it: it reads from the file itself, at a quarter of the cost.
        iterator._reader._read = file.read
        for payload in self._payloads(loader):
            offset = self.end + HEADER
            self.end += len(payload) + FRAME
            yield offset, payload

    def _payloads(self, loader: RawEventFileLoader) -> Iterator[bytes]:
        try:
            yield from loader.Load()
        except (MemoryError, OverflowError):  # a length that no file has
            return

    def _what_is_wrong(self) -> str:
        """Why reading ended before the end of the file, unless the rest may still be completed."""
        rest = self.path.stat().st_size - self.end
        if rest < HEADER:
            return ""
        head = read_at(self.path, self.end, HEADER)
        length, checksum = struct.unpack("<QI", head)
        if length > MAX_RECORD or checksum != masked_crc32c(head[:8]) or rest >= length + FRAME:
            return f"damaged at byte {self.end}; the {rest} bytes from there on are not read"
        return ""


def stamp_of(path: Path | int) -> Stamp:
    """What tells whether a file, or an open one by its number, has changed; raises OSError."""
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size


def checksum_of(data: bytes) -> tuple[int, int]:
    """How many bytes there are, and their checksum."""
    return len(data), masked_crc32c(data)


def read_at(path: Path, offset: int, length: int) -> bytes:
    """A part of a file; raises OSError."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def payloads(places: Iterable[tuple[Path, int, int]]) -> Iterator[bytes]:
    """The parts of files at (path, offset, length), each file opened once in a row; empty where one is gone."""
    with ExitStack() as opened:
        path, file = None, None
        for wanted, offset, length in places:
            try:
                if wanted != path:
                    opened.close()
                    path, file = wanted, opened.enter_context(wanted.open("rb"))
                assert file is not None
                file.seek(offset)
                yield file.read(length)
            except OSError:
                path = None
                yield b""
