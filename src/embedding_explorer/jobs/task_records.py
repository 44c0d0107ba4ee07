"""Tasks of the networks API: their rows in the catalog, and the files that wait for them or came of them."""

import json
import shutil
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from embedding_explorer.database import MAX_ID, BigId, Database
from embedding_explorer.errors import TaskNotFound
from embedding_explorer.networks.registered.records import Key, moment, text_of

PENDING, SUCCESS, ERROR = "pending", "success", "error"
DEPLOYMENT, INFERENCE = "deployment", "inference"
TASKS = Table(
    "tasks",
    MetaData(),
    Column("id", BigId, primary_key=True),
    Column("kind", String, nullable=False),
    Column("network", String, nullable=False),
    Column("status", String, nullable=False),
    Column("error", Text),
    Column("data", Text),
    Column("bytes", BigId, nullable=False),
    Column("date_created", String, nullable=False),
    Column("date_updated", String),
    Index("tasks_by_status", "status"),
    Index("tasks_by_network", "network"),
    Index("tasks_by_date", "date_updated"),
    sqlite_autoincrement=True,
)
PER_FOLDER = 1000
AT_ONCE = 500  # ids in one statement; databases bound the number of parameters
KEPT_HOURS = 24  # that results stay whatever happens
MAX_ERROR = 500  # characters


@dataclass(frozen=True)
class Task:
    """One task. `data` is there for deployments; the data of an inference are in the file of its result."""

    id: int
    kind: str
    network: str
    status: str
    error: str | None
    data: str | None
    bytes: int
    date_created: str
    date_updated: str | None


