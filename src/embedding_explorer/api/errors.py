"""Domain errors as answers of the explorer API: one table, one shape."""

from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from embedding_explorer import errors
from embedding_explorer.api.bodies import UploadStalled, answer_before_body
from embedding_explorer.errors import ExplorerError

# The first class that fits decides.
STATUS: tuple[tuple[type[ExplorerError], int], ...] = (
    (UploadStalled, 408),
    (errors.LimitExceeded, 413),
    (errors.BadInput, 400),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Busy, 503),
    (errors.NetworkUnavailable, 503),
    (errors.JobAborted, 409),
    (errors.StorageFull, 507),
    (ExplorerError, 500),
)
UPLOAD = "explorer.create_dataset"


def status_of(error: ExplorerError) -> int:
    """HTTP status of a domain error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def body_of(message: str, status: int) -> dict[str, Any]:
    """`{"error"}`, and for an upload the contract's sentence with the reason as `detail`."""
    if request.endpoint != UPLOAD:
        return {"error": message}
    title = "Error during file upload" if status < 500 else "Error during handling dataset"
    return {"error": title, "detail": message}


def install(app: Flask, max_body: int) -> None:
    """Answer every error of the program as JSON."""

    @app.errorhandler(ExplorerError)
    def explorer_error(error: ExplorerError) -> Response:
        status = status_of(error)
        response = jsonify(body_of(error.message, status))
        response.status_code = status
        return answer_before_body(response, max_body)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        response = jsonify(body_of(error.description or error.name, status))
        response.status_code = status
        if error.get_response().headers.get("Allow"):
            response.headers["Allow"] = error.get_response().headers["Allow"]
        return answer_before_body(response, max_body)
