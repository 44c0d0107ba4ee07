"""How answers go out: immutable bodies from files, with strong ETags, compressed once, in bounded memory."""

import gzip
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from flask import Response, request

from embedding_explorer.datasets.disk import PART, full_disk_named, keep_used

CHUNK = 256 * 1024
GZIP_LEVEL = 4  # coordinates hardly get smaller above it, and take three times as long
GZIP_FROM = 1000  # bytes; below it nothing is gained
STRIPES = 16  # locks that keep two threads from making the same body
JSON, BINARY, ARROW = "application/json", "application/octet-stream", "application/vnd.apache.arrow.stream"
FOR_EVER, REVALIDATE = "public, max-age=31536000, immutable", "no-cache"


def wanted(*offered: str) -> str:
    """The media type of `offered` that the client asks for; the first one when it has no preference."""
    return request.accept_mimetypes.best_match(offered, default=offered[0]) or offered[0]


def takes_gzip() -> bool:
    """Whether the client can read a gzipped body."""
    return request.accept_encodings["gzip"] > 0


def freshness(asked: str) -> str:
    """How long what belongs to a dataset may be kept: for ever, unless it was asked for by `main`."""
    return REVALIDATE if asked == "main" else FOR_EVER


def etag_of(*parts: object) -> str:
    """A strong entity tag for what these parts determine."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def not_modified(etag: str, cache: str) -> Response | None:
    """304 when the client has the body already; also by a tag that a proxy weakened when it packed the body (RFC 9110)."""
    if request.if_none_match.contains_weak(etag):
        return tagged(Response(status=304), etag, cache)
    return None


def tagged(response: Response, etag: str, cache: str) -> Response:
    """Add the headers that let a client keep the answer."""
    response.set_etag(etag)
    response.headers["Cache-Control"] = cache
    response.vary.update(("Accept", "Accept-Encoding"))
    return response


def file_answer(path: Path, mimetype: str, etag: str, cache: str = FOR_EVER) -> Response:
    """A whole file; raises FileNotFoundError."""
    unchanged = not_modified(etag, cache)
    if unchanged is not None:
        return unchanged
    return tagged(section_answer(path, 0, path.stat().st_size, mimetype), etag, cache)


def section_answer(path: Path, start: int, length: int, mimetype: str) -> Response:
    """`length` bytes of a file from `start` on, read as they are sent."""
    pieces = read_section(path, start, length)
    body = b"".join(pieces) if length <= CHUNK else pieces
    return Response(body, mimetype=mimetype, headers={"Content-Length": str(length)}, direct_passthrough=True)


def read_section(path: Path, start: int, length: int) -> Iterator[bytes]:
    """The section of a file in pieces."""
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (piece := file.read(min(CHUNK, length))):
            length -= len(piece)
            yield piece


def json_answer(body: Mapping[str, Any], cache: str = REVALIDATE) -> Response:
    """A body made for this request, tagged by what it says, and gzipped where the client allows and it pays."""
    content = orjson.dumps(body)
    encoding = "gzip" if takes_gzip() and len(content) >= GZIP_FROM else "identity"
    etag = etag_of(hashlib.sha256(content).hexdigest(), encoding)
    response = not_modified(etag, cache)
    if response is None:
        packed = gzip.compress(content, GZIP_LEVEL, mtime=0) if encoding == "gzip" else content
        response = tagged(Response(packed, mimetype=JSON), etag, cache)
        if encoding == "gzip":
            response.headers["Content-Encoding"] = "gzip"
    return response


class ResponseCache:
    """Serialised answers as files in a folder of bounded size: made once, then sent without being read into memory.

    What is made of one dataset lies in a folder of its id (`owner`), which goes with the dataset. At most `makers`
    bodies are made at a time, so that a crowd does not fill the memory.
    """

    def __init__(self, folder: Path, most_bytes: int, makers: int = 1) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self._makers = threading.BoundedSemaphore(makers)
        self._each = [threading.Lock() for _ in range(STRIPES)]

    def answer(
        self,
        parts: tuple[object, ...],
        mimetype: str,
        make: Callable[[], bytes],
        cache: str,
        headers: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> Response:
        """The body that `parts` determine; `make` gives it when it is not kept yet."""
        encoding = "gzip" if mimetype == JSON and takes_gzip() else "identity"
        etag = etag_of(*parts, mimetype, encoding)
        response = not_modified(etag, cache)
        if response is None:
            response = file_answer(self._path(etag, make, encoding, owner), mimetype, etag, cache)
        response.headers.update(headers or {})
        if encoding == "gzip" and response.status_code == 200:
            response.headers["Content-Encoding"] = "gzip"
        return response

    def kept_file(self, etag: str, write: Callable[[Path], None], owner: str = "") -> Path:
        """The file kept under `etag`; `write` makes it at the path that it is given. Raises StorageFull."""
        path = self.folder / owner / etag
        while not used(path):  # again where it had to make room for others at once
            with self._each[hash(etag) % STRIPES], self._makers:
                self.keep(etag, write, owner)
        return path

    def has(self, etag: str, owner: str = "") -> bool:
        """Whether a file is kept under `etag`."""
        return (self.folder / owner / etag).exists()

    def keep(self, etag: str, write: Callable[[Path], None], owner: str = "") -> None:
        """Keep what `write` makes under `etag` unless it is kept; without waiting, for who makes something already."""
        path = self.folder / owner / etag
        if not path.exists():
            self._make(path, write)

    def _path(self, etag: str, make: Callable[[], bytes], encoding: str, owner: str) -> Path:
        def write(path: Path) -> None:
            body = make()
            path.write_bytes(gzip.compress(body, GZIP_LEVEL, mtime=0) if encoding == "gzip" else body)

        return self.kept_file(etag, write, owner)

    def _make(self, path: Path, write: Callable[[Path], None]) -> None:
        part = path.with_suffix(f".{secrets.token_hex(4)}{PART}")
        try:
            with full_disk_named(self.folder):
                path.parent.mkdir(parents=True, exist_ok=True)
                write(part)
            keep_used(self.folder, self.most_bytes - part.stat().st_size)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def used(path: Path) -> bool:
    """Note that a file is used now; False where it is not there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
