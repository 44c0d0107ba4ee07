"""The queue goes on, whatever happens to one of its jobs."""

import os
import time
from pathlib import Path

import pytest

from embedding_explorer.jobs.training import queue
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob
from tests.jobs.training.helpers import Jobs


def pairs(folder: Path, feature: bytes, label: bytes) -> dict[str, str]:
    """The form of a dataset of two folders with one image each."""
    fields = {"dataset_name": "pairs"}
    for name, file in (("feature_folder", feature), ("label_folder", label)):
        (folder / name).mkdir(parents=True)
        Path(os.fsdecode(os.fsencode(folder / name) + b"/" + file)).write_bytes(b"x")
        fields[name] = str(folder / name)
    return fields


def test_a_name_that_is_no_text_in_an_error_costs_its_job_only(jobs: Jobs, data: Path) -> None:
    with jobs.drafting() as draft:
        form = pairs(data / "pairs", b"caf\xe9.png", b"b.png")
        job = jobs.create_dataset(draft, JobType.GENERIC_DATASET, form, "bob", files={}, extension="image-processing")
    failed = jobs.ended(job)
    assert failed.state is State.ERROR and failed.exception and "\\udce9.png'" in failed.exception
    assert not jobs.lock.held()
    jobs.done(jobs.make_dataset(data / "pictures"))
    assert {each.id: each.exception for each in jobs._ledger.table.all()}[job.id] == failed.exception


def test_a_defect_at_the_end_of_a_job_frees_the_lock(jobs: Jobs, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(job: TrainingJob) -> None:
        raise RuntimeError(job.id)

    monkeypatch.setattr("threading.excepthook", lambda told: None)
    with monkeypatch.context() as patch:
        patch.setattr(jobs._queue, "_ended", broken)
        jobs.done(jobs.make_dataset(data / "pictures"))
        jobs.wait_for(lambda: not jobs.lock.held(), 5)
    jobs.done(jobs.make_dataset(data / "pictures"))


def test_who_sees_the_end_of_a_job_may_create_the_next_one_at_once(
    jobs: Jobs, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = jobs.lock.release

    def slowly() -> None:
        time.sleep(0.5)
        release()

    monkeypatch.setattr(jobs.lock, "release", slowly)
    job = jobs.make_dataset(data / "pictures")
    jobs.wait_for(lambda: jobs.get(job.id).state is State.DONE)  # as a client does, who knows of nothing else
    for _ in range(30):
        jobs.check_free()
        time.sleep(0.01)
    jobs.done(jobs.make_dataset(data / "pictures"))


def test_a_defect_between_jobs_does_not_end_the_queue(jobs: Jobs, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([RuntimeError("one"), RuntimeError("two")])

    def broken() -> None:
        for failure in failures:
            raise failure

    monkeypatch.setattr(queue, "AFTER_ERROR", 0.05)
    monkeypatch.setattr(jobs._queue, "_mark_waiting", broken)
    jobs.done(jobs.make_dataset(data / "pictures"))
    assert next(failures, None) is None


def test_a_job_that_cannot_begin_has_failed(jobs: Jobs, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, *_: object) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "Run", Broken)
        job = jobs.ended(jobs.make_dataset(data / "pictures"))
    assert job.state is State.ERROR and job.exception and "new thread" in job.exception
    assert not jobs.lock.held()
