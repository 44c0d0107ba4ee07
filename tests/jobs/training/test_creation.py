"""What new jobs take with them: weights, and keys that nobody else may see."""

import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import BadInput, Conflict, LimitExceeded, StorageFull, WorkerDied
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.training import folders, queue, starting
from embedding_explorer.jobs.training.records import State, TrainingJob
from tests.jobs.training.helpers import CLASSES, Jobs

BUCKET = {
    **{"dataset_name": "bucket", "method": "s3", "s3_endpoint_url": "http://127.0.0.1:9", "s3_bucket": "pictures"},
    **{"s3_path": "train", "s3_accesskey": "access-0815", "s3_secretkey": "secret-4711"},
}


@pytest.fixture
def weights(data: Path) -> Path:
    path = data / "mine.safetensors"
    path.write_bytes(b"x" * 1000)
    return path


@pytest.fixture
def quiet(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """No job begins before the test has ended."""
    monkeypatch.setattr(queue, "PAUSE", 600.0)


def end(jobs: Jobs, *made: TrainingJob) -> None:
    for job in made:
        jobs.abort(job.id)
    assert not jobs.lock.held()


@pytest.mark.usefixtures("quiet")
def test_a_sweep_has_its_weights_once_on_the_disk(jobs: Jobs, shades: TrainingJob, weights: Path) -> None:
    made = jobs.make_models(shades, custom_network_snapshot=str(weights), learning_rate="0.1,0.2", batch_size="1,2")
    copies = [job.folder / "start-0.safetensors" for job in made]
    assert len(copies) == 4 and len({copy.stat().st_ino for copy in copies}) == 1
    weights.write_bytes(b"changed")
    assert copies[-1].read_bytes() == b"x" * 1000
    end(jobs, *made)


@pytest.mark.usefixtures("quiet")
def test_others_can_be_renamed_while_weights_are_copied(
    jobs: Jobs, shades: TrainingJob, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying, go_on = threading.Event(), threading.Event()

    def slow(*paths: Path) -> None:
        copying.set()
        assert go_on.wait(20)
        shutil.copyfile(*paths)

    monkeypatch.setattr(folders, "shutil", type("Slow", (), {"copyfile": staticmethod(slow)}))
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(jobs.make_models, shades, custom_network_snapshot=str(weights))
        assert copying.wait(20)
        renamed = pool.submit(jobs.edit, shades.id, name="shades")
        try:
            renamed.result(5)
        finally:
            go_on.set()
        end(jobs, *made.result(20))


@pytest.mark.usefixtures("quiet")
def test_weights_that_are_too_large_or_go_leave_no_job(
    jobs: Jobs, shades: TrainingJob, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(jobs.jobs_dir.iterdir())
    form = {"custom_network_snapshot": str(weights), "learning_rate": "0.1,0.2"}
    with monkeypatch.context() as patch, pytest.raises(LimitExceeded, match=r"1000 bytes.*EXPLORER_MAX_NETWORK_BYTES"):
        patch.setattr(jobs._creation, "_settings", replace(jobs.settings, max_network_bytes=999))
        jobs.make_models(shades, **form)

    def gone(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    with monkeypatch.context() as patch, pytest.raises(BadInput, match="removed"):
        patch.setattr(starting, "keep_start", gone)
        jobs.make_models(shades, **form)
    assert set(jobs.jobs_dir.iterdir()) == before and not jobs.lock.held()


@pytest.mark.usefixtures("quiet")
def test_a_sweep_from_weights_of_the_largest_size(
    jobs: Jobs, shades: TrainingJob, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs._creation, "_settings", replace(jobs.settings, max_network_bytes=1000))
    made = jobs.make_models(shades, custom_network_snapshot=str(weights), learning_rate="0.1,0.2")
    assert len(made) == 2
    end(jobs, *made)


def make_bucket(jobs: Jobs) -> TrainingJob:
    with jobs.drafting() as draft:
        return jobs.create_dataset(draft, CLASSES, BUCKET, "bob", files={})


@pytest.mark.usefixtures("quiet")
def test_keys_do_not_outlive_a_job_that_is_aborted(jobs: Jobs) -> None:
    job = make_bucket(jobs)
    assert jobs._creation.secrets[job.id] == {"s3_accesskey": "access-0815", "s3_secretkey": "secret-4711"}
    end(jobs, job)
    assert jobs.get(job.id).state is State.ABORTED and not jobs._creation.secrets
    with pytest.raises(Conflict, match="keys"):
        jobs.resume(job.id)


def test_keys_do_not_outlive_a_job_that_fails_or_is_not_recorded(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs.ended(make_bucket(jobs))
    assert job.state is State.ERROR and not jobs._creation.secrets

    def full(_: object) -> None:
        raise StorageFull("No space left.")

    monkeypatch.setattr(jobs._ledger.table, "save", full)
    with pytest.raises(StorageFull):
        make_bucket(jobs)
    assert not jobs._creation.secrets


def test_a_worker_that_is_gone_puts_no_keys_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Gone:
        def send(self, message: object) -> None:
            raise BrokenPipeError

    client = WorkerClient({}, ("true",))
    client._channel = Gone()  # type: ignore[assignment]
    client._ready.set()
    with caplog.at_level(logging.DEBUG), ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.call, "create_dataset", {"form": BUCKET})
        while not caplog.records and not call.done():
            pass
        for future, _ in list(client._calls.values()):
            future.set_exception(WorkerDied("gone"))
        with pytest.raises(WorkerDied):
            call.result(5)
    assert "create_dataset" in caplog.text and "4711" not in caplog.text
