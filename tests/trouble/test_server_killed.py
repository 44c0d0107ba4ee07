"""kill -9 of the server as a whole, and of each of its processes."""

import os
import signal

import pytest

from embedding_explorer.jobs.records import Status
from embedding_explorer.jobs.service import DIED
from tests.conftest import colour_files, zip_of
from tests.servers import STOPPED, QuickServer, Upload, begun_upload
from tests.trouble.conftest import StartServer

FIRST, SECOND = zip_of(colour_files(3)), zip_of(colour_files(2))


def check_recovered(server: QuickServer, dataset: str) -> None:
    """What was half done is gone, what was whole is served, and the next upload works."""
    server.wait_warm()
    assert not server.leftovers()
    assert server.get(f"/dataset/{dataset}/features/pca").json()["total"] == 3
    job = server.last_job()
    assert (job.status, job.error) == (Status.FAILED, DIED)
    assert server.upload(SECOND).status_code == 200


@pytest.mark.parametrize("stage", ["", "features"])
def test_after_a_kill_in_the_middle_of_an_upload_a_restart_finds_all_in_order(start: StartServer, stage: str) -> None:
    server = start()
    dataset = server.upload(FIRST).text
    if stage:
        server.pause_at(stage)
        upload = Upload(server, SECOND)
        server.wait_paused()
    else:
        connection = begun_upload(server)
    assert server.leftovers()
    server.kill()
    server.go_on()
    assert upload.done() is None if stage else connection.close() is None
    check_recovered(start(), dataset)


def test_with_the_main_process_die_the_others_and_the_port_is_free(start: StartServer) -> None:
    server = start()
    dataset = server.upload(FIRST).text
    connection = begun_upload(server)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(STOPPED)
    server.wait_gone()
    connection.close()
    check_recovered(start(port=server.port), dataset)


def test_a_killed_web_process_is_replaced_and_its_worker_too(start: StartServer) -> None:
    server = start()
    dataset = server.upload(FIRST).text
    old_web, old_worker = server.web_pid(), server.worker_pid()
    connection = begun_upload(server)
    os.kill(old_web, signal.SIGKILL)
    server.wait_for(lambda: not {old_web, old_worker} & server.processes().keys(), STOPPED)
    connection.close()
    server.wait_for(lambda: server.get("/health/live").status_code == 200, STOPPED)
    check_recovered(server, dataset)
    assert server.terminate() == 0


def test_after_a_restart_all_datasets_are_still_served(start: StartServer) -> None:
    server = start()
    datasets = {server.upload(zip_of(colour_files(n))).text for n in (1, 2, 3)}
    server.get("/dataset")
    assert server.terminate() == 0
    again = start()
    assert {d["id"] for d in again.get("/dataset").json()["datasets"]} == datasets
    for dataset in datasets:
        assert again.get(f"/dataset/{dataset}/tilemap").status_code == 200
    assert again.upload(FIRST).text in datasets
