"""The end of a server by signal: quick, clean, with status 0."""

import os
import signal
import time
from pathlib import Path

import pytest

from embedding_explorer.jobs.records import Status
from embedding_explorer.server import STOP_PATIENCE
from tests.conftest import colour_files, zip_of
from tests.servers import QuickServer, Upload, answer_on, begun_upload
from tests.trouble.conftest import StartServer

ARCHIVE = zip_of(colour_files(3))


def test_sigterm_ends_an_idle_server_and_all_its_processes(start: StartServer) -> None:
    server = start()
    assert server.terminate() == 0
    assert not server.processes()
    assert "Traceback" not in server.log.read_text() and "stopped" in server.log.read_text()


def test_the_log_file_has_the_lines_of_all_processes(start: StartServer, tmp_path: Path) -> None:
    server = start(log_file=str(tmp_path / "explorer.log"))
    assert server.terminate() == 0
    lines = (tmp_path / "explorer.log").read_text().splitlines()
    assert sorted(lines) == sorted(server.log.read_text().splitlines())
    for part in ("INFO embedding_explorer", "worker INFO warm", "INFO stopped"):
        assert any(part in line for line in lines), part


def test_a_log_file_that_cannot_be_written_is_said_once(start: StartServer, tmp_path: Path) -> None:
    server = start(log_file=str(tmp_path / "missing" / "explorer.log"))
    assert server.terminate() == 0
    assert server.log.read_text().count("explorer.log cannot be written") == 1


def test_sigterm_ends_a_server_that_is_not_warm_yet(start: StartServer) -> None:
    assert start(warm=False).terminate() == 0


def test_ctrl_c_in_a_terminal_reaches_all_processes_and_ends_them_in_order(start: StartServer) -> None:
    server = start()
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(STOP_PATIENCE + 2) == 0
    assert not server.processes()
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("stage", ["features", "pca"])
def test_sigterm_in_the_middle_of_a_job_fails_it_and_answers_the_client(start: StartServer, stage: str) -> None:
    server = start()
    server.pause_at(stage)
    upload = Upload(server, ARCHIVE)
    server.wait_paused()
    check_end(server)
    answer = upload.done()
    assert answer is None or (answer.status_code == 500 and answer.json()["detail"] == "The server is stopping.")


def test_sigterm_while_an_upload_comes_in_answers_the_client(start: StartServer) -> None:
    server = start()
    with begun_upload(server) as connection:
        server.process.send_signal(signal.SIGTERM)
        answer = answer_on(connection)
        assert answer.status == 500 and b"The server is stopping." in answer.read()
    check_end(server)


@pytest.mark.slow
def test_sigterm_does_not_wait_for_a_client_that_neither_sends_nor_hangs_up(start: StartServer) -> None:
    server = start()
    with begun_upload(server):
        check_end(server)


def check_end(server: QuickServer) -> None:
    """SIGTERM ends the server in time; nothing is left of the job but its record."""
    begun = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - begun < STOP_PATIENCE + 10  # where nothing else works, it takes one second more
    assert not server.processes() and not server.leftovers()
    job = server.last_job()
    assert job.status is Status.FAILED and job.error
