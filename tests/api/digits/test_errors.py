"""The errors of the training API: two shapes of JSON, a page, a line (contract, 1.3)."""

import inspect

import pytest
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound

from embedding_explorer import errors
from embedding_explorer.api.bodies import UploadStalled
from embedding_explorer.api.digits.errors import concerns, failure, told
from embedding_explorer.errors import ExplorerError, InvalidFields

APP = Flask("test")
JSON = {"Accept": "application/json"}
# All others are 500 under their own names.
TOLD = {
    errors.BadInput: (400, "BadRequest"),
    errors.UnreadableImage: (400, "BadRequest"),
    errors.FetchFailed: (400, "BadRequest"),
    errors.InvalidFields: (400, "BadRequest"),
    errors.NetworkUnusable: (400, "BadRequest"),
    errors.BadArchive: (400, "BadRequest"),
    errors.NoReadableImage: (400, "BadRequest"),
    errors.RefusedPickle: (400, "BadRequest"),
    errors.UnknownReducer: (400, "BadRequest"),
    errors.UnknownNetwork: (400, "BadRequest"),
    errors.UnknownLayer: (400, "BadRequest"),
    errors.BadLogParameter: (400, "BadRequest"),
    errors.UnreadableLog: (400, "BadRequest"),
    errors.LimitExceeded: (413, "RequestEntityTooLarge"),
    errors.NotFound: (404, "NotFound"),
    errors.JobNotFound: (404, "NotFound"),
    errors.DatasetNotFound: (404, "NotFound"),
    errors.RangeNotFound: (404, "NotFound"),
    errors.ImageNotFound: (404, "NotFound"),
    errors.RegisteredNetworkNotFound: (404, "NotFound"),
    errors.TaskNotFound: (404, "NotFound"),
    errors.LogPathNotFound: (404, "NotFound"),
    errors.NoLogData: (404, "NotFound"),
    errors.NoLogStep: (404, "NotFound"),
    errors.Conflict: (403, "Forbidden"),
    errors.SpaceMismatch: (403, "Forbidden"),
    errors.NoFeatures: (403, "Forbidden"),
    errors.NotDeployed: (403, "Forbidden"),
    errors.Busy: (503, "ServiceUnavailable"),
    errors.CatalogUnavailable: (503, "ServiceUnavailable"),
    errors.StorageFull: (507, "InsufficientStorage"),
    errors.TooManyTasks: (429, "TooManyRequests"),
}
CLASSES = [kind for kind in vars(errors).values() if inspect.isclass(kind) and kind.__module__ == errors.__name__]


def answered(error: ExplorerError | HTTPException, path: str = "/x", method: str = "GET", page: str = "",
             headers: dict[str, str] | None = None) -> Response:  # fmt: skip
    """The answer for an error during a request."""
    with APP.test_request_context(path, method=method, headers=headers):
        if page:
            g.form_page = page
        return failure(error)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_of_error_has_a_status_and_a_type(kind: type[ExplorerError]) -> None:
    status, name, text = told(kind("The reason."))
    assert (status, name) == TOLD.get(kind, (500, kind.__name__))
    assert text
    assert told(UploadStalled("x"))[0] == 408


def test_an_unknown_job_has_the_contracts_words() -> None:
    answer = answered(errors.JobNotFound("There is no job 'x'.", job="x"), headers=JSON)
    assert answer.json == {"error": {"type": "NotFound", "message": "Job not found", "description": "Job not found"}}


def test_a_form_is_refused_in_its_own_shape_only_where_it_creates_a_job() -> None:
    error = InvalidFields("Two.", {"a": ["One.", "Two."], "b": ["<Three>"]})
    assert answered(error, headers=JSON, page="new").json == {"errors": {"a": ["One.", "Two."], "b": ["<Three>"]}}
    assert set(answered(error, headers=JSON).json) == {"error"}
    page = answered(error, page="new", method="POST")
    shown = page.get_data(as_text=True)
    assert page.status_code == 400 and "&lt;Three&gt;" in shown and 'data-page="new"' in shown


def test_the_answer_has_the_form_that_was_asked_for() -> None:
    for path in ("/datasets/x.json", "/datasets/x/json", "/datasets/x.json/"):
        assert answered(NotFound(), path).content_type == "application/json"
    assert answered(NotFound()).content_type.startswith("text/html")
    assert answered(NotFound(), method="DELETE").content_type.startswith("text/plain")


def test_a_defect_tells_its_class_and_nothing_of_the_inside() -> None:
    error = InternalServerError(original_exception=KeyError("secret"))
    answer = answered(error, headers=JSON)
    assert answer.status_code == 500 and answer.json["error"]["type"] == "KeyError"  # type: ignore[index]
    assert b"secret" not in answer.get_data()
    assert answered(MethodNotAllowed(), headers=JSON).json["error"]["type"] == "MethodNotAllowed"  # type: ignore[index]


def test_a_busy_server_says_when_to_come_again() -> None:
    answer = answered(errors.Busy("x"), headers=JSON)
    assert answer.json == {"error": "Server is busy, please wait"} and int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("path", "mine"),
    [
        ("/datasets/x", True),
        ("/datasets", True),
        ("/jobs/x.json", True),
        ("/index.json", True),
        ("/pretrained_models.json", True),
        ("/files/x/y", True),
        ("/dataset", False),
        ("/dataset/info", False),
        ("/maps/x", False),
        ("/", False),
        ("/v0.7/networks", False),
        ("/status", False),
        ("/modelsx", False),
    ],
)
def test_addresses_of_this_api(path: str, mine: bool) -> None:
    with APP.test_request_context(path):
        assert concerns(path) == mine


def test_jobs_of_the_explorer_keep_its_shape() -> None:
    with APP.test_request_context("/jobs/x/abort"):
        g.explorer_job = True
        assert not concerns("/jobs/x/abort") and concerns("/datasets/x")
