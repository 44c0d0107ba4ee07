import inspect
import json

import pytest
from flask import Flask, abort

from embedding_explorer import errors
from embedding_explorer.api.bodies import UploadStalled
from embedding_explorer.api.errors import UPLOAD, install, status_of
from embedding_explorer.errors import ExplorerError

STATUS = {
    "ExplorerError": 500,
    "BadInput": 400,
    "BadArchive": 400,
    "UnreadableImage": 400,
    "NoReadableImage": 400,
    "RefusedPickle": 400,
    "UnknownReducer": 400,
    "UnknownNetwork": 400,
    "LimitExceeded": 413,
    "NotFound": 404,
    "DatasetNotFound": 404,
    "RangeNotFound": 404,
    "ImageNotFound": 404,
    "JobNotFound": 404,
    "Conflict": 409,
    "SpaceMismatch": 409,
    "NoFeatures": 409,
    "NetworkUnavailable": 503,
    "Busy": 503,
    "JobFailed": 500,
    "TrainingDiverged": 500,
    "WorkerDied": 500,
    "JobAborted": 409,
    "StorageFull": 507,
    "StartError": 500,
    "FetchFailed": 400,
    "UnknownLayer": 400,
    "InvalidFields": 400,
    "RegisteredNetworkNotFound": 404,
    "TaskNotFound": 404,
    "NotDeployed": 409,
    "NetworkUnusable": 409,
    "CatalogUnavailable": 503,
    "TooManyTasks": 429,
    "LogPathNotFound": 404,
    "NoLogData": 404,
    "NoLogStep": 404,
    "BadLogParameter": 400,
    "UnreadableLog": 400,
    "LogReaderDied": 500,
}
CLASSES = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and kind.__module__ == errors.__name__
}


@pytest.fixture
def app() -> Flask:
    """Raises whatever class of error the address names, in an upload and elsewhere."""
    made = Flask("test")
    made.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(name: str) -> None:
        raise CLASSES[name]("The reason.") if name in CLASSES else KeyError("a bug")

    made.add_url_rule("/plain/<name>", "plain", fail, methods=["GET", "POST"])
    made.add_url_rule("/upload/<name>", UPLOAD, fail, methods=["POST"])
    made.add_url_rule("/teapot", "teapot", lambda: abort(418))
    install(made, 1000)
    return made


def test_every_class_of_error_has_a_status() -> None:
    assert {name: status_of(kind("x")) for name, kind in CLASSES.items()} == STATUS
    assert status_of(UploadStalled("x")) == 408


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_its_message_as_json(app: Flask, name: str) -> None:
    answer = app.test_client().get(f"/plain/{name}")
    assert (answer.status_code, answer.json) == (STATUS[name], {"error": "The reason."})


@pytest.mark.parametrize("name", CLASSES)
def test_an_upload_has_the_contracts_sentence_and_the_reason(app: Flask, name: str) -> None:
    answer = app.test_client().post(f"/upload/{name}", data=b"x" * 100)
    title = "Error during file upload" if STATUS[name] < 500 else "Error during handling dataset"
    assert (answer.status_code, answer.json) == (STATUS[name], {"error": title, "detail": "The reason."})


def test_a_bug_is_500_as_json_and_tells_nothing_of_the_inside(app: Flask) -> None:
    answer = app.test_client().get("/plain/Bug")
    assert answer.status_code == 500 and set(json.loads(answer.data)) == {"error"}
    assert "a bug" not in answer.text and "Traceback" not in answer.text


def test_what_the_framework_refuses_has_the_same_shape(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/nothing").status_code == 404 and set(client.get("/nothing").json) == {"error"}
    wrong = client.delete("/plain/Busy")
    assert wrong.status_code == 405 and "GET" in wrong.headers["Allow"] and wrong.json["error"]
    assert client.get("/teapot").status_code == 418


def test_the_family_has_one_root() -> None:
    assert all(issubclass(kind, ExplorerError) for kind in CLASSES.values())
