"""Asking the process that reads run logs: what happens when it cannot start, or has no time."""

import sys
import threading
import time
from pathlib import Path

import pytest

from embedding_explorer.errors import (
    ExplorerError,
    JobFailed,
    LogReaderDied,
    NoLogData,
    StorageFull,
    TooManyTasks,
    WorkerDied,
)
from embedding_explorer.jobs import run_logs
from embedding_explorer.jobs.run_logs import RunLogs, told

QUESTION = {"endpoint": "init", "arguments": {}}
# Answers each question after a moment, and says that it has started by a line in a file.
SLOW = """
import socket, sys, threading, time
from embedding_explorer.jobs.log_frames import receive, send
def serve(connection):
    while True:
        receive(connection)
        time.sleep({seconds})
        send(connection, {{"same": False, "version": "", "mimetype": "text/plain", "packed": False}}, b"x")
for number in sys.argv[1:]:
    threading.Thread(target=serve, args=(socket.socket(fileno=int(number)),)).start()
"""
FAILING = "import sys; open({path!r}, 'a').write('x')"


def reader(code: str) -> RunLogs:
    return RunLogs({}, 1 << 20, [sys.executable, "-c", code])


def test_a_reader_that_cannot_start_is_not_started_again_and_again(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    logs = reader(FAILING.format(path=str(starts)))
    for _ in range(20):
        with pytest.raises(LogReaderDied):
            logs.ask(QUESTION)
    assert starts.read_text() == "xx"
    deadline = time.monotonic() + 10
    while starts.read_text() == "xx":
        assert time.monotonic() < deadline, "it is never tried again"
        with pytest.raises(LogReaderDied):
            logs.ask(QUESTION)
        time.sleep(0.1)
    logs.stop()


def test_a_command_that_is_none_is_not_tried_again_and_again() -> None:
    logs = RunLogs({}, 1 << 20, ["/nowhere/at/all"])
    said = set()
    for _ in range(4):
        with pytest.raises(LogReaderDied) as caught:
            logs.ask(QUESTION)
        said.add(caught.value.message)
    assert len(said) == 2 and run_logs.NOT_STARTING in said


def test_who_finds_no_free_connection_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_logs, "CONNECTIONS", 1)
    monkeypatch.setattr(run_logs, "PATIENCE", 0.1)
    logs = reader(SLOW.format(seconds=5))
    first = threading.Thread(target=logs.ask, args=(QUESTION,))
    first.start()
    while logs.pid is None:
        time.sleep(0.01)
    while logs._reader is None or not logs._reader._free.empty():
        time.sleep(0.01)
    began = time.monotonic()
    with pytest.raises(TooManyTasks, match="Try again"):
        logs.ask(QUESTION | {"user": "another"})
    assert time.monotonic() - began < 4
    first.join()
    logs.stop()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StorageFull("No space left in /srv/data/cache."), run_logs.FULL),
        (JobFailed("FileNotFoundError: /srv/data/cache/1.npy"), run_logs.FAILED),
        (WorkerDied("The worker process ended.\nTry again."), "The worker process ended. Try again."),
        (NoLogData(), "Parameter error, no data found"),
    ],
)
def test_no_path_is_told(error: ExplorerError, message: str) -> None:
    assert told(error) == message
