"""Files of jobs (contract, 1.6). Secrets, and what only this server itself reads, are not served."""

from pathlib import Path

from flask import Response, request
from werkzeug.utils import send_file

from embedding_explorer.errors import JobNotFound, NotFound
from embedding_explorer.jobs.training.folders import PRIVATE
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.training.datasets.state import FILE as STATE

MAX_PART = 255  # bytes of a name on any file system

MIMETYPES = {
    ".txt": "text/plain",
    ".log": "text/plain",
    ".json": "application/json",
    ".yaml": "text/plain",
    ".prototxt": "text/plain",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".npy": "application/octet-stream",
    ".safetensors": "application/octet-stream",
    ".pt": "application/octet-stream",
    ".pth": "application/octet-stream",
    ".caffemodel": "application/octet-stream",
}
INTERNAL = PRIVATE | {STATE}


def file_of(service: TrainingService, name: str) -> Response:
    """A file `<id>/<name>` of the jobs folder; raises NotFound for all that is not to be served."""
    parts = name.split("/")
    if not is_public(parts):
        raise missing(name)
    try:
        folder = service.get(parts[0]).folder.resolve()
    except JobNotFound:
        raise missing(name) from None
    path = folder.joinpath(*parts[1:])
    # A link may lead anywhere; what it leads to must be in the same folder, and public there.
    try:
        real = path.resolve()
    except OSError:  # too long as a whole
        raise missing(name) from None
    if not real.is_relative_to(folder) or not is_public([parts[0], *real.relative_to(folder).parts]):
        raise missing(name)
    return sent(real, name)


def is_public(parts: list[str]) -> bool:
    """Whether the parts of a path, the job's id first, are those of a file to be served."""
    if len(parts) < 2 or any(not part or part.startswith(".") or not part.isprintable() for part in parts):
        return False
    if any(len(part.encode()) > MAX_PART or "\\" in part or part in INTERNAL for part in parts):
        return False
    return Path(parts[-1]).suffix.lower() in MIMETYPES


def missing(name: str) -> NotFound:
    """The error for a file that is not there, or not for anybody to see."""
    return NotFound(f"There is no file {name[:200]!r}.")


def there(path: Path) -> bool:
    """Whether there is such a file; no path is too long for that question."""
    try:
        return path.is_file()
    except OSError:
        return False


def sent(path: Path, name: str) -> Response:
    """The file; in parts where the client asks for them."""
    if not there(path):
        raise missing(name)
    mimetype = MIMETYPES[path.suffix.lower()]
    response = send_file(path, request.environ, mimetype=mimetype, conditional=True, response_class=Response)
    assert isinstance(response, Response)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
