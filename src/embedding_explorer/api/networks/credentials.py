"""Keys of the networks API."""

import hashlib
import hmac
from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import Unauthorized

HEADER = "X-API-KEY"
PREFLIGHT = "Access-Control-Request-Method"


def install(app: Flask, keys: str, concerns: Callable[[str], bool]) -> None:
    """Ask for one of the keys (a list with commas) in every request whose path is concerned; none: ask for nothing."""
    known = [digest(key.strip()) for key in keys.split(",") if key.strip()]

    @app.before_request
    def check() -> Response | None:
        # A browser asks for permission without a key, which it sends only afterwards.
        preflight = request.method == "OPTIONS" and PREFLIGHT in request.headers
        if known and concerns(request.path) and not preflight:
            check_key(request.headers.get(HEADER, ""), known)
        return None


def check_key(given: str, known: list[bytes]) -> None:
    """Raise Unauthorized unless the key is known. The time that this takes says nothing about the keys."""
    mine = digest(given)
    matches = [hmac.compare_digest(mine, each) for each in known]
    if not any(matches):
        raise Unauthorized(f"Send one of this server's keys in the header {HEADER}.")


def digest(key: str) -> bytes:
    """Of fixed length, so that comparing does not tell the key's."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
