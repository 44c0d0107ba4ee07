"""Server-sent events: one job, and the list of jobs (contract, 9; polling says the same).

`/jobs/<id>/events` of a training job:
    progress     id, name, group, notes, type, status, css, running, progress, stage, eta, exception, reason, snapshots
    graph        of a model: what `/models/<id>/graph.json` answers, at most every five seconds
    statistics   of a dataset: labels and sets as in `/datasets/<id>/statistics.json`, at most every two seconds
    end          the last progress; `deleted` with the id instead, where the job has gone

`/jobs/events`:
    jobs         what `/completed_jobs.json` answers, once at the beginning
    changed      the row of a job that is new or has changed
    deleted      {"id"}
    server       {"total_gpu_count", "remaining_gpu_count"}
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flask import Response

from embedding_explorer.api.digits.details import failure, percent
from embedding_explorer.api.digits.models import graph_of
from embedding_explorer.api.digits.routes import Route
from embedding_explorer.api.digits.tables import Tables
from embedding_explorer.api.event_streams import EventStreams, event
from embedding_explorer.errors import JobNotFound, NotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import TrainingJob
from embedding_explorer.training.datasets import statistics
from embedding_explorer.training.figures import whole

EVENT_EVERY, LOOK_EVERY = 0.25, 1.0  # seconds between two looks at the least, and at the most
GRAPH_EVERY, STATISTICS_EVERY = 5.0, 2.0  # seconds


class Events:
    """Its routes, and the events of single jobs."""

    def __init__(self, runtime: Runtime, tables: Tables, streams: EventStreams) -> None:
        self.runtime, self.tables, self._streams = runtime, tables, streams

    def routes(self) -> list[Route]:
        """The list; single jobs share their address with the explorer's."""
        return [Route("GET", "/jobs/events", self.all, "All jobs as server-sent events")]

    def all(self) -> Response:
        """Rows as they change."""
        return self._streams.answer(_List(self.runtime, self.tables).events())

    def one(self, id: str) -> Response:
        """A job as it goes on; raises JobNotFound."""
        self.runtime.training.get(id)
        return self._streams.answer(_Single(self.runtime, id).events())


class _Single:
    """The events of one job."""

    def __init__(self, runtime: Runtime, id: str) -> None:
        self.service, self.id = runtime.training, id
        self._last = b""
        self._more: tuple[float, object] = (0.0, None)

    def events(self) -> Iterator[bytes]:
        """What there is to say; nothing, as empty bytes, at every look that finds nothing new."""
        while True:
            version = self.service.version()
            try:
                job = self.service.get(self.id)
                yield from self._more_of(job)
                shown = summary(job, self.service.snapshots(job.id) if job.family == "model" else [])
            except JobNotFound:
                yield event("deleted", {"id": self.id})
                return
            if not job.state.active:
                yield event("end", shown)
                return
            said = event("progress", shown)
            yield said if said != self._last else b""
            self._last = said
            time.sleep(EVENT_EVERY)
            self.service.wait_change(LOOK_EVERY, version)

    def _more_of(self, job: TrainingJob) -> Iterator[bytes]:
        """Graphs or statistics, where there are new ones and the last are old enough; those at the end always."""
        every = GRAPH_EVERY if job.family == "model" else STATISTICS_EVERY
        if job.state.active and time.monotonic() - self._more[0] < every:
            return
        said: object = None
        if job.family == "model":
            said = len(self.service.figures(job.id).points), self.service.snapshots(job.id), job.state
            content = graph_of(self.service, job) if said != self._more[1] else None
            name = "graph"
        else:
            said = content = self._statistics(job)
            name = "statistics"
        if content is not None and said != self._more[1]:
            yield event(name, content)
        self._more = (time.monotonic(), said)

    def _statistics(self, job: TrainingJob) -> dict[str, Any] | None:
        if job.family == "dataset":
            with suppress(NotFound):
                return statistics(self.service.dataset(job.id), f"/files/{job.id}/mean.jpg")
        return None


class _List:
    """The events of the list."""

    def __init__(self, runtime: Runtime, tables: Tables) -> None:
        self.service, self.tables = runtime.training, tables
        self._rows: dict[str, tuple[object, bytes]] = {}
        self._gpus: object = None

    def events(self) -> Iterator[bytes]:
        """What there is to say; nothing, as empty bytes, at every look that finds nothing new."""
        yield event("jobs", self.tables.completed(self.service))
        for job in self.service.list():
            with suppress(JobNotFound):
                self._changed(job)
        while True:
            version = self.service.version()
            yield from self._server()
            yield from self._changes()
            yield b""
            time.sleep(EVENT_EVERY)
            self.service.wait_change(LOOK_EVERY, version)

    def _changes(self) -> Iterator[bytes]:
        jobs = self.service.list()
        for job in jobs:
            with suppress(JobNotFound):  # deleted since
                yield self._changed(job)
        for id in self._rows.keys() - {job.id for job in jobs}:
            del self._rows[id]
            yield event("deleted", {"id": id})

    def _changed(self, job: TrainingJob) -> bytes:
        """The row of a job, where it is not what was said last. Rows of ended jobs are made when they change."""
        stamp, said = self._rows.get(job.id, (None, b""))
        version = (self.service.version(job.id), job.state, job.name, job.group, job.notes)
        if stamp == version and not job.state.active:
            return b""
        row = self.tables.row(self.service, job)
        if job.state.active:
            row["elapsed"] = int(row["elapsed"])
        now = event("changed", row)
        self._rows[job.id] = (version, now)
        return now if now != said else b""

    def _server(self) -> Iterator[bytes]:
        hardware = self.service.hardware()
        gpus = {"total_gpu_count": hardware["total"], "remaining_gpu_count": hardware["available"]}
        if gpus != self._gpus:
            self._gpus = gpus
            yield event("server", gpus)


def summary(job: TrainingJob, snapshots: list[float]) -> dict[str, Any]:
    """A job in short, as its page shows it."""
    return {
        "id": job.id,
        "name": job.name,
        "group": job.group,
        "notes": job.notes,
        "type": str(job.type),
        "status": str(job.state),
        "css": job.state.css,
        "running": job.state.active,
        "progress": percent(job),
        "stage": job.stage,
        "eta": None if job.eta is None else round(job.eta),
        **failure(job),
        "reason": job.exception,
        "snapshots": [whole(epoch) for epoch in snapshots],
    }
