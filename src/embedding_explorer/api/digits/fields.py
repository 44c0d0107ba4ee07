"""Forms of requests of any method, multipart or urlencoded, read within bounds; files go straight to a folder."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl

from flask import g, request
from werkzeug.exceptions import BadRequest
from werkzeug.sansio.multipart import Data, Field, File

from embedding_explorer.api.bodies import PIECE, BodyReader, check_complete, over_limit
from embedding_explorer.api.networks.multipart import MAX_FILES, MAX_NAME, MAX_PARTS, events
from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.jobs.channel import printable
from embedding_explorer.numbers import real, whole
from embedding_explorer.settings import Settings

MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"
MAX_TEXT = 16 << 20  # bytes of all texts of a form; a network has at most 4 MiB of them
# What may come by the query as well, which wins (contract, 1.2).
EITHER = ("job_id", "username", "clone", "group_name", "next", "snapshot_epoch")
SETTING = "EXPLORER_MAX_UPLOAD_BYTES"
MOST_DIGITS = 15  # of a whole number
Values = dict[str, str | list[str]]
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Upload:
    """An uploaded file: where it lies now, and the last part of what its sender calls it."""

    path: Path
    filename: str


@dataclass
class Form:
    """What came with a request.

    Attributes:
        fields: name → every value, in order.
        files: name → the first file of that name; parts without a file name are none.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """The first value of a field, of the query where it may come that way; None where it is absent."""
        if name in EITHER and name in request.args:
            return request.args[name]
        return next(iter(self.fields.get(name, ())), None)

    def all(self, name: str) -> list[str]:
        """Every value of a repeated field."""
        return list(self.fields.get(name, ()))

    def values(self) -> Values:
        """All fields as the parsers of forms take them: a text, or a list where there are several."""
        given = self.fields | {name: [request.args[name]] for name in EITHER if name in request.args}
        return {name: found[0] if len(found) == 1 else list(found) for name, found in given.items()}

    def paths(self) -> dict[str, Path]:
        """Field → file."""
        return {name: upload.path for name, upload in self.files.items()}

    def required(self, name: str) -> str:
        """A value that is not blank; raises BadRequest."""
        value = (self.get(name) or "").strip()
        if not value:
            raise BadRequest(f"The parameter {name} is required.")
        return value


@contextmanager
def received(settings: Settings, folder: Path | None = None) -> Iterator[Form]:
    """The form of the current request, read to its end whatever its method; an empty one where there is no body.

    Args:
        settings: its bounds.
        folder: an existing folder for files, which is the caller's to remove; None: files are read and dropped.

    Raises:
        BadInput: not readable, broken off, or with characters that no text has.
        LimitExceeded: too many bytes, texts or parts. StorageFull.
    """
    form, length, most = Form(), request.content_length, settings.max_upload_bytes
    if not (length or "Transfer-Encoding" in request.headers):
        _check_characters(form)
        yield form
        return
    reader = g.body = BodyReader(request.environ["wsgi.input"], settings.upload_stall_seconds, most, SETTING)
    if length is not None and length > most:
        raise over_limit(most, SETTING)
    with full_disk_named(folder or settings.data):
        _read(reader, form, folder)
    check_complete(reader, length)
    _check_characters(form)
    yield form


def read_form(settings: Settings) -> Form:
    """The form of a request that brings no files; raises as `received`."""
    with received(settings) as form:
        return form


def _check_characters(form: Form) -> None:
    """Raise BadInput for what not every database can hold, once the body was read to its end."""
    asked = {name: request.args.getlist(name) for name in EITHER}
    for name, texts in (*form.fields.items(), *asked.items()):
        if any(_NO_TEXT.search(text) for text in (name, *texts)):
            raise BadInput(f"The field {printable(name)[:80]!r} holds a zero character or half of a surrogate pair.")


