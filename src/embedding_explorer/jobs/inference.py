"""The queue of the networks API: tasks in the order they came, one at a time, while no job holds the busy lock."""

import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedding_explorer.errors import (
    CatalogUnavailable,
    ExplorerError,
    FetchFailed,
    StorageFull,
    TooManyTasks,
    WorkerDied,
)
from embedding_explorer.images.remote import Limits, fetch
from embedding_explorer.jobs.bounded import BoundedWorker
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.task_records import PENDING, TaskRecords, one_line
from embedding_explorer.networks.preprocessing import Region

log = logging.getLogger(__name__)
FETCHES = 8  # pictures fetched from addresses at the same time
RETRY_AFTER = 1.0  # seconds until a task is tried again for which the catalog did not answer
LOOK_EVERY = 0.1  # seconds between two looks whether the lock is free, while tasks wait


@dataclass(frozen=True)
class Picture:
    """One input of an inference: a file, or the address that its bytes are fetched from first."""

    file: Path
    region: Region
    url: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the worker is told."""
        return {"file": str(self.file), **vars(self.region)}


@dataclass
class Work:
    """A pending task. `guard` may refuse it when its turn has come; `then` is called after the worker's success and ends
    the task; `fetched` are its downloads, `size` the bytes of its pictures."""

    task: int
    call: str
    arguments: dict[str, Any]
    then: Callable[[], None]
    guard: Callable[[], None] = lambda: None
    fetched: list["Future[None]"] = field(default_factory=list)
    size: int = 0

    def ready(self) -> bool:
        """Whether all its pictures are there, or have failed."""
        return all(each.done() for each in self.fetched)


@dataclass(frozen=True)
class Bounds:
    """Most tasks that wait, most bytes of results and waiting pictures, and what may be fetched."""

    tasks: int
    bytes: int
    fetching: Limits


class InferenceQueue:
    """Hands tasks to the bounded worker. Methods may be called from any thread."""

    def __init__(self, worker: BoundedWorker, lock: BusyLock, tasks: TaskRecords, bounds: Bounds) -> None:
        self.worker, self.lock, self.tasks, self.bounds = worker, lock, tasks, bounds
        self._waiting: deque[Work] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._fetching = ThreadPoolExecutor(FETCHES, thread_name_prefix="fetch")
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End the work; what is pending becomes an error at the next start."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._fetching.shutdown(wait=False, cancel_futures=True)
        self.worker.stop()

    def waiting(self) -> int:
        """How many tasks are pending."""
        return len(self._waiting)

    def check_room(self) -> None:
        """Raise TooManyTasks when no further task may wait."""
        if len(self._waiting) >= self.bounds.tasks:
            raise TooManyTasks(f"{self.bounds.tasks} tasks wait already (EXPLORER_MAX_PENDING_TASKS). Try again later.")
        self._check_bytes()

    def _check_bytes(self) -> None:
        with self._changed:
            pictures = sum(work.size for work in self._waiting)
        if not self.tasks.make_room(self.bounds.bytes - pictures):
            raise TooManyTasks(f"Results of one day fill the {self.bounds.bytes} bytes for them (EXPLORER_TASK_BYTES).")

    def put(self, work: Work, pictures: Sequence[Picture] = ()) -> None:
        """Let a task wait for its turn; its pictures are fetched meanwhile."""
        work.size = sum(picture.file.stat().st_size for picture in pictures if picture.url is None)
        for picture in pictures:
            if picture.url is not None:
                work.fetched.append(self._fetching.submit(self._fetch, work, picture.url, picture.file))
                work.fetched[-1].add_done_callback(self._wake)
        with self._changed:
            self._waiting.append(work)
            self._changed.notify_all()

    def _fetch(self, work: Work, url: str, file: Path) -> None:
        try:
            self._check_bytes()  # the number of tasks counts this one already
        except CatalogUnavailable as error:  # which, of the task itself, means that it is tried again
            raise FetchFailed("A picture was not fetched: the catalog did not answer. Send the task again.") from error
        fetch(url, file, self.bounds.fetching)
        with self._changed:
            work.size += file.stat().st_size

    def _wake(self, _done: "Future[None]") -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                self._do(work)
            except (CatalogUnavailable, StorageFull):  # nothing of the task is noted: it is done again when it can be
                self._stopping.wait(RETRY_AFTER)
                with self._changed:
                    self._waiting.appendleft(work)
            except Exception:  # a bug of ours; the other tasks must go on all the same
                log.exception("task %d is lost", work.task)

    def _next(self) -> Work | None:
        """The oldest task that is ready, once no job holds the lock. A slow address holds up its own task only."""
        while not self._stopping.is_set():
            with self._changed:
                ready = next((work for work in self._waiting if work.ready()), None)
                if ready is None:
                    self._changed.wait(None if not self._waiting else 1.0)
                    continue
                if not self.lock.held():
                    self._waiting.remove(ready)
                    return ready
            self._stopping.wait(LOOK_EVERY)
        return None

    def _do(self, work: Work) -> None:
        if self.tasks.get(work.task).status != PENDING:  # its network was deleted
            return self.tasks.drop_inputs(work.task)
        try:
            work.guard()
            for fetched in work.fetched:
                fetched.result()
            self.worker.call(work.call, work.arguments)
            work.then()
        except CatalogUnavailable:
            raise
        except Exception as error:
            if not self._stopping.is_set():  # else the next start ends it
                self.tasks.fail(work.task, without_paths(reason(error), own_folders(self.tasks.root.parent)))


def reason(error: Exception) -> str:
    """Why a task failed, for the user who sent it."""
    if isinstance(error, WorkerDied):
        return f"The network ended the process that ran it. {error.message}"
    if isinstance(error, ExplorerError):
        return error.message
    log.error("a task failed", exc_info=error)
    return f"Something went wrong on the server ({type(error).__name__})."


def without_paths(text: str, folders: Iterable[str]) -> str:
    """The text, paths in these folders shortened to their last part."""
    for folder in folders:
        text = re.sub(re.escape(folder) + r"/[^\s'\",;)]*/?", lambda found: Path(found.group()).name, text)
    return one_line(text)


def own_folders(data: Path) -> set[str]:
    """Folders of this machine that nobody outside needs to know."""
    mine = (data, data.resolve(), Path(sys.prefix), Path(sys.base_prefix), Path.cwd(), Path.home(), Path("/tmp"))
    return {str(folder) for folder in mine if folder.is_absolute()} - {"/"}
