"""What probes are told before the worker is warm, and when it cannot be."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask_openapi3 import OpenAPI

from embedding_explorer.api import health
from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.jobs.runtime import Runtime


@pytest.mark.parametrize(
    ("is_ready", "trouble", "code", "told"),
    [
        (False, None, 503, {"status": "warming up", "error": None}),
        (False, NetworkUnavailable("no weights"), 503, {"status": "unusable", "error": "no weights"}),
        (True, None, 200, {"status": "ready"}),
    ],
)
def test_ready_is_said_when_it_is_true(is_ready: bool, trouble: Any, code: int, told: dict[str, Any]) -> None:
    worker = SimpleNamespace(is_ready=lambda: is_ready, trouble=trouble)
    app = OpenAPI("test")
    app.register_api(health.make(cast(Runtime, SimpleNamespace(worker=worker)), cast(health.Metrics, None)))
    answer = app.test_client().get("/health/ready")
    assert (answer.status_code, answer.json) == (code, told)
