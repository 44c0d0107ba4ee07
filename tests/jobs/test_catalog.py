import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from embedding_explorer.database import Database
from embedding_explorer.errors import CatalogUnavailable, JobNotFound, StorageFull
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.records import Status, new_job


@pytest.fixture
def catalog(database: Database) -> Catalog:
    return Catalog(database)


def test_a_job_comes_back_as_it_was_saved(catalog: Catalog) -> None:
    job = new_job("dataset", "holidays")
    job.progress("features", 3, 10)
    job.result = {"dataset": "a"}
    catalog.save(job)
    assert catalog.job(job.id) == job
    job.status = Status.DONE
    catalog.save(job)
    assert catalog.job(job.id).status is Status.DONE


def test_a_full_disk_and_other_trouble_of_sqlite_are_told_apart(tmp_path: Path) -> None:
    catalog = Catalog(Database.at(tmp_path / "catalog.sqlite"))

    def refuse(said: str) -> Callable[..., None]:
        def execute(*_: object) -> None:
            raise sqlite3.OperationalError(said)

        return execute

    for said, kind in (("database or disk is full", StorageFull), ("database is locked", CatalogUnavailable)):
        listener = refuse(said)
        event.listen(catalog.database.engine, "before_cursor_execute", listener)
        with pytest.raises(kind, match=said):
            catalog.jobs()
        catalog.remember_upload("key", {})  # the dataset is in place: nobody is told that it failed
        assert not catalog.note(new_job("dataset"))
        event.remove(catalog.database.engine, "before_cursor_execute", listener)
    assert catalog.outcome_of_upload("key") is None


def test_an_unknown_job_is_refused(catalog: Catalog) -> None:
    with pytest.raises(JobNotFound):
        catalog.job("20200101-000000-abcd")


def test_unfinished_jobs_fail_with_the_reason_and_finished_ones_stay(catalog: Catalog) -> None:
    running, done = new_job("a"), new_job("b")
    running.status, done.status = Status.RUNNING, Status.DONE
    catalog.save(running)
    catalog.save(done)
    assert catalog.fail_unfinished("crash") == 1
    assert (catalog.job(running.id).status, catalog.job(running.id).error) == (Status.FAILED, "crash")
    assert catalog.job(done.id).status is Status.DONE
    assert [job.id for job in catalog.jobs(status=Status.FAILED)] == [running.id]


def test_two_processes_views_share_one_database(catalog: Catalog) -> None:
    other = Catalog(Database(catalog.database.engine.url.render_as_string(hide_password=False)))
    outcomes = [{"dataset": each, "total": 3, "skipped": 1} for each in ("d1", "d2")]
    for outcome in outcomes:
        catalog.remember_upload("key", outcome)
    assert other.outcome_of_upload("key") == outcomes[1]
    assert other.outcome_of_upload("none") is None
    other.database.close()


def test_job_ids_have_the_form_of_the_contract() -> None:
    import re

    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", new_job("x").id)


def test_the_stage_under_way_is_the_latest_unfinished_one() -> None:
    job = new_job("x")
    job.progress("decode", 5, 10)
    job.progress("features", 2, 10)
    job.progress("decode", 6, 10)
    assert (job.stage, job.done, job.total) == ("features", 2, 10)
    job.progress("features", 10, 10)
    job.progress("decode", 10, 10)
    assert job.stage == "decode"
    job.progress("pca", 0, 10)
    assert job.stage == "pca"
