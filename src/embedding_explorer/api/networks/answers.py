"""Answers of the networks API: JSON whatever happens, errors all of one shape."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from embedding_explorer import errors
from embedding_explorer.api.bodies import UploadStalled
from embedding_explorer.errors import ExplorerError

JSON = "application/json"
# The first class that fits decides; an error that carries a code of its own keeps it.
KINDS: tuple[tuple[type[ExplorerError], int, str], ...] = (
    (UploadStalled, 408, "timeout"),
    (errors.LimitExceeded, 413, "too_large"),
    (errors.BadInput, 400, "invalid"),
    (errors.NotFound, 404, "not_found"),
    (errors.Conflict, 409, "conflict"),
    (errors.TooManyTasks, 429, "too_many_tasks"),
    (errors.StorageFull, 507, "storage_full"),
    (errors.CatalogUnavailable, 503, "catalog_unavailable"),
    (ExplorerError, 500, "internal"),
)
CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "read_only",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
# The message of these may name folders of the server.
GENERAL = {
    507: "The server has no space left for this. Tell its operator.",
    500: "Something went wrong on the server; its log says what.",
}


def answer(value: Any, status: int = 200) -> Response:
    """A JSON value, its objects in the order that they were made in."""
    return Response(json.dumps(value), status, mimetype=JSON)


def deleted() -> Response:
    """204. Old clients fail on an answer without a type even where there is no body."""
    return Response(status=204, mimetype=JSON)


def streamed(pieces: Iterator[bytes], length: int | None = None) -> Response:
    """JSON that is made while it is sent."""
    response = Response(pieces, mimetype=JSON)
    if length is not None:
        response.content_length = length
    return response


def page_in_pieces(head: dict[str, Any], results: Iterable[Iterator[bytes]]) -> Response:
    """A page whose results are made while it is sent, each in pieces. One whose file is gone by then is left out."""

    def body() -> Iterator[bytes]:
        yield json.dumps(head)[:-1].encode() + b', "results": ['
        separator = b""
        for pieces in results:
            with suppress(FileNotFoundError):
                yield separator + next(pieces)
                yield from pieces
                separator = b", "
        yield b"]}"

    return streamed(body())


def failure(error: ExplorerError | HTTPException) -> tuple[int, dict[str, Any]]:
    """Status and body of an error."""
    if isinstance(error, HTTPException):
        status = error.code or 500
        return status, shape(status, error.description or error.name, CODES.get(status, "internal"))
    status, code = next((status, code) for kind, status, code in KINDS if isinstance(error, kind))
    body = shape(status, error.message, str(error.facts.get("code", code)))
    if isinstance(error, errors.InvalidFields):
        body["fields"] = error.fields
    return status, body


def shape(status: int, message: str, code: str) -> dict[str, Any]:
    """The body of an error, its message on one line."""
    return {"error": GENERAL.get(status) or " ".join(message.split()) or code, "code": code}
