"""Answers of the training API: JSON where the client selects it, else HTML or one line of text (contract, 1.1)."""

from typing import Any

import orjson
from flask import Response, request

from embedding_explorer.api import page

JSON, HTML, TEXT = "application/json", "text/html; charset=utf-8", "text/plain; charset=utf-8"
FRESH = {"Cache-Control": "no-store", "Vary": "Accept"}
# The same policy as the map's page, but the login is a form that works without scripts.
POLICY = page.POLICY.replace("form-action 'none'", "form-action 'self'")
HEADERS = page.HEADERS | {"Content-Security-Policy": POLICY}


def wants_json() -> bool:
    """Whether the answer is JSON: by the path's end, or because `Accept` ranks it strictly above HTML."""
    if request.path.rstrip("/").endswith((".json", "/json")):
        return True
    return request.accept_mimetypes.quality(JSON) > request.accept_mimetypes.quality("text/html")


def answer(value: Any, status: int = 200) -> Response:
    """A JSON value; what is no number or infinite becomes null."""
    data = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    return Response(data, status, FRESH, content_type=JSON)


def line(text: str, status: int = 200) -> Response:
    """One line of text."""
    return Response(" ".join(text.split()), status, FRESH, content_type=TEXT)


def markup(text: str, status: int = 200) -> Response:
    """HTML, a page or a fragment of one."""
    return Response(text, status, FRESH | HEADERS, content_type=HTML)


def moved(place: str) -> Response:
    """302 to a path of this server."""
    return Response(status=302, headers=FRESH | {"Location": place}, content_type=TEXT)
