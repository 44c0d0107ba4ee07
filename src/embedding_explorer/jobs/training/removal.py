"""Deleting training jobs, so that a killed server never leaves half of one."""

import shutil
from contextlib import suppress
from pathlib import Path

from embedding_explorer.errors import Conflict, JobNotFound
from embedding_explorer.jobs.training.creation import Creation
from embedding_explorer.jobs.training.folders import DELETED, DRAFT
from embedding_explorer.jobs.training.ledger import Ledger
from embedding_explorer.jobs.training.queue import TrainingQueue
from embedding_explorer.jobs.training.records import MODEL, UPLOADS, State, TrainingJob, is_id

END_SECONDS = 10.0  # that a deletion waits for the end of its job


class Removal:
    """Removes jobs with their folders and runs."""

    def __init__(self, creation: Creation, ledger: Ledger, queue: TrainingQueue, jobs_dir: Path, runs: Path) -> None:
        self._creation, self._ledger, self._queue = creation, ledger, queue
        self._jobs_dir, self._runs = jobs_dir, runs

    def dependants(self, job_id: str) -> list[TrainingJob]:
        """Models on a dataset, in any state."""
        return [job for job in self._ledger.list(MODEL) if job.details.get("dataset") == job_id]

    def delete(self, job_id: str) -> None:
        """End a job if it is active, and remove all of it; raises JobNotFound, Conflict."""
        self._check(job_id)
        self._queue.abort(job_id)
        if not self._queue.wait_ended(job_id, END_SECONDS):
            raise Conflict("The job did not end in time; try again.", job=job_id)
        gone = self._jobs_dir / f"{DELETED}{job_id}"
        with self._creation.mutation:
            job = self._check(job_id)
            if job.state.active:
                raise Conflict("The job has just been resumed; try again.", job=job_id)
            # Whenever the server is killed from here on, the next start goes on.
            with suppress(FileNotFoundError):
                job.folder.rename(gone)
            self._forget(job_id)
        self._remove_files(gone, job_id)

    def sweep(self) -> None:
        """Finish deletions, and remove drafts of which no job came, and what was sent for jobs that are done.

        Folders of others are left alone.
        """
        for folder in list(self._jobs_dir.iterdir()):
            job_id = folder.name.removeprefix(DELETED)
            if not is_id(job_id):
                continue
            if folder.name != job_id:
                self._forget(job_id)
                self._remove_files(folder, job_id)
            else:
                if (folder / DRAFT).exists():
                    self._settle_draft(folder)
                if (folder / UPLOADS).exists():
                    self._settle_uploads(folder)

    def _check(self, job_id: str) -> TrainingJob:
        job = self._ledger.get(job_id)
        if models := self.dependants(job_id):
            names = ", ".join(repr(model.name) for model in models[:5]) + (" and more" if len(models) > 5 else "")
            raise Conflict(f"The dataset has models: {names}. Delete these first.", job=job_id, models=names)
        return job

    def _settle_draft(self, folder: Path) -> None:
        try:
            self._ledger.get(folder.name)
        except JobNotFound:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            (folder / DRAFT).unlink()

    def _settle_uploads(self, folder: Path) -> None:
        with suppress(JobNotFound):
            if self._ledger.get(folder.name).state is State.DONE:
                shutil.rmtree(folder / UPLOADS, ignore_errors=True)

    def _forget(self, job_id: str) -> None:
        with suppress(JobNotFound):
            self._ledger.get(job_id)
            self._ledger.remove(job_id)
        self._creation.secrets.pop(job_id, None)

    def _remove_files(self, folder: Path, job_id: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._runs / job_id, ignore_errors=True)
