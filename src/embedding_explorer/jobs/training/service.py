"""Jobs of the training API: creating, reading, changing, ending and deleting them. No torch."""

import builtins
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from embedding_explorer.database import Database
from embedding_explorer.errors import Conflict, JobNotFound
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import Job
from embedding_explorer.jobs.training.creation import Creation
from embedding_explorer.jobs.training.folders import FiguresCache
from embedding_explorer.jobs.training.hardware import Hardware
from embedding_explorer.jobs.training.ledger import Ledger
from embedding_explorer.jobs.training.making import choices_for, dataset_work, epochs_of, model_work
from embedding_explorer.jobs.training.progress import job_tasks
from embedding_explorer.jobs.training.queue import TrainingQueue
from embedding_explorer.jobs.training.records import (
    DATASET,
    MODEL,
    PRETRAINED_MODEL,
    UPLOADS,
    Draft,
    JobType,
    State,
    TrainingJob,
)
from embedding_explorer.jobs.training.removal import Removal
from embedding_explorer.jobs.training.run import Work
from embedding_explorer.jobs.training.sites import bounds_of, places_of
from embedding_explorer.jobs.training.table import TrainingTable
from embedding_explorer.runs.files import Finder
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import Places, TrainingDataset
from embedding_explorer.training.datasets.form import FormValues
from embedding_explorer.training.figures import Figures
from embedding_explorer.training.forms.model import Choices, ModelForm

INFERENCE = "Inference"  # what answers of a busy server call work on many images
COMMAND = (sys.executable, "-m", "embedding_explorer.jobs.training.worker")
GRACE = 2.0  # seconds that a job has to end after an abort, before its process is killed
RESTARTED = "The server was restarted before the job had ended."
NAME_FIELDS = {DATASET: "dataset_name", MODEL: "model_name"}


