"""Lists in pages: `offset` and `limit`, and the addresses of the pages before and after."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.sansio.utils import get_host

from embedding_explorer.errors import InvalidFields

DEFAULT, MOST = 100, 1000
MAX_OFFSET = 2**62
# Werkzeug takes no underscores, which names of containers have.
HOST = re.compile(r"[A-Za-z0-9._~-]{1,255}(:[0-9]{1,5})?")
WHOLE = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Page:
    """A part of a list."""

    offset: int
    limit: int

    @classmethod
    def asked_for(cls) -> "Page":
        """The page that the current request asks for; raises InvalidFields."""
        limit = number("limit", DEFAULT, 1)
        return cls(number("offset", 0, 0), min(limit, MOST))

    def to_json(self, count: int, results: list[Any]) -> dict[str, Any]:
        """The page as answers show it; `count` is the length of the whole list."""
        return {**self.head(count), "results": results}

    def head(self, count: int) -> dict[str, Any]:
        """All but the results: `next` and `previous` also under the name that the Python client looks up."""
        previous = address(max(0, self.offset - self.limit), self.limit) if self.offset else None
        following = address(self.offset + self.limit, self.limit) if self.offset + self.limit < count else None
        return {"count": count, "next": following, "previous": previous, "prev": previous}


def number(name: str, default: int, least: int) -> int:
    """A whole number of the query, at most MAX_OFFSET; raises InvalidFields."""
    text = request.args.get(name)
    if text is None:
        return default
    # Twenty digits are beyond MAX_OFFSET whatever follows; Python refuses to read thousands of them.
    value = min(int(text.lstrip("0")[:20] or "0"), MAX_OFFSET) if WHOLE.fullmatch(text) else -1
    if value < least:
        reason = f"must be a whole number from {least} on, not {text[:40]!r}"
        raise InvalidFields(f"{name} {reason}.", fields={name: [reason]})
    return value


def address(offset: int, limit: int) -> str:
    """The absolute address of another page of the list that is asked for, with the rest of the query as it is."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in ("offset", "limit")]
    query = urlencode([*kept, ("limit", limit), ("offset", offset)])
    return f"{request.scheme}://{host()}{request.path}?{query}"


def host() -> str:
    """Host and port that the request went to; where it does not say so in plain characters, those of the server."""
    written = request.headers.get("Host", "")
    if not request.host and HOST.fullmatch(written):
        return written
    return request.host or get_host(request.scheme, None, request.server) or "localhost"
