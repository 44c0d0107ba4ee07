"""Errors of the training API: two shapes of JSON, else a page or one line of text (contract, 1.3)."""

from collections.abc import Mapping, Sequence

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from embedding_explorer import errors
from embedding_explorer.api.bodies import UploadStalled
from embedding_explorer.api.busy import RETRY_AFTER
from embedding_explorer.api.digits import shell
from embedding_explorer.api.digits.answers import answer, line, markup, wants_json
from embedding_explorer.errors import ExplorerError

# The first words of all addresses of this API.
WORDS = frozenset(
    ("datasets", "models", "pretrained_models", "jobs", "store", "files", "autocomplete", "clone", "index", "group",
     "completed_jobs", "gpus", "login", "logout", "abort_jobs", "training", "extension-static")
)  # fmt: skip
# The first class that fits decides.
KINDS: tuple[tuple[type[ExplorerError], int, str], ...] = (
    (UploadStalled, 408, "RequestTimeout"),
    (errors.LimitExceeded, 413, "RequestEntityTooLarge"),
    (errors.BadInput, 400, "BadRequest"),
    (errors.NotFound, 404, "NotFound"),
    (errors.Busy, 503, "ServiceUnavailable"),
    (errors.Conflict, 403, "Forbidden"),
    (errors.TooManyTasks, 429, "TooManyRequests"),
    (errors.StorageFull, 507, "InsufficientStorage"),
    (errors.CatalogUnavailable, 503, "ServiceUnavailable"),
    (errors.NetworkUnusable, 400, "BadRequest"),
)
JOB_NOT_FOUND = "Job not found"
BUSY = "Server is busy, please wait"
GENERAL = {507: "The server has no space left for this. Tell its operator."}
DEFECT = "Something went wrong on the server; its log says what."


def concerns(path: str) -> bool:
    """Whether an address belongs to this API, existing or not. Those of the explorer's jobs do not."""
    word = path.lstrip("/").partition("/")[0].removesuffix(".json")
    return word in WORDS and not (word == "jobs" and g.get("explorer_job", False))


def failure(error: ExplorerError | HTTPException) -> Response:
    """The answer for an error."""
    if isinstance(error, errors.InvalidFields) and (page := g.get("form_page")):
        return refused_form(error.fields, page)
    status, kind, text = told(error)
    if isinstance(error, errors.Busy):
        response = answer({"error": BUSY}, status) if wants_json() else line(BUSY, status)
        response.headers["Retry-After"] = str(RETRY_AFTER)
        return response
    if wants_json():
        return answer({"error": {"type": kind, "message": text, "description": text}}, status)
    if request.method in ("GET", "HEAD"):
        return markup(shell.error_page(status, text), status)
    return line(text, status)


def refused_form(fields: Mapping[str, Sequence[str]], page: str) -> Response:
    """The answer for a form that creates a job: each field with its reasons."""
    if wants_json():
        return answer({"errors": fields}, 400)
    return markup(shell.form_page(page, fields), 400)


def told(error: ExplorerError | HTTPException) -> tuple[int, str, str]:
    """Status, type and description of an error."""
    if isinstance(error, HTTPException):
        return _told_by_framework(error)
    for kind, status, name in KINDS:
        if isinstance(error, kind):
            text = JOB_NOT_FOUND if isinstance(error, errors.JobNotFound) else GENERAL.get(status, error.message)
            return status, name, " ".join(text.split())
    return 500, type(error).__name__, " ".join(error.message.split())


def _told_by_framework(error: HTTPException) -> tuple[int, str, str]:
    status = error.code or 500
    if status < 500:
        return status, type(error).__name__, error.description or error.name
    cause = getattr(error, "original_exception", None)
    return status, type(cause or error).__name__, DEFECT
