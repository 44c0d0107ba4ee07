"""kill -9 of the worker, in every stage of a job."""

from collections.abc import Iterator

import pytest

from embedding_explorer.jobs.records import Status
from tests.conftest import colour_files, zip_of
from tests.servers import WARM, QuickServer, Server, Upload, answer_on, begun_upload, upload_request


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    running = QuickServer(tmp_path_factory.mktemp("killed") / "data")
    assert running.upload(zip_of(colour_files(3))).status_code == 200
    yield running
    running.kill()


def datasets(server: Server) -> set[str]:
    return {folder.name for folder in (server.data / "datasets").iterdir() if folder.is_dir()}


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["unpack", "decode", "features", "tilemaps", "pca", "umap"])
def test_a_worker_killed_in_any_stage_fails_the_job_and_leaves_nothing(quick: QuickServer, stage: str) -> None:
    before = datasets(quick)
    quick.pause_at(stage)
    upload = Upload(quick, zip_of(colour_files(12)), query=f"?name={stage}")
    quick.wait_paused()
    assert quick.busy() is not None
    quick.kill_worker()
    quick.go_on()
    answer = upload.done()
    assert answer is not None and answer.status_code == 500
    assert answer.json()["error"] == "Error during handling dataset"
    assert "killed" in answer.json()["detail"]
    assert quick.busy() is None and not quick.leftovers() and datasets(quick) == before
    job = quick.last_job()
    assert (job.status, job.name, job.error) == (Status.FAILED, stage, answer.json()["detail"])
    after = zip_of({f"{stage}-{name}": data for name, data in colour_files(3).items()})
    assert quick.upload(after).status_code == 200


def test_a_worker_killed_while_the_upload_comes_in_is_not_missed(quick: QuickServer) -> None:
    """The job has not reached it yet, so the next worker does it."""
    request = upload_request(zip_of(colour_files(2)))
    with begun_upload(quick, request[:-300]) as connection:
        quick.kill_worker()
        connection.sendall(request[-300:])
        assert answer_on(connection).status == 200
    assert not quick.leftovers()


def test_the_real_worker_is_killed_and_another_takes_over(server: Server) -> None:
    before = datasets(server)
    upload = Upload(server, zip_of(colour_files(900)))
    server.wait_for(lambda: (server.busy() or {}).get("stage") == "features", WARM)
    server.kill_worker()
    answer = upload.done()
    assert answer is not None and answer.status_code == 500 and "killed" in answer.json()["detail"]
    assert not server.leftovers() and datasets(server) == before
    assert server.upload(zip_of(colour_files(2))).status_code == 200
