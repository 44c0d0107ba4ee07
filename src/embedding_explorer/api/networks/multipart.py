"""The parts of a multipart form as they come in: files go to disk, texts to the spool."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from embedding_explorer.api.bodies import PIECE, BodyReader
from embedding_explorer.api.networks.spool import Span, Spool
from embedding_explorer.errors import BadInput, LimitExceeded

MAX_PARTS = 10_000
MAX_FILES = 10_000
MAX_NAME = 1024  # characters of a part's name
WRITTEN_NAME = re.compile(r';\s*name="((?:\\.|[^"\\])*)"', re.IGNORECASE)
LONE_BACKSLASH = re.compile(r'(?<!\\)(?:\\\\)*\\[^"\\]')
MAX_AHEAD = 512 * 1024  # bytes that the parser holds: a piece, and the head of a part


@dataclass(frozen=True)
class TextPart:
    """A text; `named_file` where it came with a file name."""

    name: str
    span: Span
    named_file: bool


@dataclass(frozen=True)
class FilePart:
    """A file, complete, on disk."""

    name: str
    path: Path


Part = TextPart | FilePart


def read_parts(
    body: BodyReader, boundary: str, folder: Path, spool: Spool, is_text: Callable[[str], bool]
) -> list[Part]:
    """All parts of a form, in their order.

    Args:
        body: the bytes.
        boundary: what separates the parts.
        folder: where files are written, as `part-0` and so on; what users call them is not looked at.
        spool: where texts are written.
        is_text: whether a part of that name is a text even where it has a file name.

    Raises:
        BadInput: no complete multipart form; LimitExceeded: too many parts.
    """
    reader = _Reader(folder, spool, is_text)
    try:
        for event in events(body, boundary):
            reader.take(event)
    finally:
        reader.close()
    return reader.parts


def events(body: BodyReader, boundary: str) -> Iterator[Event]:
    """What the parser finds in a body."""
    decoder = _Decoder(boundary.encode("latin-1", "replace"), MAX_AHEAD, max_parts=MAX_PARTS)
    event: Event = NeedData()
    try:
        while not isinstance(event, Epilogue):
            decoder.receive_data(body.read(PIECE) or None)
            while not isinstance(event := decoder.next_event(), (NeedData, Epilogue)):
                yield event
    except HTTPException as error:
        raise LimitExceeded(
            f"A form has at most {MAX_PARTS} parts, each with a head of at most {MAX_AHEAD} bytes."
        ) from error
    except ValueError as error:
        raise BadInput(f"The form cannot be read: {error}") from error


def name_of(part: Field | File) -> str | None:
    """The name of a part. A backslash that escapes nothing stays, where the parser would drop it: it may be an attack."""
    written = WRITTEN_NAME.search(part.headers.get("Content-Disposition", ""))
    if written and LONE_BACKSLASH.search(written[1]):
        return written[1]
    return part.name


class _Decoder(MultipartDecoder):
    """The parser, for heads of parts in any encoding: local names of files are not looked at."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        return super()._parse_headers(bytes(data).decode("utf-8", "replace").encode())


class _Reader:
    """Puts the data of parts where they belong."""

    def __init__(self, folder: Path, spool: Spool, is_text: Callable[[str], bool]) -> None:
        self._folder, self._spool, self._is_text = folder, spool, is_text
        self.parts: list[Part] = []
        self._file: IO[bytes] | None = None
        self._files = 0

    def take(self, event: Event) -> None:
        """Go on with one event."""
        if isinstance(event, (Field, File)):
            self._begin(event)
        elif isinstance(event, Data):
            (self._file.write if self._file else self._spool.append)(bytes(event.data))
            if not event.more_data:
                self._end()

    def close(self) -> None:
        """Close the file under way."""
        if self._file:
            self._file.close()

    def _begin(self, part: Field | File) -> None:
        name = name_of(part)
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise BadInput(f"A part of the form has no name, or one of more than {MAX_NAME} characters.")
        if isinstance(part, File) and not self._is_text(name):
            self.parts.append(FilePart(name, self._open()))
        else:
            span = (self._spool.size, self._spool.size)
            self.parts.append(TextPart(name, span, isinstance(part, File)))

    def _open(self) -> Path:
        self._files += 1
        if self._files > MAX_FILES:
            raise LimitExceeded(f"A form has at most {MAX_FILES} files.")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"part-{self._files}"
        self._file = path.open("xb")
        return path

    def _end(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
            return
        text = self.parts[-1]
        assert isinstance(text, TextPart)
        self.parts[-1] = TextPart(text.name, (text.span[0], self._spool.size), text.named_file)
