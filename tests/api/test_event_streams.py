"""Answers that go on: how many there may be, and that every API takes its seats from the same ones."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from embedding_explorer.api import errors, jobs
from embedding_explorer.api.docs import make_app
from embedding_explorer.api.event_streams import EventStreams
from embedding_explorer.errors import TooManyTasks
from embedding_explorer.jobs.records import Status, new_job
from embedding_explorer.jobs.runtime import Runtime

NEVER = SimpleNamespace(owns=lambda id: False)


@pytest.fixture
def runtime() -> Any:
    """One that has a single job and four threads, two of which may listen."""
    job = new_job("upload")
    service = SimpleNamespace(job=job, get=lambda id: job, wait_change=lambda seconds: None)
    found = SimpleNamespace(settings=SimpleNamespace(web_threads=4), jobs=service, over=False)
    found.stopping = lambda: found.over
    return found


@pytest.fixture
def app(runtime: Any) -> Flask:
    made = make_app(1000)
    errors.install(made, 1000, ())
    made.register_api(jobs.make(cast(Runtime, runtime), cast(Any, NEVER), EventStreams(runtime)))
    return made


def test_half_of_the_threads_may_listen_to_jobs(app: Flask) -> None:
    listening = [app.test_client().get("/jobs/x/events") for _ in range(2)]
    assert [answer.status_code for answer in listening] == [200, 200]
    assert app.test_client().get("/jobs/x/events").status_code == 429
    assert app.test_client().get("/jobs/x.json").status_code == 200
    listening[0].close()
    assert app.test_client().get("/jobs/x/events").status_code == 200


def test_a_job_tells_its_changes_and_its_end(app: Flask, runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "EVENT_EVERY", 0)
    said = app.test_client().get("/jobs/x/events")
    chunks = iter(cast(Iterator[bytes], said.response))
    name, data = next(chunks).decode().strip().split("\n")
    assert name == "event: progress"
    assert json.loads(data.removeprefix("data: "))["kind"] == "upload"
    runtime.jobs.job.status = Status.DONE
    assert [each.split(b"\n")[0] for each in chunks] == [b"event: end"]


def test_listening_ends_with_the_server(app: Flask, runtime: Any) -> None:
    said = app.test_client().get("/jobs/x/events")
    runtime.over = True
    assert len(list(cast(Iterator[bytes], said.response))) == 1


def test_seats_are_given_back_once(runtime: Any) -> None:
    streams = EventStreams(runtime)
    with Flask(__name__).test_request_context():
        first = streams.answer(iter([b"x"]))
        first.close()
        first.close()
        for _ in range(2):
            streams.answer(iter([b"x"]))
        with pytest.raises(TooManyTasks):
            streams.answer(iter([b"x"]))
