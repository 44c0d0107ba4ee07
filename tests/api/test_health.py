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


def test_methods_that_clients_make_up_are_counted_as_one() -> None:
    runtime = SimpleNamespace(
        jobs=SimpleNamespace(busy=lambda: None), count=lambda: 0, worker=SimpleNamespace(is_ready=bool, restarts=0)
    )
    metrics, app = health.Metrics(cast(Runtime, runtime)), OpenAPI("test")
    metrics.install(app)
    for method in ("GET", "MAKE", "UP", "X" * 1000):
        app.test_client().open("/nowhere", method=method)
    counted = [line for line in metrics.render().decode().splitlines() if line.startswith("explorer_requests_total{")]
    assert [line.split('"')[1] for line in counted] == ["GET", "other"] and counted[1].endswith(" 3.0")
