"""The web process's side of the run logs: asks the process that reads them, and keeps what it answered while it holds."""

import logging
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedding_explorer.errors import (
    BadLogParameter,
    ExplorerError,
    JobFailed,
    LogReaderDied,
    StorageFull,
    TooManyTasks,
    WorkerDied,
)
from embedding_explorer.jobs.log_frames import Closed, Head, receive, send

log = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "embedding_explorer.jobs.log_reader")
CONNECTIONS = 16  # questions that are worked on at the same time
FRESH = 1.0  # seconds that a kept answer is sent without asking whether it still holds
MOST_OF_CACHE = 4  # an answer larger than this part of the cache is not kept
PATIENCE = 5.0  # seconds that a question waits until one of them is free
PAUSES = (0.0, 1.0, 5.0, 30.0)  # seconds until the next start, after so many readers that never answered
FAILED = "Something went wrong while answering; the server's log says what"
FULL = "There is no space left on the server's disk for this answer"
BUSY = "Too many ask for run logs at the same time. Try again."
DIED = "The process that reads run logs ended; a new one is starting. Try again."
NOT_STARTING = "The process that reads run logs ends whenever it is started; the server's log says why."


@dataclass
class Reply:
    """An answer as it is sent. `checked`: when it was last known to hold."""

    body: bytes
    version: str
    mimetype: str
    packed: bool
    checked: float


def holds_anything(folder: Path) -> bool:
    """Whether there is such a folder and it is not empty."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def told(error: ExplorerError) -> str:
    """What a client is told of an error, on one line; never what a library says, or where something lies."""
    if isinstance(error, StorageFull):
        return FULL
    if isinstance(error, JobFailed) and not isinstance(error, WorkerDied):
        return FAILED
    return " ".join(error.message.split())


class RunLogs:
    """Asks one reader, started by the first question, and another one when it dies. Usable from any thread."""

    def __init__(self, environment: Mapping[str, str], cache_bytes: int, command: Sequence[str] = COMMAND) -> None:
        self._environment, self._command = {**os.environ, **environment}, list(command)
        self._reader: _Reader | None = None
        self._lock = threading.Lock()
        self._kept = _Cache(cache_bytes)
        self._stopping = False
        self._failures, self._not_before = 0, 0.0

    def start(self, roots: Sequence[Path]) -> None:
        """Begin to read in the background what lies in these folders, where anything does: a gigabyte takes seconds."""
        if any(holds_anything(root) for root in roots):
            threading.Thread(target=self._read_ahead, name="read-ahead", daemon=True).start()

    def _read_ahead(self) -> None:
        try:
            self.ask({"endpoint": "init", "arguments": {"wait": 0}})
        except (BadLogParameter, LogReaderDied, TooManyTasks) as error:
            log.debug("there is no log to be read yet: %s", error)

    def ask(self, question: Mapping[str, Any]) -> Reply:
        """The answer to a question, as `runs.answers.Question` has it without `known`.

        Raises BadLogParameter with the reason where there is none, LogReaderDied, TooManyTasks.
        """
        key = repr(sorted((name, str(value)) for name, value in question.items()))
        kept = self._kept.get(key)
        if kept is not None and time.monotonic() - kept.checked < FRESH:
            return kept
        asked = time.monotonic()
        head, body = self._exchange({**question, "known": kept.version if kept else ""})
        if "failure" in head:
            raise BadLogParameter(head["failure"])
        if kept is not None and head["same"]:
            kept.checked = asked
            return kept
        reply = Reply(body, head["version"], head["mimetype"], head["packed"], asked)
        if reply.version:
            self._kept.put(key, reply)
        return reply

    @property
    def pid(self) -> int | None:
        """Process id of the present reader; None before the first question."""
        return self._reader.process.pid if self._reader else None

    def stop(self) -> None:
        """End the reader for good."""
        with self._lock:
            self._stopping = True
            if self._reader is not None:
                self._reader.end()

    def _exchange(self, head: Head) -> tuple[Head, bytes]:
        for _ in range(2):  # the second time with a new reader
            reader = self._present()
            try:
                answer = reader.exchange(head)
            except Closed:
                self._bury(reader)
                continue
            reader.answered, self._failures = True, 0
            return answer
        raise LogReaderDied(DIED)

    def _present(self) -> "_Reader":
        with self._lock:
            if self._stopping:
                raise LogReaderDied("The server is stopping.")
            if self._reader is None:
                self._reader = self._begun()
            return self._reader

    def _begun(self) -> "_Reader":
        if time.monotonic() < self._not_before:
            raise LogReaderDied(NOT_STARTING)
        try:
            return _Reader(self._command, self._environment)
        except LogReaderDied:
            self._hold_back()
            raise

    def _hold_back(self) -> None:
        """A reader could not start: wait longer and longer before the next one."""
        self._not_before = time.monotonic() + PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1

    def _bury(self, reader: "_Reader") -> None:
        with self._lock:
            if self._reader is reader:
                self._reader = None
                if not reader.answered:
                    self._hold_back()
        reader.end()
        if not self._stopping:
            log.warning("the reader of run logs ended (exit status %s)", reader.process.wait())


class _Reader:
    """One reader process, and the free ones of its connections."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        pairs = [socket.socketpair() for _ in range(CONNECTIONS)]
        self._theirs = [their for _, their in pairs]
        self._command, self._environment = command, environment
        self.answered = False
        self._free: queue.LifoQueue[socket.socket] = queue.LifoQueue()
        for mine, _ in pairs:
            self._free.put(mine)
        self._started: Future[subprocess.Popen[bytes]] = Future()
        # The system ends the reader with the thread that started it (`die_with_parent`), and threads that answer
        # requests come and go; this one stays as long as the reader does.
        threading.Thread(target=self._live, name="log-reader", daemon=True).start()
        self.process = self._started.result()

    def _live(self) -> None:
        numbers = [their.fileno() for their in self._theirs]
        command = [*self._command, *map(str, numbers)]
        try:
            process = subprocess.Popen(command, env=dict(self._environment), pass_fds=numbers, stdin=subprocess.DEVNULL)
        except OSError as error:
            return self._started.set_exception(LogReaderDied(f"Run logs cannot be read: {error.strerror}"))
        finally:
            for their in self._theirs:
                their.close()
        self._started.set_result(process)
        process.wait()

    def exchange(self, head: Head) -> tuple[Head, bytes]:
        """Question and answer; raises Closed when the process is gone, TooManyTasks when no connection gets free."""
        try:
            connection = self._free.get(timeout=PATIENCE)
        except queue.Empty:
            raise TooManyTasks(BUSY) from None
        try:
            send(connection, head)
            return receive(connection)
        finally:
            self._free.put(connection)

    def end(self) -> None:
        """End the process, if it has not ended yet."""
        self.process.kill()
        self.process.wait()


class _Cache:
    """Answers in bounded memory, the least used going first."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._size = most_bytes, 0
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Reply | None:
        with self._lock:
            if key in self._replies:
                self._replies.move_to_end(key)
            return self._replies.get(key)

    def put(self, key: str, reply: Reply) -> None:
        with self._lock:
            self._drop(key)
            if len(reply.body) > self._most // MOST_OF_CACHE:
                return
            self._replies[key] = reply
            self._size += _size(key, reply)
            while self._size > self._most:
                self._drop(next(iter(self._replies)))

    def _drop(self, key: str) -> None:
        gone = self._replies.pop(key, None)
        self._size -= _size(key, gone) if gone else 0


def _size(key: str, reply: Reply) -> int:
    return len(reply.body) + len(key) + 500  # what the objects around it take
