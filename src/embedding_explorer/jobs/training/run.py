"""One job at work in the training worker: started, followed, aborted."""

import threading
from dataclasses import dataclass
from typing import Any

from embedding_explorer.errors import JobAborted, JobFailed
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.training.ledger import Ledger
from embedding_explorer.jobs.training.progress import Course
from embedding_explorer.jobs.training.records import TrainingJob

LOOK_EVERY = 0.1  # seconds between two looks whether the worker has started
ABORTED = "The job was aborted."
STOPPED = "The server was stopped before the job had ended."


@dataclass(frozen=True)
class Work:
    """What the worker has to do for a job: a task of its table, with arguments."""

    task: str
    arguments: dict[str, Any]


class Run:
    """One job at work."""

    def __init__(self, job: TrainingJob, worker: WorkerClient, ledger: Ledger) -> None:
        self.id, self.job, self.course = job.id, job, Course(job)
        self._worker, self._ledger = worker, ledger
        self._mutex, self._call = threading.Lock(), 0
        self.aborted = False

    def do(self, work: Work) -> None:
        """Do the work in the worker; raises its error."""
        while not self._worker.wait_ready(LOOK_EVERY):
            self._check()
            if self._worker.trouble:
                raise self._worker.trouble
            if self._worker.stopping():
                raise JobFailed(STOPPED)
        self._worker.call(work.task, work.arguments, report=self._report, on_start=self._started)

    def abort(self) -> None:
        """Have it end."""
        with self._mutex:
            self.aborted = True
            if self._call:
                self._worker.abort(self._call)

    def _started(self, call: int) -> None:
        with self._mutex:
            self._check()
            self._call = call

    def _check(self) -> None:
        if self.aborted:
            raise JobAborted(ABORTED)

    def _report(self, stage: str, done: int, total: int) -> None:
        values = self.course.follow(stage, done, total)
        if not self.aborted:
            self._ledger.note(self.id, save=False, **values)
