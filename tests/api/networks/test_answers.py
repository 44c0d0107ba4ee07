import inspect
import json

import pytest
from werkzeug.exceptions import HTTPException, abort

from embedding_explorer import errors
from embedding_explorer.api.bodies import UploadStalled
from embedding_explorer.api.networks.answers import CODES, deleted, failure
from embedding_explorer.errors import ExplorerError, InvalidFields, LimitExceeded, NotDeployed, StorageFull

CLASSES = [kind for kind in vars(errors).values() if inspect.isclass(kind) and kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_sentence_and_a_code(kind: type[ExplorerError]) -> None:
    status, body = failure(kind("The\nreason."))
    assert 400 <= status < 600 and body["error"] and "\n" not in body["error"] and body["code"]
    assert set(body) == {"error", "code"} | ({"fields"} if kind is InvalidFields else set())


@pytest.mark.parametrize("status", CODES)
def test_what_the_framework_refuses_has_the_contracts_codes(status: int) -> None:
    with pytest.raises(HTTPException) as raised:
        abort(status)
    assert failure(raised.value)[0] == status and failure(raised.value)[1]["code"] == CODES[status]


def test_errors_that_carry_a_code_keep_it() -> None:
    assert failure(NotDeployed("x", code="deployment_failed")) == (409, {"error": "x", "code": "deployment_failed"})
    assert failure(InvalidFields("x", {"a": ["b"]}, code="missing")) == (
        400,
        {"error": "x", "code": "missing", "fields": {"a": ["b"]}},
    )
    assert failure(LimitExceeded("x"))[1]["code"] == "too_large"
    assert failure(UploadStalled("x")) == (408, {"error": "x", "code": "timeout"})


@pytest.mark.parametrize("error", [StorageFull("No space left in /srv/data."), ExplorerError("/srv/data is odd")])
def test_errors_of_the_server_name_none_of_its_folders(error: ExplorerError) -> None:
    assert "/srv" not in json.dumps(failure(error)[1])


def test_even_an_empty_answer_has_a_type() -> None:
    assert deleted().status_code == 204 and deleted().mimetype == "application/json" and deleted().get_data() == b""
