"""Embeddings of run logs in two and three dimensions: made by a process of its own, kept on disk within a bound."""

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from embedding_explorer.datasets.disk import PART, full_disk_named, keep_used
from embedding_explorer.errors import NotFound, TooManyTasks, WorkerDied
from embedding_explorer.jobs.bounded import MEMORY, BoundedWorker
from embedding_explorer.jobs.channel import Message
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.run_logs import Reply, RunLogs
from embedding_explorer.runs.compression import packed_body
from embedding_explorer.runs.reduction import check_dims, check_method
from embedding_explorer.settings import Settings

COMMAND = (sys.executable, "-m", "embedding_explorer.jobs.projection_worker")
VERSION = 2  # of the reductions; another one makes them anew
WAITING = 8  # requests that may wait for the worker; each holds a thread of the web process
PROJECTED, ROWS = "projector_data", "projector_rows"  # the endpoint, and what the reader does for it
DIMS = 3


class Projections:
    """Reductions of the arrays in `folder`. Usable from any thread."""

    def __init__(self, settings: Settings, command: Sequence[str] = COMMAND) -> None:
        self.folder, self._most = settings.data / "cache" / "projections", settings.projection_cache_bytes
        for leftover in self.folder.glob(f"*{PART}"):
            leftover.unlink(missing_ok=True)
        client = WorkerClient(settings.environment(secrets=False), command, name="projection worker")
        self._worker = BoundedWorker(
            client, settings.inference_memory, settings.projection_seconds, (MEMORY, "EXPLORER_PROJECTION_SECONDS")
        )
        self._places, self._making = threading.BoundedSemaphore(WAITING), threading.Lock()

    def reduce(self, rows: str, method: str, dims: int) -> NDArray[np.float64]:
        """The points (N, dims) of the array that lies in the folder under the name `rows`.

        Raises NotFound where that array is gone, BadLogParameter, LimitExceeded, TooManyTasks, WorkerDied, StorageFull.
        """
        path = self.folder / f"{rows}-{method}-{dims}-{VERSION}.npy"
        found = loaded(path)
        points = found if found is not None else self._made(path, rows, method, dims)
        keep_used(self.folder, self._most)
        return points

    def stop(self) -> None:
        """End the worker for good."""
        self._worker.stop()

    def _made(self, path: Path, rows: str, method: str, dims: int) -> NDArray[np.float64]:
        if not self._places.acquire(blocking=False):
            raise TooManyTasks(f"{WAITING} embeddings wait to be reduced already. Try again later.")
        try:
            with self._making:  # who waited for the same one finds it made
                found = loaded(path)
                return found if found is not None else self._ask(path, rows, method, dims)
        finally:
            self._places.release()

    def _ask(self, path: Path, rows: str, method: str, dims: int) -> NDArray[np.float64]:
        with full_disk_named(self.folder):
            arguments: Message = {"rows": str(self.folder / rows), "result": str(path), "method": method, "dims": dims}
            self._call("prepare", {"method": method})  # what is compiled once is not the reduction's time
            self._call("project", arguments)
            made = loaded(path)
        assert made is not None
        return made

    def _call(self, task: str, arguments: Message) -> None:
        try:
            self._worker.call(task, arguments)
        except WorkerDied:  # perhaps before this came: another one may do it
            self._worker.call(task, arguments)


def loaded(path: Path) -> NDArray[np.float64] | None:
    """A kept array, which is noted as used now; None where there is none."""
    try:
        os.utime(path)
        values: NDArray[np.float64] = np.load(path, allow_pickle=False)
        return values
    except FileNotFoundError:
        return None


class ProjectedLogs:
    """The run logs with the one endpoint that needs more than to be read: its rows are reduced by another process."""

    def __init__(self, settings: Settings, logs: RunLogs) -> None:
        self._logs, self.projections = logs, Projections(settings)

    def ask(self, question: Mapping[str, Any]) -> Reply:
        """See `RunLogs.ask`; raises what `Projections.reduce` raises, too."""
        return self._projected(question) if question["endpoint"] == PROJECTED else self._logs.ask(question)

    def stop(self) -> None:
        """End both processes for good."""
        self.projections.stop()
        self._logs.stop()

    def _projected(self, question: Mapping[str, Any]) -> Reply:
        arguments = dict(question["arguments"])
        method, dims = str(arguments.pop("method")), int(arguments.pop("dims", DIMS))
        method = check_method(method, str(arguments.pop("reducer", "")))
        try:
            reply, rows = self._rows(question, arguments, 1)
            points = self._reduced(rows, method, dims)
        except NotFound:  # the rows of a kept answer had to make room
            reply, rows = self._rows(question, arguments, time.time_ns())
            points = self._reduced(rows, method, dims)
        data = {str(arguments["step"]): [points, rows["labels"]]}
        body = orjson.dumps({"code": 200, "msg": "ok", "data": data}, option=orjson.OPT_SERIALIZE_NUMPY)
        body, packed = packed_body(body, bool(question["packed"]))
        return Reply(body, reply.version, reply.mimetype, packed, time.monotonic())

    def _rows(self, question: Mapping[str, Any], arguments: Message, attempt: int) -> tuple[Reply, Message]:
        """Where the rows lie now, how many columns they have, and the labels. Another `attempt` is another question."""
        where = {**arguments, "into": str(self.projections.folder.resolve()), "attempt": attempt}
        reply = self._logs.ask({**question, "endpoint": ROWS, "arguments": where, "dialect": "doc", "packed": False})
        described: Message = orjson.loads(reply.body)["data"]
        return reply, described

    def _reduced(self, rows: Message, method: str, dims: int) -> NDArray[np.float64]:
        check_dims(method, dims, rows["columns"])
        return self.projections.reduce(rows["rows"], method, dims)
