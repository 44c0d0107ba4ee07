"""A worker whose tasks may not take too much."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedding_explorer.errors import LimitExceeded, WorkerDied
from embedding_explorer.jobs.bounded import BoundedWorker, resident
from embedding_explorer.jobs.client import WorkerClient

FAKE = (sys.executable, str(Path(__file__).parent / "fake_inference_worker.py"))
MEMORY = 400 << 20


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[BoundedWorker]:
    client = WorkerClient({"EXPLORER_DATA": str(tmp_path)}, FAKE)
    made = BoundedWorker(client, memory=MEMORY, seconds=3.0)
    yield made
    made.stop()


def ask(worker: BoundedWorker, folder: Path, name: str) -> None:
    (folder / "picture").write_bytes(b"x" * 10)
    result = folder / f"{name}.json"
    result.unlink(missing_ok=True)
    inputs = [{"file": str(folder / "picture")}]
    worker.call("infer", {"network": "", "inputs": inputs, "names": [name], "result": str(result)})


def test_the_process_starts_at_the_first_task_and_stays(worker: BoundedWorker, tmp_path: Path) -> None:
    assert worker.client.pid is None
    ask(worker, tmp_path, "size")
    pid = worker.client.pid
    ask(worker, tmp_path, "size")
    assert worker.client.pid == pid and (tmp_path / "size.json").exists()


@pytest.mark.parametrize(
    ("name", "seconds", "kind", "text"),
    [
        ("sleep", 3.0, LimitExceeded, r"longer than 3 seconds.*EXPLORER_INFERENCE_SECONDS"),
        ("hog", 60.0, LimitExceeded, rf"more than {MEMORY} bytes.*EXPLORER_INFERENCE_MEMORY"),
        ("die", 60.0, WorkerDied, "SIGSEGV"),
    ],
)
def test_a_task_that_takes_too_much_ends_its_process_and_the_next_gets_another(
    worker: BoundedWorker, tmp_path: Path, name: str, seconds: float, kind: type[Exception], text: str
) -> None:
    worker.seconds = seconds
    ask(worker, tmp_path, "size")
    pid = worker.client.pid
    begin = time.monotonic()
    with pytest.raises(kind, match=text):
        ask(worker, tmp_path, name)
    assert time.monotonic() - begin < 50
    ask(worker, tmp_path, "size")
    assert worker.client.pid != pid


@pytest.mark.parametrize("name", ["keep", "allocate"])
def test_memory_that_others_left_behind_costs_no_task_its_result(
    worker: BoundedWorker, tmp_path: Path, name: str
) -> None:
    ask(worker, tmp_path, name)
    pid = worker.client.pid
    ask(worker, tmp_path, name)
    assert (tmp_path / f"{name}.json").exists() and worker.client.pid != pid


def test_the_start_of_the_process_is_not_the_tasks_time(tmp_path: Path) -> None:
    slow = (
        sys.executable,
        "-c",
        f"import time, runpy; time.sleep(1); runpy.run_path({FAKE[1]!r}, run_name='__main__')",
    )
    worker = BoundedWorker(WorkerClient({"EXPLORER_DATA": str(tmp_path)}, slow), MEMORY, seconds=0.9)
    ask(worker, tmp_path, "size")
    worker.stop()


def test_the_memory_of_a_process_is_what_the_system_says() -> None:
    block = b"x" * (50 << 20)
    assert len(block) < resident(os.getpid()) < 100 * len(block)
    assert resident(2**22 + 1) == 0
