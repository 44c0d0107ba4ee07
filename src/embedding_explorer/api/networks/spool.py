"""The texts of one request, on disk where they are large, so that slow senders of much text do not fill the memory."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedding_explorer.errors import LimitExceeded

IN_MEMORY = 1 << 20
MAX_TEXT = 128 << 20  # bytes of all texts of a request: a picture of 64 MiB takes 86 MiB as base64
# Requests with much text that are worked on at the same time; each takes a few times its text.
_LARGE = threading.BoundedSemaphore(2)
Span = tuple[int, int]


class Spool:
    """Texts written one after the other. Closed, it is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: tempfile.SpooledTemporaryFile[bytes] | None = None
        self.size = 0

    def append(self, data: bytes) -> None:
        """Add to the text that is being written; raises LimitExceeded."""
        self.size += len(data)
        if self.size > MAX_TEXT:
            raise LimitExceeded(f"The texts of a request have at most {MAX_TEXT} bytes. Send pictures as files.")
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(self._folder))  # noqa: SIM115
        self._file.write(data)

    def read(self, span: Span) -> bytes:
        """The text that lies between two sizes."""
        if self._file is None:
            return b""
        self._file.seek(span[0])
        return self._file.read(span[1] - span[0])

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While the texts are read and worked on. Large ones take turns; nobody waits for a sender here."""
        if self.size <= IN_MEMORY:
            yield
            return
        with _LARGE:
            yield

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()