class TrainingService:
    """`runtime.training`. Methods may be called from any thread.

    Attributes:
        jobs_dir: absolute; every job owns the folder of its id there.
        runs: absolute; a model's event files are in the folder of its id there.
        bounds: of datasets.
    """

    def __init__(
        self, settings: Settings, database: Database, lock: BusyLock, command: Sequence[str] = COMMAND
    ) -> None:
        self.settings, self.jobs_dir, self.bounds = settings, settings.jobs_folder, bounds_of(settings)
        self.runs = settings.runs_folder
        table = TrainingTable(database, self.jobs_dir)
        self._ledger = Ledger(table)
        environment = settings.environment(secrets=False)

        def make_worker() -> WorkerClient:
            return WorkerClient(environment, command, "training worker", GRACE)

        patient = settings.training_when_busy == "queue"
        self._queue = TrainingQueue(self._ledger, lock, make_worker, self._work_for, patient, self._ended)
        self._creation = Creation(settings, table, self._ledger, self._queue)
        self._removal = Removal(self._creation, self._ledger, self._queue, self.jobs_dir, self.runs)
        self._mutation = self._creation.mutation
        self._figures, self._hardware = FiguresCache(), Hardware()

    def start(self) -> None:
        """Finish what the last run left half done, and begin to work."""
        self.jobs_dir.mkdir(parents=True, exist_ok=True)
        self._removal.sweep()
        self._ledger.abort_active(RESTARTED)
        self._queue.start()

    def stop(self) -> None:
        """End the current job and those that wait."""
        self._queue.stop()

    def places(self) -> Places:
        """What paths a client may name: data roots and jobs folder. One for each request."""
        return places_of(self.settings)

    def get(self, job_id: str) -> TrainingJob:
        """A job; raises JobNotFound (fact: `job`)."""
        return self._ledger.get(job_id)

    def in_run_logs(self, job_id: str) -> bool:
        """Whether the run logs of this server show a model: its training has begun to write one."""
        return Finder(names_only=True).look(self.runs / job_id, self.runs.resolve())[0].is_run()

    def list(self, family: str | None = None) -> list[TrainingJob]:
        """Jobs of one family, or all: active ones first, the newest first within each."""
        return self._ledger.list(family)

    def check_free(self) -> None:
        """Raise Busy where nothing can be created now: for routes, before they read a body."""
        self._queue.check_admission()

    def inference(self) -> AbstractContextManager[None]:
        """Hold the lock of the training family for inference on many images; raises Busy."""
        return self._queue.admitting(INFERENCE)

    def drafting(self) -> AbstractContextManager[Draft]:
        """An id and a folder for a job to be created; what was not created at the end is removed."""
        return self._creation.drafting()

    def create_dataset(
        self,
        draft: Draft,
        type: JobType,
        form: FormValues,
        username: str | None,
        *,
        files: Mapping[str, Path],
        extension: str = "",
    ) -> TrainingJob:
        """Create a dataset.

        Args:
            draft: of `drafting`, in whose `with` block this is called.
            type: CLASSIFICATION_DATASET or GENERIC_DATASET.
            form: as it was sent; what is secret in it lives in memory only.
            files: field → uploaded file in `draft.uploads`.
            extension: of a generic dataset.

        Raises:
            InvalidFields: the form breaks rules. NotFound: an unknown extension.
            Busy: a dataset upload has the lock; nothing is created.
            StorageFull: the disk is.
        """
        return self._creation.dataset(draft, type, form, username, files, extension)

    def create_models(
        self, form: ModelForm, raw: FormValues, username: str | None, type: JobType
    ) -> builtins.list[TrainingJob]:
        """Create a model for each combination of a sweep. `raw` is the form as it was sent.

        Raises:
            Busy: a dataset upload has the lock; nothing is created.
            BadInput: what the form refers to has gone since it was parsed.
            StorageFull: the disk is.
        """
        return self._creation.models(form, raw, username, type)

    def create_pretrained(
        self, draft: Draft, name: str, username: str | None, details: Mapping[str, Any]
    ) -> TrainingJob:
        """Record a pretrained model whose files are in `draft.folder`. It is Done at once; never Busy."""
        return self._creation.pretrained(draft, name, username, details)

    def choices(self, type: JobType) -> Choices:
        """What the form of a model of that type may choose from."""
        gpus, most = len(self._hardware.gpus()), self.settings.max_network_parameters
        return choices_for(type, self.list(), self.places(), gpus, most)

    def edit(self, job_id: str, name: str | None = None, notes: str | None = None) -> None:
        """Rename a job, or change its notes; a clone has the new name too. Raises JobNotFound."""
        with self._mutation:
            job, values = self.get(job_id), dict[str, Any]()
            if name is not None:
                form = job.form if job.family == PRETRAINED_MODEL else job.form | {NAME_FIELDS[job.family]: name}
                values = {"name": name, "form": form}
            if notes is not None:
                values["notes"] = notes
            self._ledger.change(job_id, **values)

    def regroup(self, job_id: str, group: str) -> None:
        """Move a job into a group, or with "" out of all; a clone is in it too. Raises JobNotFound."""
        with self._mutation:
            self._ledger.change(job_id, group=group, form=self.get(job_id).form | {"group_name": group})

    def abort(self, job_id: str) -> None:
        """End a job; raises JobNotFound, or Conflict for one that is not active. It is Aborted within three seconds."""
        job = self.get(job_id)
        if not job.state.active:
            raise Conflict(f"The job is not active: it is {job.state}.", job=job_id)
        self._queue.abort(job_id)

    def delete(self, job_id: str) -> None:
        """End a job if it is active, and remove all of it.

        Raises JobNotFound, or Conflict for a dataset with models on it (fact: `models`, their names).
        """
        self._removal.delete(job_id)

    def resume(self, job_id: str) -> None:
        """Queue an aborted or failed job again: a model goes on from its last snapshot, a dataset from its last commit.

        Raises JobNotFound, Busy, or Conflict for a job that is active or done, or that lacks what it needs, as datasets
        of a bucket do: their keys are not kept.
        """
        with self._mutation:
            job = self.get(job_id)
            self._check_resumable(job)
            with self._queue.admitting(job.type.value):
                self._ledger.change(job_id, state=State.INITIALIZED, exception=None, traceback=None)
                self._queue.put(job_id)

    def dataset(self, job_id: str) -> TrainingDataset:
        """The folder of a dataset, read; raises NotFound."""
        return TrainingDataset(self.get(job_id).folder)

    def snapshots(self, job_id: str) -> builtins.list[float]:
        """Epochs of a model's snapshots, ascending; raises JobNotFound."""
        return epochs_of(self.get(job_id).folder)

    def figures(self, job_id: str) -> Figures:
        """What a model's training has reported so far; raises JobNotFound. Cheap to call again. Do not change it."""
        return self._figures.get(self.get(job_id).folder)

    def tasks(self, job: TrainingJob) -> builtins.list[tuple[str, State]]:
        """The tasks of a job in order, each with its name and state."""
        return job_tasks(job)

    def dependants(self, job_id: str) -> builtins.list[TrainingJob]:
        """Models on a dataset, in any state."""
        return self._removal.dependants(job_id)

    def version(self, job_id: str | None = None) -> int:
        """A number that grows whenever the job changes; of all jobs together without an id."""
        return self._ledger.version(job_id)

    def wait_change(self, timeout: float, since: int | None = None) -> None:
        """Wait until any job changes, at most `timeout` seconds; not at all if `version()` is beyond `since` already."""
        self._ledger.wait_change(timeout, since)

    def shown(self) -> Job | None:
        """The job for which the training family has the lock, for busy answers; None while it has not."""
        return self._queue.shown()

    def hardware(self) -> dict[str, Any]:
        """GPUs and processor, as the contract has it (3.3); measured at most once a second."""
        running, used = self._queue.running(), None
        with suppress(JobNotFound):
            job = self.get(running) if running else None
            if job is not None and job.family == MODEL and self.settings.device != "cpu":
                used = str((job.details["gpus"] or [0])[0])
        gpus = [gpu | {"in_use_by": running if gpu["index"] == used else None} for gpu in self._hardware.gpus()]
        free = sum(gpu["in_use_by"] is None for gpu in gpus)
        return {"total": len(gpus), "available": free, "gpus": gpus, "cpu": self._hardware.cpu()}

    def _work_for(self, job: TrainingJob) -> Work:
        if job.family == DATASET:
            return dataset_work(job, self._creation.secrets.get(job.id, {}))
        return model_work(job, self.get(job.details["dataset"]), self.runs)

    def _ended(self, job: TrainingJob) -> None:
        """At every end of a job: keys are kept no longer than that, uploads as long as it can be resumed."""
        self._creation.secrets.pop(job.id, None)
        if job.state is State.DONE:
            shutil.rmtree(job.folder / UPLOADS, ignore_errors=True)

    def _check_resumable(self, job: TrainingJob) -> None:
        if job.state not in (State.ABORTED, State.ERROR):
            raise Conflict(f"Only an aborted or failed job can be resumed; this one is {job.state}.", job=job.id)
        if job.family == MODEL and not self._is_usable(job.details["dataset"]):
            raise Conflict("The dataset of this model is not there, or has failed. Resume that first.", job=job.id)
        if job.form.get("method") == "s3" and job.id not in self._creation.secrets:
            raise Conflict("The keys of the bucket were not kept; clone the dataset and give them again.", job=job.id)

    def _is_usable(self, dataset: str) -> bool:
        try:
            state = self.get(dataset).state
        except JobNotFound:
            return False
        return state.active or state is State.DONE