def _read(reader: BodyReader, form: Form, folder: Path | None) -> None:
    if request.mimetype == MULTIPART:
        _read_parts(reader, form, folder)
    elif request.mimetype == URLENCODED:
        _read_pairs(reader, form)
    else:
        while reader.read(PIECE):  # unknown to DIGITS too, which finds no fields in it
            continue


def _read_pairs(reader: BodyReader, form: Form) -> None:
    text = bytearray()
    while piece := reader.read(PIECE):
        text += piece
        check_text(len(text))
    try:
        pairs = parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_PARTS)
    except ValueError as error:
        raise LimitExceeded(f"A form has at most {MAX_PARTS} fields.", limit=MAX_PARTS) from error
    for name, value in pairs:
        form.fields.setdefault(name, []).append(value)


def _read_parts(reader: BodyReader, form: Form, folder: Path | None) -> None:
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary:
        raise BadInput("The form cannot be read: its Content-Type names no boundary.")
    parts = _Parts(form, folder)
    try:
        for event in events(reader, boundary):
            parts.take(event)
    except BadInput:
        check_complete(reader, request.content_length)
        raise
    finally:
        parts.close()


def check_text(size: int) -> None:
    """Raise LimitExceeded where the texts of a form have too many bytes."""
    if size > MAX_TEXT:
        raise LimitExceeded(f"The texts of a form have at most {MAX_TEXT} bytes. Send files as files.", limit=MAX_TEXT)


class _Parts:
    """Puts the parts of a form where they belong."""

    def __init__(self, form: Form, folder: Path | None) -> None:
        self._form, self._folder = form, folder
        self._name, self._text, self._file = "", bytearray(), None
        self._is_text, self._size, self._count = False, 0, 0

    _file: IO[bytes] | None

    def take(self, event: object) -> None:
        """Go on with one event of the parser."""
        if isinstance(event, (Field, File)):
            self._begin(event)
        elif isinstance(event, Data):
            self._add(event.data)
            if not event.more_data:
                self._end()

    def close(self) -> None:
        """Close the file under way."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, part: Field | File) -> None:
        name = part.name
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise BadInput(f"A part of the form has no name, or one of more than {MAX_NAME} characters.")
        self._name, self._is_text = name, isinstance(part, Field)
        if isinstance(part, File) and part.filename and self._folder is not None and name not in self._form.files:
            self._open(part.filename)

    def _open(self, filename: str) -> None:
        assert self._folder is not None
        self._count += 1
        if self._count > MAX_FILES:
            raise LimitExceeded(f"A form has at most {MAX_FILES} files.", limit=MAX_FILES)
        path = self._folder / f"file-{self._count}"
        self._file = path.open("xb")
        self._form.files[self._name] = Upload(path, filename.replace("\\", "/").rpartition("/")[2])

    def _add(self, data: bytes | bytearray) -> None:
        if self._file is not None:
            self._file.write(data)
        elif self._is_text:
            self._size += len(data)
            check_text(self._size)
            self._text += data

    def _end(self) -> None:
        if self._is_text:
            self._form.fields.setdefault(self._name, []).append(self._text.decode("utf-8", "replace"))
            self._text = bytearray()
        self.close()


def number_of(text: str | None, name: str, default: float | None = None) -> float | None:
    """A finite number; `default` where it is absent or blank. Raises BadRequest."""
    if text is None or not text.strip():
        return default
    value = real(text)
    if value is not None:
        return value
    raise BadRequest(f"{name} must be a number, not {text[:80]!r}.")


def whole_of(text: str | None, name: str, default: int, least: int = 0) -> int:
    """A whole number from `least` on; `default` where it is absent or blank. Raises BadRequest."""
    if text is None or not text.strip():
        return default
    value = whole(text, MOST_DIGITS)
    if value is not None and value >= least:
        return value
    raise BadRequest(f"{name} must be a whole number from {least} on, not {text[:80]!r}.")


def flag_of(form: Mapping[str, object] | Form, name: str) -> bool:
    """Whether a field has any value that is not blank."""
    value = form.get(name)
    return isinstance(value, str) and bool(value.strip())
