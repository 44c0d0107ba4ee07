"""The body of a request: JSON, a multipart form in either of two encodings, or JSON under curl's default type."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import g, request
from werkzeug.exceptions import UnsupportedMediaType

from embedding_explorer.api.bodies import PIECE, BodyReader, check_complete, over_limit
from embedding_explorer.api.networks.flat import head_of, nested, path_of
from embedding_explorer.api.networks.multipart import FilePart, Part, TextPart, read_parts
from embedding_explorer.api.networks.spool import Spool
from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput
from embedding_explorer.json_bounds import text_of, values_in
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.networks.registered.values import MAX_DEPTH, depth
from embedding_explorer.settings import Settings

JSON, FORM, URLENCODED = "application/json", "multipart/form-data", "application/x-www-form-urlencoded"
NO_TYPE = ("", URLENCODED)
MAX_STRUCTURE = 4 * MAX_DEPTH  # levels of JSON that are looked into at all
MAX_ELEMENTS = 1_000_000  # values in one JSON text


@dataclass(frozen=True)
class Schema:
    """What the parts of a form are.

    Attributes:
        fields: all fields that come as texts.
        json_fields: those of them that are JSON in one part (form A) or flattened to several (form B).
        is_file: whether a part of that name is a file, where it has a file name; else it is a text.
        repeated: a field that may come several times, for a list of texts.
        file_leaves: whether files are leaves of flattened fields, and not files in their own right.
        read_only: fields that only the server sets.
    """

    fields: tuple[str, ...]
    json_fields: tuple[str, ...]
    is_file: Callable[[str], bool]
    repeated: str = ""
    file_leaves: bool = False
    read_only: tuple[str, ...] = ()


@dataclass
class Body:
    """Fields of a request, and the files that came with it. Leaves of the fields in `flat` are texts (form B); those in
    `whole` came as one part of a form (form A). `faults` is what is wrong with names and texts of a form: the reader of
    the fields adds his own to them, so that all are reported together."""

    fields: dict[str, Any]
    flat: frozenset[str] = frozenset()
    files: list[FilePart] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)


@contextmanager
def received(settings: Settings, folder: Path, schema: Schema, most: int, setting: str) -> Iterator[Body]:
    """The body of the current request, read whole, its files in `folder`.

    Raises:
        BadInput: not readable.
        LimitExceeded: over `most` bytes, or too many texts and parts.
        UnsupportedMediaType: a type that the networks API does not take.
    """
    kind, length = request.mimetype, request.content_length
    check_type(kind)
    if length is not None and length > most:
        raise over_limit(most, setting)
    reader = g.body = BodyReader(request.environ["wsgi.input"], settings.upload_stall_seconds, most, setting)
    spool = Spool(folder)
    try:
        with full_disk_named(folder):
            parts = read_form(reader, folder, spool, schema) if kind == FORM else read_text(reader, spool)
        check_complete(reader, length)
        with spool.turn():
            yield form_body(parts, spool, schema) if kind == FORM else json_body(spool, strict=kind == JSON)
    finally:
        spool.close()


def check_type(kind: str) -> None:
    """Raise UnsupportedMediaType for a body that is not even looked at."""
    if kind not in (JSON, FORM, *NO_TYPE) or request.headers.get("Content-Encoding", "identity") != "identity":
        raise unsupported()


def unsupported() -> UnsupportedMediaType:
    """The error for a type that the networks API does not take."""
    return UnsupportedMediaType("Send a JSON object as application/json, or a form as multipart/form-data.")


def read_text(reader: BodyReader, spool: Spool) -> list[Part]:
    """The whole body as one text."""
    while piece := reader.read(PIECE):
        spool.append(piece)
    return []


def read_form(reader: BodyReader, folder: Path, spool: Spool, schema: Schema) -> list[Part]:
    """The parts of a form; raises BadInput for a form that is broken or broke off."""
    try:
        boundary = request.mimetype_params.get("boundary", "")
        if not boundary:
            raise BadInput("The form cannot be read: its Content-Type names no boundary.")
        return read_parts(reader, boundary, folder, spool, lambda name: not schema.is_file(name))
    except BadInput:
        check_complete(reader, request.content_length)
        raise


def json_body(spool: Spool, strict: bool) -> Body:
    """A JSON object; under a type that does not say JSON, anything else is a wrong type."""
    try:
        return Body(parse_object(spool.read((0, spool.size))))
    except BadInput as error:
        if not strict:
            raise unsupported() from error
        raise


def parse_object(text: bytes) -> dict[str, Any]:
    """The JSON object in a text; raises BadInput."""
    value = parse_json(text)
    if not isinstance(value, dict):
        raise BadInput("The body must be a JSON object.")
    return value


def parse_json(text: bytes) -> Any:
    """The JSON value in a text; raises BadInput, also for one that is nested or long beyond all reason."""
    too_deep = BadInput(f"This is JSON nested deeper than {MAX_STRUCTURE} levels.")
    try:
        read = text_of(text)
        if values_in(read) > MAX_ELEMENTS:
            raise BadInput(f"This is JSON of more than {MAX_ELEMENTS} values.")
        value = json.loads(read)
    except RecursionError as error:
        raise too_deep from error
    except ValueError as error:
        raise BadInput(f"This is no valid JSON: {error}") from error
    if depth(value, MAX_STRUCTURE) > MAX_STRUCTURE:
        raise too_deep
    return value


def form_body(parts: Sequence[Part], spool: Spool, schema: Schema) -> Body:
    """The fields of a form, with all that is wrong with its names and texts."""
    files = [part for part in parts if isinstance(part, FilePart)]
    body = Body({}, files=[] if schema.file_leaves else files)
    faults = body.faults
    leaves: list[tuple[str, Any]] = [(part.name, part) for part in files if schema.file_leaves]
    for part in parts:
        if isinstance(part, FilePart):
            continue
        if part.name in schema.fields:
            read_whole(part, spool, schema, body, faults)
        elif may_be_flattened(part, schema, faults):
            leaves.append((part.name, decoded(part, spool, faults)))
    add_flattened(body, leaves, faults)
    return body


def may_be_flattened(part: TextPart, schema: Schema, faults: Faults) -> bool:
    """Whether a text that is no field of its own is a leaf of one."""
    name, head = part.name, head_of(part.name)
    if head in schema.json_fields:
        return True
    if head in schema.fields:
        faults.add(path_of(name), f"{head} is a single text")
    elif name in schema.read_only:
        faults.add(name, "is set by the server", code="read_only")
    else:
        why = f"known are {', '.join(schema.fields)}" if part.named_file else "it came as text, not as a file"
        faults.add(name, f"is no known field; {why}", code="unknown_field")
    return False


def add_flattened(body: Body, leaves: Sequence[tuple[str, Any]], faults: Faults) -> None:
    """Put fields together from their leaves."""
    fields = nested(leaves, faults)
    for name in fields.keys() & body.fields.keys():
        faults.add(name, "came as one part and flattened to several")
    body.fields |= fields
    body.flat = frozenset(fields)


def read_whole(part: TextPart, spool: Spool, schema: Schema, body: Body, faults: Faults) -> None:
    """A field that came as one part: a text, or JSON (form A)."""
    text, name = decoded(part, spool, faults), part.name
    is_json = name in schema.json_fields and (name != schema.repeated or text.lstrip().startswith("["))
    if name == schema.repeated and not is_json and name not in body.whole:
        body.fields.setdefault(name, []).append(text)
        return
    if name in body.fields:
        return faults.add(name, "came twice")
    body.whole.add(name)
    try:
        body.fields[name] = parse_json(text.encode()) if is_json else text
    except BadInput as error:
        faults.add(name, error.message)


def decoded(part: TextPart, spool: Spool, faults: Faults) -> str:
    """The text of a part."""
    try:
        return spool.read(part.span).decode()
    except UnicodeDecodeError:
        faults.add(path_of(part.name), "is no text in UTF-8")
        return ""
