"""The page: its files as they lie in the package, under a policy that lets it load nothing from anywhere else."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flask import Blueprint, Response

from embedding_explorer.api.wire import REVALIDATE, etag_of, not_modified, tagged, takes_gzip
from embedding_explorer.errors import ExplorerError, NotFound

WEB = Path(__file__).parent.parent / "web"
INDEX = "index.html"
MAX_NAME = 200  # characters; what is longer is no file of ours, and may be too long for any
# Only what is listed here is served, so a note or a script that lies among the files is not.
MIMETYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
PACKED = (".html", ".js", ".css", ".json", ".webmanifest", ".svg")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Stamp = tuple[int, int]


@dataclass(frozen=True)
class Asset:
    """One file in memory: as it is, gzipped where that pays, and the digest of its content."""

    plain: bytes
    packed: bytes | None
    digest: str


class Assets:
    """The files of a folder, read again when they change; raises NotFound for what is not to be served."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._read: dict[Path, tuple[Stamp, Asset]] = {}

    def get(self, name: str) -> Asset:
        """The file `name`, a path with slashes below the folder."""
        path = self._path(name)
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._read.get(path)
            if known is None or known[0] != stamp:
                known = self._read[path] = (stamp, load(path))
        except (FileNotFoundError, NotADirectoryError):
            raise missing(name) from None
        return known[1]

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if any(part.startswith(".") or not part or "\\" in part or not part.isprintable() for part in parts):
            raise missing(name)
        if len(name) > MAX_NAME or PurePosixPath(name).suffix not in MIMETYPES:
            raise missing(name)
        path = self.folder.joinpath(*parts).resolve()
        if not path.is_relative_to(self.folder):  # a link that leads out
            raise missing(name)
        return path


def load(path: Path) -> Asset:
    """Read one file."""
    plain = path.read_bytes()
    packed = gzip.compress(plain, mtime=0) if path.suffix in PACKED else None
    return Asset(plain, packed, hashlib.sha256(plain).hexdigest())


def missing(name: str) -> NotFound:
    """The error for a file that is not there, or not for anybody to see."""
    return NotFound(f"The page has no file {name[:100]!r}.")


def make(folder: Path = WEB, other: Callable[[], Response | None] = lambda: None) -> Blueprint:
    """The blueprint. None of it is guarded by the busy lock, and none of it is part of the described API.

    `other`: what `/` answers to a client that does not want the page; None where it does.
    """
    bp = Blueprint("page", __name__)
    assets = Assets(folder)

    @bp.get("/")
    def page() -> Response:
        try:
            return other() or asset_answer(assets.get(INDEX), INDEX)
        except NotFound:
            raise ExplorerError(
                f"The page's files are missing from this installation ({assets.folder / INDEX}). "
                "Install the package again; the API works without them."
            ) from None

    # Two slashes in a row are a name that is not there, not one to be corrected by a redirect.
    @bp.get("/web/<path:name>", merge_slashes=False)
    def file(name: str) -> Response:
        return asset_answer(assets.get(name), name)

    return bp


def asset_answer(asset: Asset, name: str) -> Response:
    """One file, as the client can take it."""
    packed = asset.packed is not None and takes_gzip()
    etag = etag_of(asset.digest, "gzip" if packed else "identity")
    response = not_modified(etag, REVALIDATE)
    if response is None:
        body = asset.packed if packed else asset.plain
        response = tagged(Response(body), etag, REVALIDATE)
        response.headers["Content-Type"] = MIMETYPES[PurePosixPath(name).suffix]
        if packed:
            response.headers["Content-Encoding"] = "gzip"
    response.headers.update(HEADERS)
    return response
