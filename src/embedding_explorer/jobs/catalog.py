"""Jobs, and which upload became which dataset, in the catalog's database."""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Column, Index, MetaData, Row, String, Table, select, update

from embedding_explorer.database import Database
from embedding_explorer.errors import CatalogUnavailable, JobNotFound, StorageFull
from embedding_explorer.jobs.records import FINISHED, Job, Status, timestamp
from embedding_explorer.jobs.training.records import JobType

log = logging.getLogger(__name__)
METADATA = MetaData()
JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("stages", JSON, nullable=False),
    Column("created", String, nullable=False),
    Column("started", String),
    Column("finished", String),
    Column("error", String),
    Column("error_type", String),
    Column("result", JSON),
    Index("jobs_by_status", "status"),
)
UPLOADS = Table("outcomes", METADATA, Column("key", String, primary_key=True), Column("outcome", JSON, nullable=False))


class Catalog:
    """Jobs and uploads; any process may read and write. Errors as of `Database`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.create(JOBS, UPLOADS)

    def save(self, job: Job) -> None:
        """Insert or replace a job."""
        values = {column.name: getattr(job, column.name) for column in JOBS.columns}
        with self.database.writing() as connection:
            connection.execute(self.database.upsert(JOBS, values, "id"))

    def note(self, job: Job) -> bool:
        """Save a job that goes on, or has ended, and must not fail for want of its record; whether it is recorded."""
        try:
            self.save(job)
        except (StorageFull, CatalogUnavailable) as error:
            log.error("job %s is not recorded: %s", job.id, error.message)
            return False
        return True

    def job(self, job_id: str) -> Job:
        """The job with that id; raises JobNotFound."""
        with self.database.reading() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
        if row is None:
            raise JobNotFound(f"There is no job {job_id!r}.", job=job_id)
        return _job(row)

    def jobs(self, status: Status | None = None, limit: int = 1000) -> list[Job]:
        """Jobs, the newest first."""
        query = select(JOBS).order_by(JOBS.c.created.desc()).limit(limit)
        if status is not None:
            query = query.where(JOBS.c.status == status)
        with self.database.reading() as connection:
            rows: Sequence[Row[Any]] = connection.execute(query).all()
        return [_job(row) for row in rows]

    def fail_unfinished(self, reason: str) -> int:
        """Mark every job that no process works on any more as failed; how many there were.

        Jobs of the training API are not touched: they see to themselves, and wait without holding the lock.
        """
        values = {"status": Status.FAILED, "error": reason, "error_type": "JobFailed", "finished": timestamp()}
        dead = JOBS.c.status.not_in(FINISHED) & JOBS.c.kind.not_in(list(JobType))
        with self.database.writing() as connection:
            done = connection.execute(update(JOBS).where(dead).values(values))
        return done.rowcount

    def remember_upload(self, key: str, outcome: dict[str, Any]) -> None:
        """Note what the upload with that digest became: the result of its job."""
        values = {"key": key, "outcome": outcome}
        try:
            with self.database.writing() as connection:
                connection.execute(self.database.upsert(UPLOADS, values, "key"))
        except (StorageFull, CatalogUnavailable) as error:  # the dataset is there; the same upload finds it, but later
            log.error("an upload is not remembered: %s", error.message)

    def outcome_of_upload(self, key: str) -> dict[str, Any] | None:
        """What the upload with that digest became, if it came before."""
        with self.database.reading() as connection:
            query = select(UPLOADS.c.outcome).where(UPLOADS.c.key == key)
            found: dict[str, Any] | None = connection.execute(query).scalar()
        return found


def _job(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    values["status"] = Status(values["status"])
    values["stages"] = {name: (done, total) for name, (done, total) in values["stages"].items()}
    return Job(**values)
