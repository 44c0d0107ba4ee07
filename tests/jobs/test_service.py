"""Jobs with a real worker process that does the fake worker's tasks."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedding_explorer.database import Database
from embedding_explorer.errors import (
    Busy,
    CatalogUnavailable,
    Conflict,
    ExplorerError,
    JobAborted,
    JobFailed,
    JobNotFound,
    StorageFull,
    WorkerDied,
)
from embedding_explorer.jobs import service
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import Job, Status, new_job
from embedding_explorer.jobs.service import DIED, JobService, clean_up

FAKE = (sys.executable, str(Path(__file__).parent / "fake_worker.py"))


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerClient]:
    started = WorkerClient({}, FAKE)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def jobs(tmp_path: Path, worker: WorkerClient) -> JobService:
    return JobService(tmp_path, Catalog(Database.at(tmp_path / "catalog.sqlite")), BusyLock(tmp_path), worker)


def check_ended(jobs: JobService, job: Job, status: Status) -> None:
    """The job's record says so, and nothing but that is left of it."""
    assert jobs.busy() is None and not jobs.lock.held()
    assert not jobs.staging_of(job).exists()
    assert jobs.catalog.job(job.id).status is status and jobs.catalog.job(job.id).finished


def wait_progress(jobs: JobService, job: Job) -> None:
    while not job.stages:
        jobs.wait_change(10)


def test_a_job_takes_the_lock_gets_a_folder_and_ends_with_its_result(jobs: JobService) -> None:
    job = jobs.begin("dataset", "holidays")
    assert jobs.busy() is job and jobs.staging_of(job).is_dir()
    assert jobs.catalog.job(job.id).status is Status.RUNNING
    seen: list[object] = []
    assert jobs.start(job, "echo", {"a": 1}, then=seen.append).result(30) == {"a": 1}
    assert seen == [{"a": 1}] and jobs.get(job.id).result == {"a": 1}
    check_ended(jobs, job, Status.DONE)


def test_who_hears_of_the_end_finds_the_lock_free(jobs: JobService, monkeypatch: pytest.MonkeyPatch) -> None:
    job, seen = jobs.begin("dataset"), []
    save = jobs.catalog.save

    def look_and_save(saved: Job) -> None:
        seen.append((saved.status, jobs.get(job.id).status))
        save(saved)

    monkeypatch.setattr(jobs.catalog, "save", look_and_save)
    jobs.finish(job)
    assert seen == [(Status.DONE, Status.RUNNING)] and job.status is Status.DONE


