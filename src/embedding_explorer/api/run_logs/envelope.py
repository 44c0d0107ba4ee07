"""Answers of the run-logs API: an envelope with HTTP status 200, whether they are good or bad (contract, 2.2 and 2.3)."""

from typing import Any

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException

from embedding_explorer.api.wire import JSON, REVALIDATE, etag_of, not_modified
from embedding_explorer.errors import ExplorerError
from embedding_explorer.jobs.run_logs import FAILED, Reply, told

GOOD, BAD = 200, 500


def good(data: Any) -> Response:
    """A payload that is not kept anywhere."""
    return Response(orjson.dumps({"code": GOOD, "msg": "ok", "data": data}), mimetype=JSON)


def bad(message: str) -> dict[str, Any]:
    """The body of a failure, its reason on one line."""
    return {"code": BAD, "msg": " ".join(message.split()), "data": ""}


def failure(error: ExplorerError | HTTPException) -> tuple[int, dict[str, Any]]:
    """Status and body of an error: only addresses and methods that do not exist have a status of their own."""
    if isinstance(error, ExplorerError):
        return 200, bad(told(error))
    status = error.code or BAD
    return (200, bad(FAILED)) if status >= BAD else (status, bad(error.description or error.name))


def kept(reply: Reply, key: str) -> Response:
    """An answer of the reader; 304 where the client has it already. `key` is what else tells it from others."""
    etag = etag_of(reply.version, reply.packed, key)
    response = not_modified(etag, REVALIDATE)
    if response is None:
        response = Response(reply.body, content_type=reply.mimetype)
        response.set_etag(etag)
    if reply.mimetype != JSON:
        response.headers["X-Content-Type-Options"] = "nosniff"
    elif reply.packed and response.status_code == 200:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"private, {REVALIDATE}"
    return response
