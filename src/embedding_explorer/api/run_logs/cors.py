"""Which pages of other origins may read run logs with a visitor's cookies (contract, 2.6)."""

import re
from collections.abc import Callable, Sequence

from flask import Flask, Response, request

LOCAL = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")
METHODS = "GET, OPTIONS"
HEADERS = "content-type, x-requested-with, authorization, accept"
MAX_AGE = "600"


def install(app: Flask, origins: Sequence[str], concerns: Callable[[str], bool]) -> None:
    """Answer for this API. What other origins get, the rest of the server says (`app.create_app`)."""
    allowed = frozenset(origins) - {"*"}

    @app.after_request
    def allow(response: Response) -> Response:
        if concerns(request.path):
            response.vary.add("Origin")
            origin = request.headers.get("Origin", "")
            if origin in allowed or LOCAL.fullmatch(origin):
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Credentials"] = "true"
                if request.method == "OPTIONS":
                    permit(response)
        return response


def permit(response: Response) -> None:
    """The headers of a preflight: whatever was asked, all of it only reads."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    response.headers["Access-Control-Allow-Methods"] = METHODS
    response.headers["Access-Control-Allow-Headers"] = (
        f"{HEADERS}, {asked}" if asked.isprintable() and asked else HEADERS
    )
    response.headers["Access-Control-Max-Age"] = MAX_AGE
