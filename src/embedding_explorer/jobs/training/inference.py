"""Trained models at work for the training API, in processes of their own, bounded in time and memory.

One picture is looked at beside any job. Many of them are work of the training family, which has the lock meanwhile.
"""

import secrets
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from embedding_explorer.errors import TooManyTasks
from embedding_explorer.jobs.bounded import BoundedWorker
from embedding_explorer.jobs.channel import Message
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.definitions.definition import Definition

COMMAND = (sys.executable, "-m", "embedding_explorer.jobs.training.inference_worker")
STAGING = "prediction-"  # staging folders of requests
RESULT = "answer.json"
IDLE_SECONDS = 900.0  # after which a process that nobody needs ends
# Answers for many pictures; they must not keep one picture waiting.
LISTS = frozenset({"classify_many", "top_n", "infer_many", "infer_stored"})
# Of the threads that answer requests: each waits until its answer is there, and the others are for everybody.
SHARE, SHARE_OF_LISTS = 0.75, 0.5


@dataclass(frozen=True)
class Snapshot:
    """A model at an epoch.

    Attributes:
        folder: of the job.
        epoch: None for the last one.
        pictures: what it takes.
    """

    folder: Path
    epoch: float | None
    pictures: Pictures

    def to_json(self) -> dict[str, Any]:
        """As the worker is told."""
        return {"folder": str(self.folder), "epoch": self.epoch, "pictures": asdict(self.pictures)}


class Inference:
    """`runtime.inference`. Methods may be called from any thread; each blocks until its answer is there."""

    def __init__(
        self,
        settings: Settings,
        lock: BusyLock,
        holding: Callable[[], AbstractContextManager[None]] = nullcontext,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """`holding`: gives the lock to the training family while it is entered, or raises Busy."""
        self._staging, self._lock, self._holding = settings.data / "staging", lock, holding
        environment, memory = settings.environment(secrets=False), settings.prediction_memory
        everybody, lists = (seats(settings.web_threads, share) for share in (SHARE, SHARE_OF_LISTS))
        self._one = Lane(environment, command, memory, settings.prediction_seconds, "one", (everybody,))
        self._lists = Lane(environment, command, memory, settings.prediction_list_seconds, "lists", (lists, everybody))

    def start(self) -> None:
        """Remove what the last run left behind."""
        for leftover in self._staging.glob(f"{STAGING}*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def stop(self) -> None:
        """End the processes; requests in progress fail with WorkerDied."""
        self._one.stop()
        self._lists.stop()

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder for the files of one request, gone at the end."""
        folder = self._staging / f"{STAGING}{secrets.token_hex(8)}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def predict(self, kind: str, model: Snapshot, room: Path, places: Places, **wanted: Any) -> Path:
        """The file of JSON, in `room`, with an answer of `kind` (see `predictions.answering`).

        Args:
            places: where images that the request names may lie; uploads in `room` may always be named.
            wanted: what that kind takes.

        Raises:
            BadInput: images, epoch or model cannot be used. LimitExceeded: it takes too much.
            WorkerDied: the model ended its process.
            TooManyTasks: as many predictions run or wait as may.
            Busy: many images are asked for while a dataset upload has the lock.
        """
        roots = [str(root) for root in (*places.roots, room)]
        arguments = {
            "kind": kind,
            "model": model.to_json(),
            "places": {"roots": roots, "urls": places.urls, "private": places.private},
            "device": "cpu" if self._lock.held() else "auto",
            "result": str(room / RESULT),
            **wanted,
        }
        many = kind in LISTS or wanted.get("count", 0) > 1
        with self._holding() if many else nullcontext():
            (self._lists if many else self._one).call("predict", arguments)
        return room / RESULT

    def describe(self, definition: Definition) -> dict[str, Any]:
        """Layers and parameters of a network that has an `input_shape`, and `classes` where it needs them.

        Raises BadInput naming the layer that does not fit.
        """
        found: dict[str, Any] = self._one.call("describe", {"definition": definition.to_json()})
        return found

    def import_model(self, given: Message) -> dict[str, Any]:
        """Check and convert a model that came from outside; see `training.models.importing`.

        Large ones take minutes, for which single pictures must not wait.
        """
        found: dict[str, Any] = self._lists.call("import_model", given)
        return found


def seats(count: int, share: float) -> threading.BoundedSemaphore:
    """A share of so many threads, at least one."""
    return threading.BoundedSemaphore(max(1, int(count * share)))


@contextmanager
def seated(wanted: Sequence[threading.BoundedSemaphore]) -> Iterator[None]:
    """Hold one seat of each; raises TooManyTasks where there is none left."""
    with ExitStack() as held:
        for each in wanted:
            if not each.acquire(blocking=False):
                raise TooManyTasks("As many predictions run or wait as may (EXPLORER_WEB_THREADS). Try again later.")
            held.callback(each.release)
        yield


class Lane:
    """One process that works on one request after the other. It begins with the first, and ends when nobody asks."""

    def __init__(
        self,
        environment: dict[str, str],
        command: Sequence[str],
        memory: int,
        seconds: float,
        name: str,
        seats: Sequence[threading.BoundedSemaphore] = (),
    ) -> None:
        """`seats`: a call needs one of each, else it raises TooManyTasks."""
        self._seats = seats
        self._environment, self._command, self._name = environment, command, name
        self._memory, self._seconds = memory, seconds
        self._settings = (
            "EXPLORER_PREDICTION_MEMORY",
            "EXPLORER_PREDICTION_SECONDS" if name == "one" else "EXPLORER_PREDICTION_LIST_SECONDS",
        )
        self._mutex, self._calls, self._stopped = threading.Lock(), 0, False
        self._worker: BoundedWorker | None = None
        self._timer: threading.Timer | None = None

    def call(self, task: str, arguments: Message) -> Any:
        """See `BoundedWorker.call`; raises TooManyTasks where as many run or wait as may."""
        with seated(self._seats):
            worker = self._entered()
            try:
                return worker.call(task, arguments)
            finally:
                self._left()

    def stop(self) -> None:
        """End it for good."""
        with self._mutex:
            self._stopped = True
            self._end()

    def _entered(self) -> BoundedWorker:
        with self._mutex:
            self._calls += 1
            if self._timer is not None:
                self._timer.cancel()
            if self._worker is None:
                client = WorkerClient(self._environment, self._command, name=f"prediction worker ({self._name})")
                self._worker = BoundedWorker(client, self._memory, self._seconds, self._settings)
                if self._stopped:
                    self._worker.stop()
            return self._worker

    def _left(self) -> None:
        with self._mutex:
            self._calls -= 1
            if not self._calls and not self._stopped:
                self._timer = threading.Timer(IDLE_SECONDS, self._rest)
                self._timer.daemon = True
                self._timer.start()

    def _rest(self) -> None:
        with self._mutex:
            if not self._calls:
                self._end()

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if self._timer is not None:
            self._timer.cancel()
        if worker is not None:
            worker.stop()
