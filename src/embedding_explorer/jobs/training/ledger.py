"""All training jobs of a server: in memory to be read, in the catalog to last. One server has a data folder to itself."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from embedding_explorer.errors import CatalogUnavailable, JobNotFound, StorageFull
from embedding_explorer.jobs.training.folders import last_sign
from embedding_explorer.jobs.training.records import State, TrainingJob
from embedding_explorer.jobs.training.table import TrainingTable

log = logging.getLogger(__name__)
TICK = 0.001  # seconds; what the catalog tells moments apart by, and so the order of jobs


class Ledger:
    """Records of training jobs. Methods may be called from any thread; what they give are copies."""

    def __init__(self, table: TrainingTable) -> None:
        self.table, self.changed = table, threading.Condition()
        self._jobs = {job.id: job for job in table.all()}
        self._versions: Counter[str] = Counter()
        self._total = 0
        self._unsaved: set[str] = set()
        self._last = max((job.created for job in self._jobs.values()), default=0.0)

    def get(self, job_id: str) -> TrainingJob:
        """A job; raises JobNotFound."""
        with self.changed:
            if job_id not in self._jobs:
                raise JobNotFound(f"There is no job {job_id[:80]!r}.", job=job_id)
            return replace(self._jobs[job_id])

    def list(self, family: str | None = None) -> list[TrainingJob]:
        """Jobs, active ones first, the newest first within each."""
        with self.changed:
            found = [replace(job) for job in self._jobs.values() if family in (None, job.family)]
        return sorted(found, key=lambda job: (not job.state.active, -job.created))

    def moment(self) -> float:
        """Now, but later than any job: moments of creation give the order of jobs."""
        with self.changed:
            self._last = round(max(time.time(), self._last + TICK), 3)
            return self._last

    def add(self, jobs: Sequence[TrainingJob]) -> None:
        """Record new jobs, all of them or none; raises StorageFull, CatalogUnavailable."""
        self.table.save(jobs)
        with self.changed:
            self._jobs.update((job.id, replace(job)) for job in jobs)
            self._tell(*(job.id for job in jobs))

    def change(self, job_id: str, **values: Any) -> TrainingJob:
        """Record new values of a job. Raises JobNotFound, StorageFull, CatalogUnavailable."""
        with self.changed:
            job = replace(self.get(job_id), **values)
            self.table.save([job])
            self._jobs[job_id] = job
            self._tell(job_id)
            return replace(job)

    def note(self, job_id: str, save: bool = True, **values: Any) -> TrainingJob:
        """The same for work that must not fail for want of its record: that is written later, at the next occasion."""
        with self.changed:
            job = self._jobs[job_id] = replace(self.get(job_id), **values)
            if save:
                self._unsaved.add(job_id)
                self._save()
            self._tell(job_id)
            return replace(job)

    def remove(self, job_id: str) -> None:
        """Forget a job; raises StorageFull, CatalogUnavailable."""
        self.table.remove(job_id)
        with self.changed:
            self._jobs.pop(job_id, None)
            self._unsaved.discard(job_id)
            self._tell(job_id)
            del self._versions[job_id]

    def abort_active(self, reason: str) -> None:
        """Record the end of all active jobs: nobody works on them any more."""
        for job in self.list():
            if job.state.active:
                ended = max(last_sign(job.folder, job.created), job.started or 0.0)
                self.note(job.id, state=State.ABORTED, exception=reason, finished=ended, eta=None)

    def version(self, job_id: str | None = None) -> int:
        """A number that grows with every change of a job, or of any job."""
        return self._total if job_id is None else self._versions[job_id]

    def wait_change(self, timeout: float, since: int | None = None) -> None:
        """Wait for a change, at most `timeout` seconds; for none that `version()` had told of as `since`."""
        with self.changed:
            if since is None or since == self._total:
                self.changed.wait(timeout)

    def _save(self) -> None:
        jobs = [self._jobs[job_id] for job_id in self._unsaved]
        try:
            self.table.save(jobs)
        except (StorageFull, CatalogUnavailable) as error:
            return log.error("%d jobs are not recorded yet: %s", len(jobs), error.message)
        except (SQLAlchemyError, ValueError):  # one of them holds what the catalog cannot
            return self._save_singly(jobs)
        self._unsaved.clear()

    def _save_singly(self, jobs: Sequence[TrainingJob]) -> None:
        for job in jobs:
            try:
                self.table.save([job])
            except (StorageFull, CatalogUnavailable) as error:
                log.error("the job %s is not recorded yet: %s", job.id, error.message)
                continue
            except (SQLAlchemyError, ValueError):
                log.exception("the job %s cannot be recorded as it is", job.id)
            self._unsaved.discard(job.id)

    def _tell(self, *ids: str) -> None:
        self._total += 1
        for job_id in ids:
            self._versions[job_id] = self._total
        self.changed.notify_all()
