"""Lines of JSON between the web process and its worker: nothing that arrives is executed."""

import json
import threading
from collections.abc import Iterator
from typing import IO, Any

from embedding_explorer import errors
from embedding_explorer.errors import ExplorerError, JobFailed

Message = dict[str, Any]


class Channel:
    """A pair of pipes. `send` may be called from any thread; one thread iterates over what arrives."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader, self._writer, self._lock = reader, writer, threading.Lock()

    def send(self, message: Message) -> None:
        """Write one message; raises OSError when the other side is gone."""
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            self._writer.write(line)
            self._writer.flush()

    def __iter__(self) -> Iterator[Message]:
        for line in self._reader:
            if not line.endswith(b"\n"):
                return  # the writer died in the middle of a line
            yield json.loads(line)

    def close(self) -> None:
        """Close both ends that belong to this process."""
        for end in (self._writer, self._reader):
            try:
                end.close()
            except BrokenPipeError:
                continue  # what was still buffered had no reader any more


def pack_error(error: ExplorerError) -> Message:
    """An error as plain JSON."""
    facts = {name: value for name, value in error.facts.items() if isinstance(value, (str, int, float, bool))}
    return {"type": type(error).__name__, "message": printable(error.message), "facts": facts}


def unpack_error(packed: Message) -> ExplorerError:
    """The error that `pack_error` described; a class that is not ours becomes JobFailed."""
    kind = getattr(errors, str(packed["type"]), JobFailed)
    if not (isinstance(kind, type) and issubclass(kind, ExplorerError)):
        kind = JobFailed
    return kind(printable(str(packed["message"])), **packed.get("facts", {}))


def printable(text: str) -> str:
    """The text as any database, log and answer can hold it: file names that are no UTF-8 bring half surrogate pairs,
    and PostgreSQL refuses zero characters."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
