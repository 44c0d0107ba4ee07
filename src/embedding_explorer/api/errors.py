"""Domain errors as answers: the explorer API's table and shape, and whoever else has a shape for his addresses."""

from collections.abc import Callable, Sequence
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
    (errors.NetworkUnusable, 409),
    (errors.Busy, 503),
    (errors.NetworkUnavailable, 503),
    (errors.JobAborted, 409),
    (errors.StorageFull, 507),
    (errors.CatalogUnavailable, 503),
    (errors.TooManyTasks, 429),
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


def failure(error: ExplorerError | HTTPException) -> tuple[int, dict[str, Any]]:
    """Status and body of an error of the explorer API."""
    if isinstance(error, HTTPException):
        status, message = error.code or 500, error.description or error.name
    else:
        status, message = status_of(error), error.message
    return status, body_of(message, status)


Failure = Callable[[ExplorerError | HTTPException], tuple[int, dict[str, Any]] | Response]
Shapes = Sequence[tuple[Callable[[str], bool], Failure]]


def as_response(shaped: tuple[int, dict[str, Any]] | Response) -> Response:
    """What a shape gave, as an answer."""
    if isinstance(shaped, Response):
        return shaped
    status, body = shaped
    response = jsonify(body)
    response.status_code = status
    return response


def install(app: Flask, max_body: int, shapes: Shapes = ()) -> None:
    """Answer every error of the program, as JSON unless an API has a form of its own.

    `shapes` are the other APIs' own: whether an address is theirs, whether it exists or not, and what they answer.
    """

    @app.errorhandler(ExplorerError)
    @app.errorhandler(HTTPException)
    def answer(error: ExplorerError | HTTPException) -> Response:
        shape = next((shape for concerns, shape in shapes if concerns(request.path)), failure)
        response = as_response(shape(error))
        if isinstance(error, HTTPException) and (allowed := error.get_response().headers.get("Allow")):
            response.headers["Allow"] = allowed
        return answer_before_body(response, max_body)
