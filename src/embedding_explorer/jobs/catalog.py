"""The embedded catalog (SQLite by SQLAlchemy): jobs, and which upload became which dataset."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    MetaData,
    Row,
    String,
    Table,
    create_engine,
    event,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import OperationalError

from embedding_explorer.errors import JobNotFound, StorageFull
from embedding_explorer.jobs.records import FINISHED, Job, Status, timestamp

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
UPLOADS = Table("uploads", METADATA, Column("key", String, primary_key=True), Column("dataset", String, nullable=False))


class Catalog:
    """Jobs and uploads in `<data>/catalog.sqlite`; any process may read and write. Writing raises StorageFull."""

    def __init__(self, path: Path) -> None:
        self.engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        event.listen(self.engine, "connect", _configure)
        METADATA.create_all(self.engine)

    def save(self, job: Job) -> None:
        """Insert or replace a job."""
        values = {column.name: getattr(job, column.name) for column in JOBS.columns}
        with self._writing() as connection:
            connection.execute(insert(JOBS).values(values).on_conflict_do_update(index_elements=["id"], set_=values))

    def job(self, job_id: str) -> Job:
        """The job with that id; raises JobNotFound."""
        with self.engine.connect() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
        if row is None:
            raise JobNotFound(f"There is no job {job_id!r}.", job=job_id)
        return _job(row)

    def jobs(self, status: Status | None = None, limit: int = 1000) -> list[Job]:
        """Jobs, the newest first."""
        query = select(JOBS).order_by(JOBS.c.created.desc()).limit(limit)
        if status is not None:
            query = query.where(JOBS.c.status == status)
        with self.engine.connect() as connection:
            rows: Sequence[Row[Any]] = connection.execute(query).all()
        return [_job(row) for row in rows]

    def fail_unfinished(self, reason: str) -> int:
        """Mark every job that no process works on any more as failed; how many there were."""
        values = {"status": Status.FAILED, "error": reason, "error_type": "JobFailed", "finished": timestamp()}
        with self._writing() as connection:
            done = connection.execute(update(JOBS).where(JOBS.c.status.not_in(FINISHED)).values(values))
        return done.rowcount

    def remember_upload(self, key: str, dataset: str) -> None:
        """Note that the upload with that digest became `dataset`."""
        values = {"key": key, "dataset": dataset}
        with self._writing() as connection:
            connection.execute(
                insert(UPLOADS).values(values).on_conflict_do_update(index_elements=["key"], set_=values)
            )

    def dataset_of_upload(self, key: str) -> str | None:
        """Dataset that the upload with that digest became, if any."""
        with self.engine.connect() as connection:
            found: str | None = connection.execute(select(UPLOADS.c.dataset).where(UPLOADS.c.key == key)).scalar()
        return found

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                yield connection
        except OperationalError as error:
            message = f"The catalog of jobs cannot be written ({error.orig}). Free some space in the data folder."
            raise StorageFull(message) from error


def _configure(connection: Any, _record: object) -> None:
    # WAL: readers never wait for a writer, and a killed writer leaves nothing half done.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _job(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    values["status"] = Status(values["status"])
    values["stages"] = {name: (done, total) for name, (done, total) in values["stages"].items()}
    return Job(**values)
