"""What is killed, restarted, secret or full."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from embedding_explorer.errors import Conflict, JobNotFound, StorageFull
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import Status
from embedding_explorer.jobs.service import clean_up
from embedding_explorer.jobs.training.records import State, TrainingJob
from tests.conftest import REPOSITORY
from tests.jobs.training.helpers import CLASSES, PATIENCE, Jobs, running, shade_folder
from tests.jobs.training.server_process import FORM


def same_weights(one: Path, two: Path) -> bool:
    first, second = load_file(one), load_file(two)
    return first.keys() == second.keys() and all(np.array_equal(first[key], second[key]) for key in first)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_a_killed_worker_costs_its_job_nothing_but_the_epoch_and_the_queue_goes_on(
    jobs: Jobs, shades: TrainingJob
) -> None:
    job, after = jobs.make_model(shades, **FORM), jobs.make_model(shades, train_epochs="1")
    jobs.wait_snapshots(job, 3)
    os.kill(jobs.worker_pid(), signal.SIGKILL)
    failed = jobs.ended(job)
    assert failed.state is State.ERROR and failed.exception and "killed" in failed.exception
    assert failed.traceback and re.search(r"epoch \d+: loss", failed.traceback)
    kept = jobs.snapshots(job.id)
    assert len(kept) >= 3 and jobs.figures(job.id).points[-1].epoch < 300
    jobs.done(after)
    jobs.resume(job.id)
    assert jobs.get(job.id).state is State.INITIALIZED and jobs.get(job.id).exception is None
    done = jobs.done(job)
    worked = (done.finished or 0) - (done.started or 0)
    assert worked < (done.finished or 0) - (failed.started or 0) - 0.1  # what lay between does not count
    assert jobs.snapshots(job.id) == list(range(10, 301, 10))
    iterations = [point.iteration for point in jobs.figures(job.id).of("val")]
    assert iterations == [2 * epoch for epoch in range(1, 301)]
    with pytest.raises(Conflict, match="Done"):
        jobs.resume(job.id)


@pytest.mark.slow
def test_a_killed_server_leaves_aborted_jobs_that_end_as_if_nothing_had_been(tmp_path: Path) -> None:
    shade_folder(tmp_path / "pictures")
    command = [sys.executable, "-m", "tests.jobs.training.server_process", str(tmp_path)]
    server = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    dataset, model, waiting, worker = server.stdout.readline().split()
    server.kill()
    server.wait(PATIENCE)
    server.stdout.close()
    deadline = time.monotonic() + 5
    while alive(int(worker)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with running(tmp_path) as jobs:
        states = [jobs.get(each).state for each in (dataset, model, waiting)]
        assert states == [State.DONE, State.ABORTED, State.ABORTED]
        killed = jobs.get(model)
        assert killed.exception and "restarted" in killed.exception
        assert killed.started and killed.finished and 0 < killed.finished - killed.started < 60
        kept = jobs.snapshots(model)
        assert len(kept) >= 3 and not jobs.lock.held()
        jobs.resume(model)
        whole = jobs.make_model(jobs.get(dataset), **FORM)
        jobs.done(killed)
        jobs.done(whole)
        name = "snapshot_epoch_300.safetensors"
        assert same_weights(killed.folder / name, whole.folder / name)
        assert jobs.figures(model).to_json() == jobs.figures(whole.id).to_json()


@pytest.mark.slow
def test_the_end_of_the_server_aborts_what_is_active_and_frees_the_lock(tmp_path: Path) -> None:
    pictures = shade_folder(tmp_path / "pictures")
    with running(tmp_path) as jobs:
        dataset = jobs.make_dataset(pictures)
        model, waiting = jobs.make_long_model(dataset), jobs.make_model(dataset)
        jobs.wait_snapshots(model, 1)
        begun = time.monotonic()
        jobs.stop()
        assert time.monotonic() - begun < 5
        assert [jobs.get(job.id).state for job in (dataset, model, waiting)] == [
            State.DONE,
            State.ABORTED,
            State.ABORTED,
        ]
        assert not jobs.lock.held_here()
    with running(tmp_path) as again:
        assert [job.id for job in again.list()] == [waiting.id, model.id, dataset.id]
        found = again.get(model.id)
        assert (found.state, found.form, found.details, found.created) == (
            State.ABORTED,
            model.form,
            model.details,
            model.created,
        )


@pytest.mark.slow
def test_the_catalog_of_all_jobs_has_them_and_leaves_them_alone(tmp_path: Path) -> None:
    pictures = shade_folder(tmp_path / "pictures")
    with running(tmp_path) as jobs:
        dataset = jobs.make_dataset(pictures)
        model = jobs.make_long_model(dataset)
        jobs.wait_snapshots(model, 1)
        catalog = Catalog(jobs.database)
        assert catalog.job(dataset.id).status is Status.DONE
        found = catalog.job(model.id)
        assert (found.kind, found.status, found.name) == (model.type.value, Status.RUNNING, "m")
        assert catalog.fail_unfinished("everybody died") == 0
        assert catalog.job(model.id).status is Status.RUNNING
        jobs.stop()
        clean_up(tmp_path, catalog, BusyLock(tmp_path))
        assert dataset.folder.is_dir() and model.folder.is_dir()


def test_time_that_was_worked_survives_a_kill_before_anything_is_written(tmp_path: Path) -> None:
    pictures = shade_folder(tmp_path / "pictures")
    with running(tmp_path) as jobs:
        dataset = jobs.done(jobs.make_dataset(pictures))
        model = jobs.make_long_model(dataset)
        jobs.wait_for(lambda: jobs.get(model.id).state is State.RUNNING)
        time.sleep(1)
        jobs.stop()
        first = jobs.get(model.id)
    with running(tmp_path) as again:
        again.resume(model.id)
        again.wait_for(lambda: again.get(model.id).state is State.RUNNING)
        again._ledger.abort_active("killed, as the next start sees it")
        found = again.get(model.id)
        assert (found.finished or 0) - (found.started or 0) >= (first.finished or 0) - (first.started or 0) - 0.01 > 0.9


def test_a_start_finishes_deletions_and_removes_drafts(tmp_path: Path) -> None:
    pictures = shade_folder(tmp_path / "pictures")
    with running(tmp_path) as jobs:
        dataset = jobs.done(jobs.make_dataset(pictures))
        kept = jobs.done(jobs.make_dataset(pictures))
        draft = jobs._creation._draft()  # as a crash leaves it: nobody removes it
    dataset.folder.rename(jobs.jobs_dir / f".deleted-{dataset.id}")
    (kept.folder / ".draft").touch()  # recorded, then killed
    (jobs.jobs_dir / "mine").mkdir()
    with running(tmp_path) as again:
        with pytest.raises(JobNotFound):
            again.get(dataset.id)
        assert again.get(kept.id).state is State.DONE
    assert not draft.folder.exists()
    assert {path.name for path in jobs.jobs_dir.iterdir()} == {kept.id, "mine"}
    assert not (kept.folder / ".draft").exists()


def test_a_start_removes_what_was_sent_for_jobs_that_are_done(tmp_path: Path) -> None:
    pictures = shade_folder(tmp_path / "pictures")
    with running(tmp_path) as jobs:
        done, failed = jobs.done(jobs.make_dataset(pictures)), jobs.ended(jobs.make_dataset(pictures, encoding="png"))
        jobs._ledger.note(failed.id, state=State.ERROR)
    for job in (done, failed):  # as a kill right after the end leaves them
        (job.folder / "uploads").mkdir()
        (job.folder / "uploads" / "archive").touch()
    with running(tmp_path):
        assert not (done.folder / "uploads").exists()
        assert (failed.folder / "uploads" / "archive").exists()  # it may be resumed


def test_a_catalog_that_was_lost_costs_no_folder(tmp_path: Path) -> None:
    pictures = shade_folder(tmp_path / "pictures")
    with running(tmp_path) as jobs:
        dataset = jobs.done(jobs.make_dataset(pictures))
    for file in tmp_path.glob("catalog.sqlite*"):
        file.unlink()
    with running(tmp_path) as again:
        assert again.list() == [] and dataset.folder.is_dir()


@pytest.mark.slow
def test_keys_of_a_bucket_are_written_nowhere(tmp_path: Path) -> None:
    form = {
        "dataset_name": "bucket",
        "method": "s3",
        "s3_endpoint_url": "http://127.0.0.1:9",
        "s3_bucket": "pictures",
        "s3_path": "train",
        "s3_accesskey": "access-0815",
        "s3_secretkey": "secret-4711",
    }
    with running(tmp_path) as jobs:
        with jobs.drafting() as draft:
            job = jobs.create_dataset(draft, CLASSES, form, "bob", files={})
        failed = jobs.ended(job)
        assert failed.state is State.ERROR and failed.exception and "9" in failed.exception
        assert failed.form["s3_bucket"] == "pictures" and "s3_secretkey" not in failed.form
        told = f"{failed.exception}{failed.traceback}"
        with pytest.raises(Conflict, match="keys"):  # not even the memory has them any more
            jobs.resume(job.id)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        told += path.read_bytes().decode("latin-1")
    assert "access-0815" not in told and "secret-4711" not in told and "bucket" in told
    with running(tmp_path) as again, pytest.raises(Conflict, match="keys"):
        again.resume(job.id)


def test_a_record_that_cannot_be_written_does_not_fail_the_work(
    jobs: Jobs, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, fine = jobs._ledger.table, jobs._ledger.table.save

    def full(_: object) -> None:
        raise StorageFull("No space left.")

    job = jobs.make_dataset(data / "pictures")
    with monkeypatch.context() as patch:
        patch.setattr(table, "save", full)
        jobs.done(job)
        before = set(jobs.jobs_dir.iterdir())
        with pytest.raises(StorageFull):
            jobs.make_dataset(data / "pictures")
        assert set(jobs.jobs_dir.iterdir()) == before and not jobs.lock.held()
    other = jobs.done(jobs.make_dataset(data / "pictures"))
    assert table.save == fine
    states = {each.id: each.state for each in table.all()}
    assert states[job.id] is states[other.id] is State.DONE


@pytest.mark.slow
def test_a_dataset_that_was_aborted_is_gone_on_with(tmp_path: Path) -> None:
    pictures = shade_folder(tmp_path / "pictures", each=400, side=64)
    with running(tmp_path) as jobs:
        job = jobs.make_dataset(pictures, resize_width="256", resize_height="256")
        jobs.wait_for(lambda: jobs.get(job.id).progress > 40)
        tasks = dict(jobs.tasks(jobs.get(job.id)))
        assert tasks["Parse Folder (train/val)"] is State.DONE and tasks["Create DB (train)"] is State.RUNNING
        assert tasks["Create DB (val)"] is State.WAITING
        begun = time.monotonic()
        jobs.abort(job.id)
        assert jobs.ended(job).state is State.ABORTED and time.monotonic() - begun < 3
        assert dict(jobs.tasks(jobs.get(job.id)))["Create DB (train)"] is State.ABORTED
        jobs.resume(job.id)
        jobs.done(job)
        state = jobs.dataset(job.id).state("train")
        assert state is not None and state.entries == 600
