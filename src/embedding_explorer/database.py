"""The catalog's database: SQLite in the data folder, or PostgreSQL where a setting names one. Both are used alike."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, Table, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError, TimeoutError

from embedding_explorer.errors import CatalogUnavailable, ExplorerError, StartError, StorageFull
from embedding_explorer.settings import Settings

log = logging.getLogger(__name__)
# SQLite counts up without reuse only in a column of exactly this type.
BigId = BigInteger().with_variant(Integer, "sqlite")
MAX_ID = 2**63 - 1
WRITES = "explorer_writes"
FULL = ("is full", "disk I/O error")  # in what SQLite says of a disk on which nothing can be written
SQLITE = {"connect_args": {"timeout": 30, "isolation_level": None}, "pool_size": 10, "max_overflow": -1}
# A server of the database that was started again is noticed before a statement goes to it, not by its failure.
POSTGRESQL = {"connect_args": {"connect_timeout": 10}, "pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}


class Database:
    """One catalog; any process and thread may read and write.

    Reading raises CatalogUnavailable; writing also StorageFull.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.on_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = create_engine(parsed, **(SQLITE if self.on_sqlite else POSTGRESQL))
        if self.on_sqlite:
            event.listen(self.engine, "connect", _configure)
            event.listen(self.engine, "begin", _begin)
        self._reads = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writes = self.engine.execution_options(**{WRITES: True})

    @classmethod
    def at(cls, path: Path) -> "Database":
        """The SQLite database in that file."""
        return cls(f"sqlite:///{path}")

    @classmethod
    def of(cls, settings: Settings) -> "Database":
        """The database that the settings choose; raises StartError for an address that none can have."""
        if not settings.database_url:
            return cls.at(settings.catalog_file)
        return cls(postgresql_url(settings.database_url))

    def create(self, *tables: Table) -> None:
        """Make the tables that are not there yet."""
        try:
            self._create(tables)
        except (IntegrityError, ProgrammingError):  # another process made them between our look and our attempt
            self._create(tables)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from, each statement for itself."""
        with self._named(), self._reads.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it happens, or nothing. On SQLite it waits for other writers at its beginning."""
        with self._named(), self._writes.begin() as connection:
            yield connection

    def upsert(self, table: Table, values: Mapping[str, Any], *keys: str) -> Any:
        """The statement that inserts a row, or replaces the one with the same `keys`."""
        return self._insert(table).values(values).on_conflict_do_update(index_elements=list(keys), set_=dict(values))

    def _insert(self, table: Table) -> Any:
        if self.on_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # slow to import, and seldom needed

        return postgresql.insert(table)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _create(self, tables: Sequence[Table]) -> None:
        with self.writing() as connection:
            for table in tables:
                table.create(connection, checkfirst=True)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, TimeoutError) as error:
            raise self._named_error(error) from error

    def _named_error(self, error: OperationalError | TimeoutError) -> ExplorerError:
        reason = error.orig if isinstance(error, OperationalError) else error
        if self.on_sqlite:
            return _sqlite_error(str(reason))
        log.error("the catalog's database failed: %s", reason)
        return CatalogUnavailable(
            "The database of the catalog does not answer. Start it, or check EXPLORER_DATABASE_URL; the log says more."
        )


def _sqlite_error(reason: str) -> ExplorerError:
    if any(said in reason for said in FULL):
        return StorageFull(f"The catalog cannot be written ({reason}). Free some space in the data folder.")
    log.error("the catalog failed: %s", reason)
    return CatalogUnavailable(
        f"The catalog does not answer ({reason}). Let the server read and write all of the data folder, and end whatever "
        "else works on catalog.sqlite."
    )


def postgresql_url(text: str) -> str:
    """The address with the driver that is used; raises StartError for anything but PostgreSQL."""
    try:
        url = make_url(text)
    except SQLAlchemyError:
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres"):
        raise StartError(
            "EXPLORER_DATABASE_URL is no address of a PostgreSQL database, as postgresql://user:password@host:5432/name is. "
            "Leave it empty for SQLite in the data folder.",
            setting="EXPLORER_DATABASE_URL",
        )
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def check_database(settings: Settings) -> None:
    """Raise StartError unless the database that the settings choose answers."""
    database = Database.of(settings)
    try:
        with database.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
    except ExplorerError as error:
        raise StartError(error.message, setting="EXPLORER_DATABASE_URL") from error
    finally:
        database.close()


def _configure(connection: Any, _record: object) -> None:
    # WAL: readers never wait for a writer, and a killed writer leaves nothing half done.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin(connection: Connection) -> None:
    # Python's own BEGIN takes the write lock at the first change, when it is too late to wait for other writers.
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