class TaskRecords:
    """Rows of tasks, and `<data>/tasks/`: results and inputs. A finished task never changes. Errors as of `Database`."""

    def __init__(self, data: Path, database: Database) -> None:
        self.root, self.database = data / "tasks", database
        database.create(TASKS)
        self._mutex = threading.Lock()
        self._result_bytes = self._sum()

    def insert(self, connection: Connection, kind: str, key: Key) -> int:
        """Begin a task as part of a transaction; its id."""
        values = {"kind": kind, "network": text_of(key), "status": PENDING, "bytes": 0, "date_created": moment()}
        return int(connection.execute(insert(TASKS).values(values).returning(TASKS.c.id)).scalar_one())

    def add(self, kind: str, key: Key) -> int:
        """Begin a task; its id."""
        with self.database.writing() as connection:
            return self.insert(connection, kind, key)

    def deployed(self, key: str) -> int:
        """The id of the finished deployment task of a public network, which is made at the first call."""
        query = select(TASKS.c.id).where(TASKS.c.network == text_of(key), TASKS.c.kind == DEPLOYMENT)
        with self.database.writing() as connection:
            found = connection.execute(query).scalar()
            if found is None:
                found = self.insert(connection, DEPLOYMENT, key)
                self._finish(connection, found, status=SUCCESS, data=json.dumps({"network_id": key}))
        return int(found)

    def get(self, task_id: int) -> Task:
        """The task with that id; raises TaskNotFound."""
        for task in self.some([task_id]):
            return task
        raise TaskNotFound(f"There is no task {task_id}.", task=task_id)

    def some(self, ids: Sequence[int]) -> list[Task]:
        """The tasks with these ids, in their order; unknown ones are left out."""
        found: dict[int, Task] = {}
        with self.database.reading() as connection:
            for start in range(0, len(ids), AT_ONCE):
                wanted = [each for each in ids[start : start + AT_ONCE] if each <= MAX_ID]
                for row in connection.execute(select(TASKS).where(TASKS.c.id.in_(wanted))):
                    found[row.id] = _task(row)
        return [found[each] for each in ids if each in found]

    def known(self, ids: Sequence[int]) -> list[int]:
        """Those of the ids that there are, in their order."""
        found: set[int] = set()
        with self.database.reading() as connection:
            for start in range(0, len(ids), AT_ONCE):
                wanted = [each for each in ids[start : start + AT_ONCE] if each <= MAX_ID]
                found.update(connection.execute(select(TASKS.c.id).where(TASKS.c.id.in_(wanted))).scalars())
        return [each for each in ids if each in found]

    def count(self) -> int:
        """How many tasks there are."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(TASKS)).scalar_one()

    def page(self, offset: int, limit: int) -> list[Task]:
        """Tasks by ascending id."""
        query = select(TASKS).order_by(TASKS.c.id).offset(min(offset, MAX_ID)).limit(limit)
        with self.database.reading() as connection:
            return [_task(row) for row in connection.execute(query)]

    def succeed(self, task_id: int, data: dict[str, Any] | None = None, result: Path | None = None) -> bool:
        """End a task with its data, or with the file of its result, which is moved. False if it had ended before."""
        size = result.stat().st_size if result else 0
        if result:
            target = self.result(task_id)
            target.parent.mkdir(parents=True, exist_ok=True)
            result.replace(target)
        values = {"status": SUCCESS, "data": None if data is None else json.dumps(data), "bytes": size}
        with self.database.writing() as connection:
            done = self._finish(connection, task_id, **values)
        if not done:
            self.result(task_id).unlink(missing_ok=True)
        self._count(size if done else 0)
        self.drop_inputs(task_id)
        return done

    def fail(self, task_id: int, error: str) -> bool:
        """End a task with a reason of one line. False if it had ended before."""
        with self.database.writing() as connection:
            done = self._finish(connection, task_id, status=ERROR, error=one_line(error))
        self.drop_inputs(task_id)
        return done

    def fail_pending(self, connection: Connection, error: str, key: Key | None = None) -> None:
        """End all pending tasks, or those of one network, as part of a transaction."""
        change = update(TASKS).where(TASKS.c.status == PENDING)
        if key is not None:
            change = change.where(TASKS.c.network == text_of(key))
        connection.execute(change.values(status=ERROR, error=one_line(error), date_updated=moment()))

    def result(self, task_id: int) -> Path:
        """Where the data of a successful inference are, as JSON."""
        return self.root / "results" / str(task_id // PER_FOLDER) / f"{task_id}.json"

    def inputs(self, task_id: int) -> Path:
        """The folder of the pictures that a pending inference works on."""
        return self.root / "inputs" / str(task_id)

    def drop_inputs(self, task_id: int) -> None:
        """Delete the pictures of a task."""
        shutil.rmtree(self.inputs(task_id), ignore_errors=True)

    def result_bytes(self) -> int:
        """Disk space of all results."""
        with self._mutex:
            return self._result_bytes

    def sweep(self, hours: float, networks: Iterable[str]) -> None:
        """Delete finished tasks older than so many hours; deployments only of networks that are not among these."""
        while old := self._finished_before(hours, TASKS.c.kind == INFERENCE):
            self._delete(old)
        kept = set(networks)
        self._delete([t for t in self._finished_before(hours, TASKS.c.kind == DEPLOYMENT) if t.network not in kept])

    def make_room(self, most: int) -> bool:
        """Delete the oldest results past a day until all take `most` bytes; whether they do."""
        while self.result_bytes() > most and (old := self._finished_before(KEPT_HOURS, TASKS.c.bytes > 0, limit=10)):
            self._delete(old)
        return self.result_bytes() <= most

    def forget_unfinished(self, error: str) -> list[Task]:
        """At a start: end all pending tasks, delete what they left, and give back those that were deployments."""
        ended = self.pending()
        with self.database.writing() as connection:
            self.fail_pending(connection, error)
        for task in ended:
            self.result(task.id).unlink(missing_ok=True)
        shutil.rmtree(self.root / "inputs", ignore_errors=True)
        return [task for task in ended if task.kind == DEPLOYMENT]

    def pending(self) -> list[Task]:
        """Tasks that have not ended, by ascending id."""
        query = select(TASKS).where(TASKS.c.status == PENDING).order_by(TASKS.c.id)
        with self.database.reading() as connection:
            return [_task(row) for row in connection.execute(query)]

    def _finished_before(self, hours: float, condition: ColumnElement[bool], limit: int = AT_ONCE) -> list[Task]:
        before = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="microseconds")
        query = select(TASKS).where(TASKS.c.date_updated < before, condition).order_by(TASKS.c.date_updated)
        with self.database.reading() as connection:
            return [_task(row) for row in connection.execute(query.limit(limit))]

    def _delete(self, tasks: Sequence[Task]) -> None:
        ids = [task.id for task in tasks]
        with self.database.writing() as connection:
            rows = delete(TASKS).where(TASKS.c.id.in_(ids)).returning(TASKS.c.id, TASKS.c.bytes)
            gone = connection.execute(rows).all()  # not those that another thread has deleted, and counted, meanwhile
        for task_id, size in gone:
            self.result(task_id).unlink(missing_ok=True)
            self._count(-size)

    def _finish(self, connection: Connection, task_id: int, **values: Any) -> bool:
        row = update(TASKS).where(TASKS.c.id == task_id, TASKS.c.status == PENDING)
        return bool(connection.execute(row.values(**values, date_updated=moment())).rowcount)

    def _count(self, size: int) -> None:
        with self._mutex:
            self._result_bytes += size

    def _sum(self) -> int:
        with self.database.reading() as connection:
            return int(connection.execute(select(func.coalesce(func.sum(TASKS.c.bytes), 0))).scalar_one())


def one_line(text: str) -> str:
    """A reason as answers show it."""
    line = " ".join(text.split()) or "unknown error"
    return line if len(line) <= MAX_ERROR else line[: MAX_ERROR - 1] + "…"


def _task(row: Row[Any]) -> Task:
    return Task(**row._mapping)