def test_nobody_is_said_to_work_between_a_job_s_end_and_the_lock_s(
    jobs: JobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = jobs.lock.release

    def slowly() -> None:
        time.sleep(0.3)
        release()

    monkeypatch.setattr(jobs.lock, "release", slowly)
    job = jobs.begin("dataset")
    ending = threading.Thread(target=jobs.finish, args=(job, {}))
    ending.start()
    seen = []
    while ending.is_alive():
        seen.append(jobs.busy())
        time.sleep(0.01)
    assert {each.id for each in seen if each} <= {job.id} and jobs.busy() is None


def test_a_second_job_is_refused_and_the_first_goes_on(jobs: JobService) -> None:
    job = jobs.begin("dataset")
    with pytest.raises(Busy):
        jobs.begin("dataset")
    assert jobs.busy() is job
    jobs.finish(job)
    jobs.finish(jobs.begin("dataset"))


def test_what_the_worker_counts_is_seen_at_once(jobs: JobService) -> None:
    job = jobs.begin("dataset")
    jobs.start(job, "count", {"total": 3}).result(30)
    assert jobs.get(job.id).stages == {"features": (3, 3)}


@pytest.mark.parametrize(("task", "kind"), [("bug", JobFailed), ("full_disk", StorageFull), ("die", WorkerDied)])
def test_an_error_fails_the_job_with_its_reason(jobs: JobService, task: str, kind: type[Exception]) -> None:
    job = jobs.begin("dataset")
    with pytest.raises(kind) as caught:
        jobs.start(job, task, {}).result(30)
    check_ended(jobs, job, Status.FAILED)
    record = jobs.get(job.id)
    assert (record.error, record.error_type) == (str(caught.value), kind.__name__)


def test_an_error_after_the_work_fails_the_job_too(jobs: JobService) -> None:
    def refuse(result: object) -> None:
        raise JobFailed("not to be noted")

    job = jobs.begin("dataset")
    with pytest.raises(JobFailed, match="not to be noted"):
        jobs.start(job, "echo", {}, then=refuse).result(30)
    check_ended(jobs, job, Status.FAILED)


def test_an_abort_while_the_upload_comes_in_ends_it_at_its_next_look(jobs: JobService) -> None:
    job = jobs.begin("dataset")
    with pytest.raises(JobAborted), jobs.failing(job):
        jobs.report("unpack", 1, 9)
        jobs.abort(job.id)
        jobs.check()
    check_ended(jobs, job, Status.ABORTED)


def test_the_end_of_the_server_ends_a_job_whose_upload_comes_in(jobs: JobService) -> None:
    job = jobs.begin("dataset")
    jobs.stop()
    with pytest.raises(JobFailed, match="server is stopping"), jobs.failing(job):
        jobs.report("unpack", 1, 9)
    check_ended(jobs, job, Status.FAILED)


def test_an_abort_before_the_worker_is_free_ends_the_job_without_its_doing_anything(
    jobs: JobService, worker: WorkerClient
) -> None:
    first, release = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        first.set()
        release.wait(30)

    holder = threading.Thread(target=lambda: worker.call("echo", {}, on_start=hold))
    holder.start()
    first.wait(30)
    job = jobs.begin("dataset")
    future = jobs.start(job, "die", {})
    jobs.abort(job.id)
    release.set()
    with pytest.raises(JobAborted):
        future.result(30)
    holder.join()
    check_ended(jobs, job, Status.ABORTED)


def test_an_abort_does_not_wait_for_the_task_that_the_job_waits_for(jobs: JobService, worker: WorkerClient) -> None:
    started, release = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        started.set()
        release.wait(30)

    holder = threading.Thread(target=lambda: worker.call("echo", {}, on_start=hold))
    holder.start()
    try:
        assert started.wait(30)
        aborted = jobs.begin("dataset")
        future = jobs.start(aborted, "die", {})
        jobs.abort(aborted.id)
        with pytest.raises(JobAborted):
            future.result(10)
        check_ended(jobs, aborted, Status.ABORTED)
        stopped = jobs.begin("dataset")
        future = jobs.start(stopped, "die", {})
        jobs.stop()
        with pytest.raises(JobFailed, match="server is stopping"):
            future.result(10)
        check_ended(jobs, stopped, Status.FAILED)
        assert holder.is_alive()
    finally:
        release.set()
        holder.join()


def test_an_abort_during_the_work_ends_it(jobs: JobService) -> None:
    job = jobs.begin("dataset")
    future = jobs.start(job, "count", {"total": 100_000, "pause": 0.01})
    wait_progress(jobs, job)
    assert jobs.abort(job.id) is job
    with pytest.raises(JobAborted):
        future.result(30)
    check_ended(jobs, job, Status.ABORTED)


def test_only_a_job_that_runs_here_can_be_aborted(jobs: JobService) -> None:
    with pytest.raises(JobNotFound):
        jobs.abort("20200101-000000-abcd")
    done = jobs.begin("dataset")
    jobs.finish(done)
    with pytest.raises(Conflict, match="done already"):
        jobs.abort(done.id)


def test_the_lock_is_free_only_when_all_is_clean_and_recorded(
    jobs: JobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, seen, release = jobs.begin("dataset"), [], jobs.lock.release

    def look_and_release() -> None:
        seen.append((jobs.staging_of(job).exists(), jobs.catalog.job(job.id).status))
        release()

    monkeypatch.setattr(jobs.lock, "release", look_and_release)
    jobs.start(job, "echo", {}).result(30)
    assert seen == [(False, Status.DONE)]


@pytest.mark.parametrize("trouble", [StorageFull, CatalogUnavailable])
def test_a_record_that_cannot_be_written_stops_neither_the_work_nor_its_end(
    jobs: JobService, trouble: type[ExplorerError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SAVE_EVERY", 0.0)
    asked: list[Status] = []

    def refuse(job: Job) -> None:
        asked.append(job.status)
        raise trouble("Not now.")

    job = jobs.begin("dataset")
    with monkeypatch.context() as patch:
        patch.setattr(jobs.catalog, "save", refuse)
        assert jobs.start(job, "count", {"total": 2}).result(30) == 2
        assert asked == [Status.RUNNING] * 3 + [Status.DONE]
        assert jobs.busy() is None and not jobs.staging_of(job).exists()
        with pytest.raises(trouble):
            jobs.begin("dataset")
        assert jobs.busy() is None and not list(jobs.staging.iterdir())
    assert jobs.get(job.id).status is Status.DONE
    jobs.finish(jobs.begin("dataset"))
    check_ended(jobs, job, Status.DONE)


def test_the_job_of_another_process_is_shown_and_cannot_be_aborted_here(jobs: JobService, tmp_path: Path) -> None:
    other = JobService(tmp_path, Catalog(Database.at(tmp_path / "catalog.sqlite")), BusyLock(tmp_path), jobs.worker)
    job = other.begin("ingest")
    seen = jobs.busy()
    assert seen is not None and (seen.id, seen.kind) == (job.id, "ingest")
    with pytest.raises(Conflict, match="another process"):
        jobs.abort(job.id)
    other.finish(job)


def test_the_record_of_a_process_that_died_says_so(jobs: JobService) -> None:
    job = new_job("ingest")
    job.status = Status.RUNNING
    jobs.catalog.save(job)
    assert (jobs.get(job.id).status, jobs.get(job.id).error) == (Status.FAILED, DIED)


def test_clean_up_removes_what_a_crash_left_but_what_an_ingest_can_go_on_with(jobs: JobService, tmp_path: Path) -> None:
    job = new_job("dataset")
    job.status = Status.RUNNING
    jobs.catalog.save(job)
    for name in (job.id, "picture-1", "ingest-1", "ingest-2"):
        (tmp_path / "staging" / name / "parts" / "000").mkdir(parents=True)
        (tmp_path / "staging" / name / "spool").touch()
    (tmp_path / "staging" / "ingest-1" / "parts" / "000" / "range.json").touch()
    (tmp_path / "staging" / "stray").touch()
    clean_up(tmp_path, jobs.catalog, jobs.lock)
    assert [path.name for path in jobs.staging.iterdir()] == ["ingest-1"]
    assert [path.name for path in (jobs.staging / "ingest-1").iterdir()] == ["parts"]
    assert (jobs.catalog.job(job.id).status, jobs.catalog.job(job.id).error) == (Status.FAILED, DIED)
    assert not jobs.lock.held()


def test_clean_up_leaves_all_alone_while_somebody_works(jobs: JobService, tmp_path: Path) -> None:
    job = jobs.begin("dataset")
    with pytest.raises(Busy):
        clean_up(tmp_path, jobs.catalog, BusyLock(tmp_path))
    assert jobs.staging_of(job).is_dir() and jobs.catalog.job(job.id).status is Status.RUNNING
    jobs.finish(job)
