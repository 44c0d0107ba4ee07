"""What the worker is asked between two jobs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from embedding_explorer.api import busy
from embedding_explorer.api.busy import ask_worker
from embedding_explorer.errors import Busy, LimitExceeded
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.runtime import Runtime

FAKE = (sys.executable, str(Path(__file__).parent.parent / "jobs" / "fake_worker.py"))


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    """One whose tasks may take a tenth of a second."""
    worker = WorkerClient({}, FAKE, grace=0.1)
    worker.start()
    assert worker.wait_ready(30)
    settings = SimpleNamespace(inference_seconds=0.1 / busy.TIMES)
    jobs = SimpleNamespace(busy=lambda: None)
    yield cast(Runtime, SimpleNamespace(worker=worker, settings=settings, jobs=jobs))
    worker.stop()


def test_a_task_that_takes_too_long_is_ended_and_the_next_one_is_answered(runtime: Runtime) -> None:
    with pytest.raises(LimitExceeded, match=r"longer than 0\.1 seconds.*EXPLORER_INFERENCE_SECONDS") as caught:
        ask_worker(runtime, "late", {"pause": 5.0})
    assert caught.value.facts["setting"] == "EXPLORER_INFERENCE_SECONDS"
    assert ask_worker(runtime, "echo", {"a": 1}) == {"a": 1}


def test_a_whole_dataset_may_take_longer_to_be_placed_than_a_picture(runtime: Runtime) -> None:
    asked: list[float] = []
    runtime.worker = cast(WorkerClient, SimpleNamespace(call=lambda *_, seconds, **__: asked.append(seconds)))
    for task in ("embed_image", "place_image", "look_up", "place_in"):
        ask_worker(runtime, task, {})
    assert asked == pytest.approx([0.1, 0.1, 0.1, 0.5])


def test_nothing_is_asked_during_a_job(runtime: Runtime) -> None:
    runtime.jobs = SimpleNamespace(busy=lambda: "a job")  # type: ignore[assignment]
    with pytest.raises(Busy):
        ask_worker(runtime, "echo", {})
