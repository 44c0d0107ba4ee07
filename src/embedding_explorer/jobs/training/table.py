"""Jobs of the training API in the catalog: a row in the table of all jobs, and one with what only they have."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Float, MetaData, Row, String, Table, Text, delete, select

from embedding_explorer.database import Database
from embedding_explorer.jobs.catalog import JOBS
from embedding_explorer.jobs.records import Status, timestamp
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob

TRAINING_JOBS = Table(
    "training_jobs",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("username", String),
    Column("group", String, nullable=False),
    Column("notes", Text, nullable=False),
    Column("progress", Float, nullable=False),
    Column("traceback", Text),
    Column("form", JSON, nullable=False),
    Column("details", JSON, nullable=False),
)
# What the table of all jobs says of a state.
STATUS = {
    State.INITIALIZED: Status.WAITING,
    State.WAITING: Status.WAITING,
    State.RUNNING: Status.RUNNING,
    State.DONE: Status.DONE,
    State.ABORTED: Status.ABORTED,
    State.ERROR: Status.FAILED,
}
_ERRORS = {State.ABORTED: "JobAborted", State.ERROR: "JobFailed"}


class TrainingTable:
    """Rows of training jobs. Errors as of `Database`."""

    def __init__(self, database: Database, jobs_dir: Path) -> None:
        self.database, self.jobs_dir = database, jobs_dir
        database.create(JOBS, TRAINING_JOBS)

    def save(self, jobs: Sequence[TrainingJob]) -> None:
        """Insert or replace jobs, all of them or none."""
        with self.database.writing() as connection:
            for job in jobs:
                connection.execute(self.database.upsert(JOBS, _common(job), "id"))
                connection.execute(self.database.upsert(TRAINING_JOBS, _own(job), "id"))

    def all(self) -> list[TrainingJob]:
        """Every training job."""
        query = select(JOBS, TRAINING_JOBS).join(TRAINING_JOBS, JOBS.c.id == TRAINING_JOBS.c.id)
        with self.database.reading() as connection:
            return [self._job(row) for row in connection.execute(query)]

    def taken(self, job_id: str) -> bool:
        """Whether a job of any kind has that id."""
        with self.database.reading() as connection:
            return connection.execute(select(JOBS.c.id).where(JOBS.c.id == job_id)).first() is not None

    def remove(self, job_id: str) -> None:
        """Forget a job."""
        with self.database.writing() as connection:
            connection.execute(delete(TRAINING_JOBS).where(TRAINING_JOBS.c.id == job_id))
            connection.execute(delete(JOBS).where(JOBS.c.id == job_id))

    def _job(self, row: Row[Any]) -> TrainingJob:
        common, own = JOBS.c, TRAINING_JOBS.c
        values = row._mapping
        return TrainingJob(
            id=values[common.id],
            type=JobType(values[common.kind]),
            name=values[common.name],
            group=values[own.group],
            notes=values[own.notes],
            username=values[own.username],
            state=State(values[own.state]),
            created=_seconds(values[common.created]) or 0.0,
            folder=self.jobs_dir / values[common.id],
            started=_seconds(values[common.started]),
            finished=_seconds(values[common.finished]),
            progress=values[own.progress],
            exception=values[common.error],
            traceback=values[own.traceback],
            form=values[own.form],
            details=values[own.details],
        )


def _common(job: TrainingJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.type.value,
        "name": job.name,
        "status": STATUS[job.state].value,
        "stage": job.stage,
        "stages": {},
        "created": _text(job.created),
        "started": _text(job.started),
        "finished": _text(job.finished),
        "error": job.exception,
        "error_type": _ERRORS.get(job.state),
        "result": None,
    }


def _own(job: TrainingJob) -> dict[str, Any]:
    same = ("id", "username", "group", "notes", "progress", "traceback", "form", "details")
    return {name: getattr(job, name) for name in same} | {"state": job.state.value}


def _text(moment: float | None) -> str | None:
    return None if moment is None else timestamp(datetime.fromtimestamp(moment, UTC))


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()
