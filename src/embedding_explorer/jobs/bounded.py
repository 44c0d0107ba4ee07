"""A worker whose tasks are bounded in time and memory: one that takes more is killed, and the next task gets another."""

import os
import threading
import time
from pathlib import Path
from typing import Any

from embedding_explorer.errors import ExplorerError, LimitExceeded, WorkerDied
from embedding_explorer.jobs.channel import Message
from embedding_explorer.jobs.client import WorkerClient

MEMORY, SECONDS = "EXPLORER_INFERENCE_MEMORY", "EXPLORER_INFERENCE_SECONDS"
LOOK_EVERY = 0.05  # seconds between two looks; memory is filled at some gigabytes a second
PAGE = os.sysconf("SC_PAGE_SIZE")


class BoundedWorker:
    """Calls of one worker, which is started at the first of them."""

    def __init__(
        self, client: WorkerClient, memory: int, seconds: float, settings: tuple[str, str] = (MEMORY, SECONDS)
    ) -> None:
        """`settings`: those that the two bounds come from, for the errors that name them."""
        self.client, self.memory, self.seconds = client, memory, seconds
        self.memory_setting, self.seconds_setting = settings
        self._started, self._mutex = False, threading.Lock()
        self._used: int | None = None  # id of the process that did the last call

    def call(self, task: str, arguments: Message) -> Any:
        """Do `task`, which may be tried twice; its result.

        Raises the error of the task, LimitExceeded where it took too much, WorkerDied where it ended its process.
        """
        self._start()
        before = self._used
        try:
            return self._call(task, arguments)
        except LimitExceeded as error:
            if before is None or before != self._used or error.facts.get("setting") != self.memory_setting:
                raise
            # Others' networks and frameworks were in that memory too: a process of its own decides.
            self._renew(before)
            return self._call(task, arguments)

    def _call(self, task: str, arguments: Message) -> Any:
        watch = _Watch(self)
        try:
            return self.client.call(task, arguments, on_start=watch.begin)
        except WorkerDied as error:
            raise watch.verdict or error from None
        finally:
            watch.end()
            self._used = watch.pid

    def _renew(self, pid: int) -> None:
        """End a process, where it has not ended yet, and see another begin."""
        self.client.kill(pid)
        while self.client.pid == pid and not self.client.stopping():
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """End the worker for good; a call in progress fails with WorkerDied."""
        with self._mutex:
            self._started = True
            self.client.stop()

    def _start(self) -> None:
        with self._mutex:
            if not self._started:
                self._started = True
                self.client.start()


class _Watch:
    """Looks after one call while it runs."""

    def __init__(self, worker: BoundedWorker) -> None:
        self._worker, self._over = worker, threading.Event()
        self.verdict: ExplorerError | None = None
        self.pid: int | None = None

    def begin(self, _call: int) -> None:
        """The task goes to the worker now: waiting for its start is not the task's time."""
        self.pid = self._worker.client.pid
        threading.Thread(target=self._watch, args=(self.pid,), name="watch", daemon=True).start()

    def end(self) -> None:
        """No more looks."""
        self._over.set()

    def _watch(self, pid: int | None) -> None:
        deadline = time.monotonic() + self._worker.seconds
        while pid is not None and not self._over.wait(LOOK_EVERY):
            self.verdict = self._too_much(pid, time.monotonic() - deadline)
            if self.verdict:
                return self._worker.client.kill(pid)

    def _too_much(self, pid: int, late: float) -> ExplorerError | None:
        worker = self._worker
        if late > 0:
            return over_limit(f"It took longer than {worker.seconds:g} seconds", worker.seconds_setting)
        if resident(pid) > worker.memory:
            return over_limit(f"It took more than {worker.memory} bytes of memory", worker.memory_setting)
        return None


def over_limit(what: str, setting: str) -> LimitExceeded:
    """The error for a task that took too much."""
    return LimitExceeded(f"{what}, the limit of this server ({setting}).", setting=setting)


def resident(pid: int) -> int:
    """Bytes of memory that a process occupies; 0 when it has ended, or where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0
