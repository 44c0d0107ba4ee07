import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import Busy, JobAborted, JobFailed, LimitExceeded, StorageFull, WorkerDied
from embedding_explorer.jobs import client
from embedding_explorer.jobs.client import WorkerClient

FAKE = (sys.executable, str(Path(__file__).parent / "fake_worker.py"))


@pytest.fixture
def worker() -> Iterator[WorkerClient]:
    started = WorkerClient({}, FAKE)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def impatient() -> Iterator[WorkerClient]:
    """A worker whose tasks have little time to notice an abort."""
    started = WorkerClient({}, FAKE, grace=0.1)
    started.start()
    assert started.wait_ready(30)
    yield started
    started.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_task_gives_its_result_and_reports_its_progress(worker: WorkerClient) -> None:
    seen: list[tuple[str, int, int]] = []
    assert worker.call("count", {"total": 3}, report=lambda *p: seen.append(p)) == 3
    assert seen == [("features", 0, 3), ("features", 1, 3), ("features", 2, 3), ("features", 3, 3)]
    assert worker.info == {"network": {"name": "fake", "device": "cpu"}}


@pytest.mark.parametrize(
    ("task", "kind", "text"),
    [
        ("refuse", LimitExceeded, "EXPLORER_X"),
        ("bug", JobFailed, "KeyError"),
        ("full_disk", StorageFull, "No space"),
    ],
)
def test_errors_arrive_as_what_they_were(worker: WorkerClient, task: str, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        worker.call(task, {})
    assert worker.call("echo", {"a": 1}) == {"a": 1}


def test_what_a_library_prints_does_not_disturb_the_channel(worker: WorkerClient) -> None:
    assert worker.call("chatter", {}) == "said"


def test_a_death_fails_the_call_with_the_reason_and_another_worker_takes_over(worker: WorkerClient) -> None:
    with pytest.raises(WorkerDied, match="killed"):
        worker.call("die", {})
    assert worker.call("echo", {"b": 2}) == {"b": 2}
    assert worker.restarts == 1


def test_an_abort_ends_a_task_at_its_next_count_and_keeps_the_process(worker: WorkerClient) -> None:
    worker.wait_ready()
    pid = worker.pid
    numbers: list[int] = []

    def end_it() -> None:
        while not numbers:
            time.sleep(0.01)
        worker.abort(numbers[0])

    threading.Thread(target=end_it).start()
    with pytest.raises(JobAborted):
        worker.call("count", {"total": 100_000, "pause": 0.01}, on_start=numbers.append)
    assert worker.call("echo", {}) == {} and worker.pid == pid


def test_a_task_that_does_not_listen_is_ended_by_killing_its_process(impatient: WorkerClient) -> None:
    numbers: list[int] = []
    started = threading.Event()

    def end_it() -> None:
        started.wait()
        impatient.abort(numbers[0])

    threading.Thread(target=end_it).start()
    with pytest.raises(WorkerDied):
        impatient.call("deaf", {}, report=lambda *_: started.set(), on_start=numbers.append)


def test_a_report_that_fails_ends_its_own_call_and_nothing_else(worker: WorkerClient) -> None:
    def report(*_: object) -> None:
        raise StorageFull("No space for the count.")

    worker.wait_ready()
    pid = worker.pid
    with pytest.raises(StorageFull, match="for the count"):
        worker.call("count", {"total": 100_000, "pause": 0.01}, report=report)
    assert worker.call("echo", {"a": 1}) == {"a": 1} and worker.pid == pid


@pytest.mark.parametrize("failures", [2, 3])
def test_a_process_that_cannot_be_made_is_tried_again(failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RESTART_PAUSES", (0.0,))
    left, real = iter([OSError("no memory")] * failures), subprocess.Popen

    def launch(*arguments: Any, **options: Any) -> Any:
        for error in left:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", launch)
    started = WorkerClient({}, FAKE)
    started.start()
    try:
        assert started.wait_ready(30) and started.restarts == failures
        assert started.call("echo", {"a": 1}) == {"a": 1}
    finally:
        started.stop()


def test_stopping_ends_the_process(worker: WorkerClient) -> None:
    worker.wait_ready()
    pid = worker.pid
    assert pid is not None
    worker.stop()
    assert not alive(pid)


def test_a_worker_that_cannot_start_is_said_to_callers_instead_of_letting_them_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "RESTART_PAUSES", (0.0,))
    broken = WorkerClient({}, (sys.executable, "-c", "raise SystemExit(3)"))
    broken.start()
    with pytest.raises(WorkerDied, match="cannot start"):
        broken.call("echo", {})
    broken.stop()


def test_who_does_not_want_to_wait_for_others_is_told(worker: WorkerClient) -> None:
    started = threading.Event()

    def take() -> None:
        with pytest.raises(WorkerDied):
            worker.call("deaf", {}, report=lambda *_: started.set())

    other = threading.Thread(target=take)
    other.start()
    assert started.wait(30)
    with pytest.raises(Busy):
        worker.call("echo", {}, wait=0.05)
    assert worker.pid is not None
    worker.kill(worker.pid)
    other.join()
    assert worker.call("echo", {"a": 1}, wait=30) == {"a": 1}


def test_a_task_that_takes_too_long_is_ended_and_the_next_finds_another_process(impatient: WorkerClient) -> None:
    pid = impatient.pid
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r"longer than 0\.2 seconds"):
        impatient.call("deaf", {}, seconds=0.2)
    assert time.monotonic() - begin < 30
    assert impatient.call("echo", {"a": 1}, seconds=30) == {"a": 1} and impatient.pid != pid


def test_a_task_that_listens_is_ended_in_time_without_harm_to_its_process(worker: WorkerClient) -> None:
    assert worker.wait_ready(30)
    pid = worker.pid
    with pytest.raises(TimeoutError):
        worker.call("count", {"total": 100_000, "pause": 0.01}, seconds=0.2)
    assert worker.call("echo", {}) == {} and worker.pid == pid


def test_a_result_that_comes_in_the_time_of_grace_is_taken(worker: WorkerClient) -> None:
    assert worker.call("late", {"pause": 0.5}, seconds=0.1) == "done"


def give_up() -> None:
    raise JobAborted("no longer wanted")


def test_who_waits_for_a_turn_can_give_up(worker: WorkerClient) -> None:
    started, results = threading.Event(), []

    def take() -> None:
        results.append(worker.call("late", {"pause": 2.0}, on_start=lambda _: started.set()))

    other = threading.Thread(target=take)
    other.start()
    assert started.wait(30)
    with pytest.raises(JobAborted, match="no longer wanted"):
        worker.call("echo", {}, check=give_up)
    assert not results
    other.join()
    assert results == ["done"] and worker.call("echo", {"a": 1}, check=give_up) == {"a": 1}


def test_who_waits_for_a_worker_to_start_can_give_up() -> None:
    never = WorkerClient({}, FAKE)
    too_late = threading.Timer(5, never.stop)
    too_late.start()
    with pytest.raises(JobAborted, match="no longer wanted"):
        never.call("echo", {}, check=give_up)
    too_late.cancel()
