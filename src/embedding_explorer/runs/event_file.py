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

import google_crc32c
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.tensorflow_stub import errors as tensorboard_errors
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

from embedding_explorer.runs import absent  # noqa: F401 (TensorFlow is looked for at the first use)


def masked_crc32c(data: bytes) -> int:
    """The checksum of event files: a CRC-32C, rotated right by 15 bits, and a constant added."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17 & _ALL) + 0xA282EAD8) & _ALL


_ALL = 0xFFFFFFFF
pywrap_tensorflow.masked_crc32c = masked_crc32c

MAX_RECORD = 1 << 30  # bytes; a longer one ends the reading of the file
PIECE = 1 << 20  # bytes read at a time
HEADER, FRAME = 12, 16  # bytes before a payload; bytes around it
Stamp = tuple[int, int, int]  # device, inode, size
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
        self._stamp: Stamp | None = None
        self._loader: RawEventFileLoader | None = None

    def look(self) -> Change:
        """What has become of the file since it was read to its end; raises OSError where it is gone."""
        device, inode, self.size = stamp_of(self.path)
        if self._stamp is None:
            return "grown"
        if (device, inode) != self._stamp[:2] or self.size < self.end:
            return "replaced"
        return "grown" if self.size != self._stamp[2] else "same"

    def records(self) -> Iterator[tuple[int, bytes]]:
        """(offset, payload) of what has not been read yet; raises OSError. May be left off and called again."""
        stamp = stamp_of(self.path)
        loader = self._loader = self._loader or RawEventFileLoader(str(self.path))
        iterator: Any = loader._iterator
        with io.BufferedReader(_Raw(self.path), PIECE) as file:
            file.seek(self.end)
            # What a record that is not complete yet has so far is read again the next time, so the reader need not
            # keep it: it reads from the file itself, at a quarter of the cost.
            iterator._reader._read = file.read
            for payload in self._payloads(loader):
                offset = self.end + HEADER
                self.end += len(payload) + FRAME
                yield offset, payload
        self._stamp = stamp
        self.trouble = self._what_is_wrong()

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


def stamp_of(path: Path) -> Stamp:
    """What tells whether a file has changed; raises OSError."""
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size


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
