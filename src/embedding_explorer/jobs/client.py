"""The web process's side of the worker: starts it, hands it one task at a time, starts another when it dies."""

import itertools
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import wait as wait_for
from contextlib import contextmanager, suppress
from typing import Any

from embedding_explorer.errors import Busy, ExplorerError, JobAborted, WorkerDied
from embedding_explorer.jobs.channel import Channel, Message, unpack_error

log = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "embedding_explorer.jobs.worker")
Report = Callable[[str, int, int], None]
LOOK_EVERY = 0.2  # seconds between two looks whether a call that waits for its turn is still wanted
ABORT_GRACE = 5.0  # seconds that a task has to notice an abort before its process is killed
STARTS = 3  # failed starts in a row after which callers are told instead of waiting
RESTART_PAUSES = (0.0, 1.0, 5.0, 30.0)  # seconds before the next start while starts keep failing


class WorkerClient:
    """One worker process, supervised. `call` blocks; calls queue behind each other."""

    def __init__(
        self,
        environment: Mapping[str, str],
        command: Sequence[str] = COMMAND,
        name: str = "worker",
        grace: float = ABORT_GRACE,
    ) -> None:
        self._environment, self._command, self._name = {**os.environ, **environment}, list(command), name
        self._grace = grace
        self._ready, self._stopping, self._turn = threading.Event(), threading.Event(), threading.Lock()
        self._ids = itertools.count(1)
        self._calls: dict[int, tuple[Future[Any], Report | None]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self.info: dict[str, Any] = {}
        self.trouble: ExplorerError | None = None
        self.restarts = 0
        self._supervisor = threading.Thread(target=self._supervise, name=f"{name}-supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker in the background."""
        self._supervisor.start()

    @property
    def pid(self) -> int | None:
        """Process id of the present worker."""
        return self._process.pid if self._process else None

    def is_ready(self) -> bool:
        """Whether the worker is warm."""
        return self._ready.is_set()

    def stopping(self) -> bool:
        """Whether the worker is ended for good."""
        return self._stopping.is_set()

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait until the worker is warm; False when the time is over."""
        return self._ready.wait(timeout)

    def call(
        self,
        task: str,
        arguments: Message,
        report: Report | None = None,
        on_start: Callable[[int], None] | None = None,
        wait: float | None = None,
        check: Callable[[], None] | None = None,
        seconds: float | None = None,
    ) -> Any:
        """Do `task` in the worker, after it is warm and free; its result.

        Raises the error of the task, WorkerDied when the process ended meanwhile. `on_start` gets the number to abort.
        Where other calls go on for longer than `wait` seconds, it raises Busy; None waits for their end. `check` is called
        again and again until the task begins: what it raises ends the wait. A task that takes longer than `seconds` is
        aborted: TimeoutError.
        """
        with self._in_turn(wait, check or _nothing):
            self._await_worker(check or _nothing)
            call_id, future = next(self._ids), Future[Any]()
            self._calls[call_id] = (future, report)
            try:
                if on_start:
                    on_start(call_id)
                self._send({"id": call_id, "task": task, "arguments": arguments}, future)
                return self._result(call_id, future, seconds)
            finally:
                self._calls.pop(call_id, None)

    @contextmanager
    def _in_turn(self, wait: float | None, check: Callable[[], None]) -> Iterator[None]:
        deadline = math.inf if wait is None else time.monotonic() + wait
        while not self._turn.acquire(timeout=max(0.0, min(LOOK_EVERY, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise Busy("Server is busy, please wait")
            check()
        try:
            yield
        finally:
            self._turn.release()

    def _result(self, call_id: int, future: Future[Any], seconds: float | None) -> Any:
        if wait_for([future], seconds).done:
            return future.result()
        log.warning("a task of the %s takes longer than %g seconds and is ended", self._name, seconds)
        self.abort(call_id)
        try:
            return future.result()  # the turn is kept until the worker is free, or another one starts
        except (JobAborted, WorkerDied) as error:
            raise TimeoutError(f"It took longer than {seconds:g} seconds.") from error

    def abort(self, call_id: int) -> None:
        """End a call: politely, and by killing the process when it does not listen."""
        future, _ = self._calls.get(call_id, (None, None))
        if future is None or self._channel is None:
            return
        self._send({"abort": call_id}, future)
        threading.Thread(target=self._kill_unless_done, args=(future,), daemon=True).start()

    def kill(self, pid: int) -> None:
        """End that process, if it still is the worker; a call in progress fails with WorkerDied, another takes over."""
        if self.pid == pid:
            self._kill()

    def stop(self) -> None:
        """End the worker for good; a call in progress fails with WorkerDied."""
        self._stopping.set()
        self._kill()
        if self._supervisor.is_alive():
            self._supervisor.join(timeout=5)

    def _await_worker(self, check: Callable[[], None]) -> None:
        while not self._ready.wait(LOOK_EVERY):
            check()
            if self.trouble:
                raise self.trouble
            if self._stopping.is_set():
                raise WorkerDied("The server is stopping.")

    def _send(self, message: Message, future: Future[Any]) -> None:
        try:
            assert self._channel is not None
            self._channel.send(message)
        except OSError:
            # The supervisor fails the call with the reason. Arguments may hold keys: they belong into no log.
            log.debug("the worker died before %s", message.get("task", "an abort"))
        except ValueError:  # the supervisor has closed the channel and has looked after its calls before this one came
            _fail(future, WorkerDied("The worker process had just ended; a new one is starting. Try again."))

    def _kill_unless_done(self, future: Future[Any]) -> None:
        deadline = time.monotonic() + self._grace
        while time.monotonic() < deadline:
            if future.done():
                return
            time.sleep(0.05)
        self._kill()

    def _kill(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()

    def _supervise(self) -> None:
        failures = 0
        while not self._stopping.wait(RESTART_PAUSES[min(failures, len(RESTART_PAUSES) - 1)]):
            process = self._launch()
            was_ready = process is not None and self._attend(process)
            failures = 0 if was_ready else failures + 1
            if failures >= STARTS and self.trouble is None:
                self.trouble = WorkerDied("The worker process cannot start; the server's log says why.")
            self.restarts += 1

    def _launch(self) -> "subprocess.Popen[bytes] | None":
        try:
            return subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._environment)
        except OSError as error:  # no memory, or no process left, at this moment
            log.error("the %s cannot start: %s", self._name, error)
            return None

    def _attend(self, process: "subprocess.Popen[bytes]") -> bool:
        """Listen to a worker until its end; whether it had become warm."""
        assert process.stdin and process.stdout
        self._process, self._channel = process, Channel(process.stdout, process.stdin)
        if self._stopping.is_set():
            self._kill()
        for message in self._channel:
            self._receive(message)
        was_ready = self._ready.is_set()
        self._ready.clear()
        self._bury(process)
        return was_ready

    def _receive(self, message: Message) -> None:
        if "ready" in message:
            self.info, self.trouble = message["ready"], None
            self._ready.set()
        elif "unusable" in message:
            self.trouble = unpack_error(message["unusable"])
            log.error("the %s cannot start: %s", self._name, self.trouble)
        else:
            self._deliver(message)

    def _deliver(self, message: Message) -> None:
        future, report = self._calls.get(message["id"], (None, None))
        if future is None or future.done():
            return
        if "progress" in message:
            self._tell(report, message, future)
        elif "error" in message:
            _fail(future, unpack_error(message["error"]))
        else:
            with suppress(InvalidStateError):
                future.set_result(message["result"])

    def _tell(self, report: Report | None, message: Message, future: Future[Any]) -> None:
        try:
            if report:
                report(*message["progress"])
        except Exception as error:  # the caller's trouble ends the caller's call, and not this thread, which all need
            _fail(future, error)
            self._send({"abort": message["id"]}, future)

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        reason = describe_exit(process.wait())
        if self._channel:
            self._channel.close()
        for future, _ in list(self._calls.values()):
            _fail(future, WorkerDied(self._obituary(reason), reason=reason))
        if not self._stopping.is_set():
            log.warning("the %s ended (%s); starting another", self._name, reason)

    def _obituary(self, reason: str) -> str:
        if self._stopping.is_set():
            return "The server is stopping."
        return f"The worker process ended ({reason}). Nothing was kept; a new worker is starting."


def _nothing() -> None:
    """For who has nothing to check."""


def _fail(future: Future[Any], error: Exception) -> None:
    """End a call with an error, unless another thread has ended it."""
    with suppress(InvalidStateError):
        future.set_exception(error)


def describe_exit(code: int) -> str:
    """What an exit status says, for a person."""
    if code == -signal.SIGKILL:
        return "killed, perhaps for lack of memory"
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"
