"""New training jobs: an id and a folder first, then all that the work needs in it, then the record and the queue."""

import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput, JobNotFound
from embedding_explorer.jobs.records import new_id
from embedding_explorer.jobs.training.folders import DRAFT, text_values
from embedding_explorer.jobs.training.ledger import Ledger
from embedding_explorer.jobs.training.queue import TrainingQueue
from embedding_explorer.jobs.training.records import UPLOADS, Draft, Form, JobType, State, TrainingJob
from embedding_explorer.jobs.training.sites import places_of, spec_of
from embedding_explorer.jobs.training.starting import Start, start_of, write_request
from embedding_explorer.jobs.training.table import TrainingTable
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import (
    SECRET_FIELDS,
    ClassificationSpec,
    plan_classification,
    plan_generic,
    storable,
)
from embedding_explorer.training.datasets.form import FormValues
from embedding_explorer.training.forms.model import ModelForm
from embedding_explorer.training.forms.training import shown

# Fields of a form that say who sends it and how, not what.
NOT_KEPT = ("username", "clone")


class Creation:
    """Creates jobs. Errors as `TrainingService` tells of them.

    Attributes:
        mutation: held while it is decided which jobs there are, so that none is made of one that goes.
        secrets: job → the secret fields of its form; never written anywhere.
    """

    def __init__(self, settings: Settings, table: TrainingTable, ledger: Ledger, queue: TrainingQueue) -> None:
        self._settings, self._table, self._ledger, self._queue = settings, table, ledger, queue
        self.mutation = threading.RLock()
        self.secrets: dict[str, Form] = {}

    @contextmanager
    def drafting(self) -> Iterator[Draft]:
        """An id and a folder; what was not created at the end is removed."""
        draft = self._draft()
        try:
            yield draft
        finally:
            if (draft.folder / DRAFT).exists():
                shutil.rmtree(draft.folder, ignore_errors=True)

    def dataset(
        self,
        draft: Draft,
        type: JobType,
        form: FormValues,
        username: str | None,
        files: Mapping[str, Path],
        extension: str,
    ) -> TrainingJob:
        """A dataset, queued."""
        spec = spec_of(type, extension, form, files, self._settings)
        plan = plan_classification(spec) if isinstance(spec, ClassificationSpec) else plan_generic(spec)
        uploads = {name: path.relative_to(draft.folder).as_posix() for name, path in files.items()}
        job = self._new(draft, type, username, spec.name, spec.group, form)
        job.details = {"extension": extension, "seed": secrets.randbits(32), "uploads": uploads}
        with self._queue.admitting(type.value):
            with full_disk_named(draft.folder):
                plan.save(draft.folder)
            self.secrets[job.id] = {k: v for k, v in text_values(form).items() if k in SECRET_FIELDS}
            try:
                self._record([draft], [job])
                self._queue.put(job.id)
            except BaseException:
                self.secrets.pop(job.id, None)
                raise
        return job

    def models(self, form: ModelForm, raw: FormValues, username: str | None, type: JobType) -> list[TrainingJob]:
        """The models of a sweep, queued."""
        with self._queue.admitting(type.value), self._several(forms := form.jobs()) as drafts:
            self._dataset_of(form)
            # Gigabytes may be copied: nobody else should wait for that to rename or delete a job.
            self._write_requests(forms, self._start(form, type), drafts, type)
            with self.mutation:
                dataset, jobs = self._dataset_of(form), []
                for each, draft in zip(forms, drafts, strict=True):
                    jobs.append(job := self._new(draft, type, username, each.name, each.group, _single(raw, each)))
                    job.details = _details(each, dataset)
                self._record(drafts, jobs)
                for job in jobs:
                    self._queue.put(job.id)
        return jobs

    @contextmanager
    def _several(self, forms: Sequence[ModelForm]) -> Iterator[list[Draft]]:
        """A draft for each form, all of them removed where something is raised."""
        drafts: list[Draft] = []
        try:
            for _ in forms:
                drafts.append(self._draft())
            yield drafts
        except BaseException:
            for draft in drafts:
                shutil.rmtree(draft.folder, ignore_errors=True)
            raise

    def _write_requests(self, forms: Sequence[ModelForm], start: Start, drafts: Sequence[Draft], type: JobType) -> None:
        most = self._settings.max_network_bytes
        for form, draft in zip(forms, drafts, strict=True):
            with full_disk_named(draft.folder):
                start = write_request(form, start, draft.folder, type.classification, most)

    def pretrained(self, draft: Draft, name: str, username: str | None, details: Mapping[str, Any]) -> TrainingJob:
        """A pretrained model, which is done at once."""
        job = self._new(draft, JobType.PRETRAINED, username, name, "", {})
        now = time.time()
        job.details, job.state, job.started, job.finished, job.progress = dict(details), State.DONE, now, now, 100.0
        shutil.rmtree(draft.uploads)
        self._record([draft], [job])
        return job

    def _draft(self) -> Draft:
        jobs_dir = self._settings.jobs_folder
        with full_disk_named(jobs_dir):
            jobs_dir.mkdir(parents=True, exist_ok=True)
            while True:
                job_id = new_id()
                if self._table.taken(job_id):
                    continue
                folder = jobs_dir / job_id
                try:
                    folder.mkdir()
                except FileExistsError:
                    continue
                # Until it is recorded; the next start removes what a crash left.
                (folder / DRAFT).touch()
                (folder / UPLOADS).mkdir()
                return Draft(job_id, folder)

    def _new(
        self, draft: Draft, type: JobType, username: str | None, name: str, group: str, form: FormValues
    ) -> TrainingJob:
        kept = {field: value for field, value in text_values(storable(form)).items() if field not in NOT_KEPT}
        created = self._ledger.moment()
        return TrainingJob(
            draft.id, type, name, group, "", username, State.INITIALIZED, created, draft.folder, form=kept
        )

    def _record(self, drafts: Sequence[Draft], jobs: Sequence[TrainingJob]) -> None:
        self._ledger.add(jobs)
        for draft in drafts:
            (draft.folder / DRAFT).unlink(missing_ok=True)
            if draft.uploads.is_dir() and not any(draft.uploads.iterdir()):
                draft.uploads.rmdir()

    def _dataset_of(self, form: ModelForm) -> TrainingJob:
        try:
            dataset = self._ledger.get(form.dataset)
        except JobNotFound as error:
            raise BadInput("The dataset has just been deleted; choose another one.") from error
        if not dataset.state.active and dataset.state is not State.DONE:
            raise BadInput("The dataset has just failed or been aborted; choose another one.")
        return dataset

    def _start(self, form: ModelForm, type: JobType) -> Start:
        try:
            job = self._ledger.get(form.network.id) if form.network.definition is None else None
        except JobNotFound as error:
            raise BadInput("The job of the network has just been deleted; choose another one.") from error
        places = places_of(self._settings)
        try:
            return start_of(form, job, [places.file(path) for path in form.network.weights], type)
        except FileNotFoundError as error:
            raise BadInput("The job of the network has just been deleted; choose another one.") from error


def _single(raw: FormValues, form: ModelForm) -> FormValues:
    """The form of one job of a sweep."""
    if not ({"learning_rate", "batch_size"} & raw.keys()):
        return raw
    single: dict[str, str | Sequence[str]] = {**raw, "model_name": form.name}
    if "learning_rate" in raw:
        single["learning_rate"] = shown(form.options.learning_rate)
    if "batch_size" in raw:
        single["batch_size"] = str(form.options.batch_size or "")
    return single


def _details(form: ModelForm, dataset: TrainingJob) -> dict[str, Any]:
    choice = form.network
    return {
        "dataset": dataset.id,
        "extension": dataset.details.get("extension", ""),
        "framework": form.framework,
        "network": {"method": choice.method, "id": choice.id, "snapshot": choice.snapshot},
        "gpus": list(form.gpus),
    }
