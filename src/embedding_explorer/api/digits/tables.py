"""The rows of tables (contract, 3.2)."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from embedding_explorer.api.digits.details import FRAMEWORK, percent
from embedding_explorer.errors import JobNotFound, NotFound
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.training.datasets import TrainingDataset

URGENT = (State.ERROR, State.ABORTED, State.RUNNING, State.WAITING, State.INITIALIZED, State.DONE)
Summary = tuple[dict[str, float], list[float]]


class Tables:
    """Rows of jobs. Kept as long as the server: what was summed up of a training is remembered until there is more."""

    def __init__(self) -> None:
        self._summaries: dict[str, tuple[object, Summary]] = {}

    def completed(self, service: TrainingService) -> dict[str, Any]:
        """The tables of the home page."""
        jobs = service.list()
        self._forget_all_but(jobs)
        rows = {job.id: row for job, row in self.rows(service, jobs)}
        jobs = [job for job in jobs if job.id in rows]
        running = [rows[job.id] for family in ("dataset", "model") for job in newest(jobs, family) if job.state.active]
        ended = {
            family: [rows[job.id] for job in newest(jobs, family) if not job.state.active]
            for family in ("dataset", "model", "pretrained_model")
        }
        return {
            "running": running,
            **{f"{family}s": found for family, found in ended.items()},
            "model_output_fields": sorted({key for row in rows.values() for key in row if is_output(key, row)}),
        }

    def rows(self, service: TrainingService, jobs: list[TrainingJob]) -> Iterator[tuple[TrainingJob, dict[str, Any]]]:
        """Each job that is still there, with its row."""
        for job in jobs:
            with suppress(JobNotFound):  # deleted since it was listed
                yield job, self.row(service, job)

    def row(self, service: TrainingService, job: TrainingJob) -> dict[str, Any]:
        """One row."""
        state = shown_state(service, job)
        row: dict[str, Any] = {
            "id": job.id,
            "name": job.name,
            "group": job.group,
            "status": str(state),
            "status_css": state.css,
            "submitted": job.created,
            "elapsed": elapsed(job),
            "progress": percent(job),
            "type": job.family,
            "username": job.username,
        }
        if job.family == "dataset":
            return row | of_dataset(job)
        return row | (self._of_model(service, job) if job.family == "model" else of_pretrained(job))

    def _of_model(self, service: TrainingService, job: TrainingJob) -> dict[str, Any]:
        summary, sparkline = self._summary(service, job)
        row: dict[str, Any] = {"framework": FRAMEWORK, "dataset_id": job.details.get("dataset"), **summary}
        if extension := job.details.get("extension"):
            row["extension"] = extension
        return row | ({"sparkline": sparkline} if sparkline else {})

    def _summary(self, service: TrainingService, job: TrainingJob) -> Summary:
        """Of what does not run, the figures are read once, and again only after the job has changed."""
        stamp, known = (job.state, service.version(job.id)), self._summaries.get(job.id)
        if known is not None and known[0] == stamp and job.state is not State.RUNNING:
            return known[1]
        figures = service.figures(job.id)
        found = figures.summary(), figures.sparkline()
        self._summaries[job.id] = (stamp, found)
        return found

    def _forget_all_but(self, jobs: list[TrainingJob]) -> None:
        for id in self._summaries.keys() - {job.id for job in jobs}:
            self._summaries.pop(id, None)


def newest(jobs: list[TrainingJob], family: str) -> list[TrainingJob]:
    """The jobs of a family, the newest first."""
    return sorted((job for job in jobs if job.family == family), key=lambda job: (job.created, job.id), reverse=True)


def shown_state(service: TrainingService, job: TrainingJob) -> State:
    """The most important state among the tasks, unless the job itself was ended or failed (contract, 1.7)."""
    if job.state in (State.ABORTED, State.ERROR):
        return job.state
    states = {state for _, state in service.tasks(job)}
    return next((state for state in URGENT if state in states), job.state)


def elapsed(job: TrainingJob) -> float:
    """Seconds from its start to its end, or until now."""
    return 0.0 if job.started is None else max(0.0, (job.finished or time.time()) - job.started)


def of_dataset(job: TrainingJob) -> dict[str, Any]:
    """What only rows of datasets have."""
    if job.type is JobType.GENERIC_DATASET:
        return {"extension": job.details.get("extension", "")}
    try:
        return {"backend": TrainingDataset(job.folder).plan.storage["backend"]}
    except NotFound:
        return {"backend": job.form.get("backend", "lmdb")}


def of_pretrained(job: TrainingJob) -> dict[str, Any]:
    """What only rows of pretrained models have."""
    return {
        "framework": job.details.get("framework", FRAMEWORK),
        "has_labels": bool(job.details.get("labels")),
        **{key: job.details.get(key) for key in ("image_type", "resize_mode", "width", "height")},
    }


def is_output(key: str, row: dict[str, Any]) -> bool:
    """Whether a key of a row is a column of its own beside those that all tables have."""
    metric = key.endswith((" last", " min", " max")) and row["type"] == "model"
    return metric or (row["type"] == "pretrained_model" and key in ("has_labels", "username"))
