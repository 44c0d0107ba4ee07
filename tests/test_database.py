"""The same catalog on SQLite and on a real PostgreSQL server."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, String, Table, func, insert, select

from embedding_explorer.database import BigId, Database, check_database, postgresql_url
from embedding_explorer.errors import CatalogUnavailable, StartError
from embedding_explorer.settings import Settings
from tests.servers import REPOSITORY, environment

THINGS = Table(
    "things", MetaData(), Column("id", BigId, primary_key=True), Column("name", String, unique=True),
    sqlite_autoincrement=True,
)  # fmt: skip


def add(database: Database, name: str) -> int:
    with database.writing() as connection:
        return int(connection.execute(insert(THINGS).values(name=name)).inserted_primary_key[0])


def test_ids_are_never_used_again_even_those_of_the_last_row(database: Database) -> None:
    database.create(THINGS)
    first, second = add(database, "a"), add(database, "b")
    with database.writing() as connection:
        connection.execute(THINGS.delete())
    again = Database(database.engine.url.render_as_string(hide_password=False))
    assert first < second < add(again, "c")
    again.close()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    database.create(THINGS)
    with pytest.raises(KeyError), database.writing() as connection:
        connection.execute(insert(THINGS).values(name="a"))
        raise KeyError
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(THINGS)).scalar_one() == 0


def test_an_upsert_inserts_and_then_replaces(database: Database) -> None:
    database.create(THINGS)
    for name in ("a", "b"):
        with database.writing() as connection:
            connection.execute(database.upsert(THINGS, {"id": 5, "name": name}, "id"))
    with database.reading() as connection:
        assert connection.execute(select(THINGS.c.id, THINGS.c.name)).all() == [(5, "b")]


def test_many_threads_that_read_and_then_write_lose_nothing(database: Database) -> None:
    """On SQLite such transactions fail at once unless they wait for each other at their beginning."""
    database.create(THINGS)
    add(database, "0")
    failures: list[Exception] = []

    def count_up() -> None:
        try:
            for _ in range(10):
                with database.writing() as connection:
                    row = select(THINGS.c.name).where(THINGS.c.id == 1).with_for_update()
                    name = int(connection.execute(row).scalar_one())
                    connection.execute(THINGS.update().where(THINGS.c.id == 1).values(name=str(name + 1)))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert (failures, connection.execute(select(THINGS.c.name)).scalar_one()) == ([], "200")


def test_two_processes_may_make_the_tables_at_the_same_moment(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    code = f"from embedding_explorer.database import Database; from tests.test_database import THINGS; Database({url!r}).create(THINGS)"
    makers = [subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY) for _ in range(4)]
    assert [maker.wait(60) for maker in makers] == [0, 0, 0, 0]


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite:///x", "http://localhost"])
def test_an_address_that_is_none_of_postgresql_stops_the_start(url: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="EXPLORER_DATABASE_URL"):
        Database.of(Settings(data=tmp_path, database_url=url))


def test_a_database_that_does_not_answer_stops_the_start_and_is_named_later(tmp_path: Path) -> None:
    url = f"postgres://u:secret@/none?host={tmp_path}"
    with pytest.raises(StartError, match="does not answer") as stopped:
        check_database(Settings(data=tmp_path, database_url=url))
    assert "secret" not in stopped.value.message
    with pytest.raises(CatalogUnavailable), Database(postgresql_url(url)).reading():
        pass


def test_the_command_line_uses_the_database_of_the_setting(postgres_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "embedding_explorer", "datasets", "list", "--data", str(tmp_path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment(database_url=postgres_url), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
