"""The server and the command line in one data folder."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from embedding_explorer.jobs.service import DIED
from tests.conftest import colour_files, zip_of
from tests.servers import QuickServer, Upload, begun_upload, explorer

HOLD = """
import sys, time
from pathlib import Path
from embedding_explorer.cli.jobs import job_in
from embedding_explorer.settings import Settings
with job_in(Settings(data=Path(sys.argv[1])), "ingest", "a long one") as report:
    report("features", 3, 10)
    time.sleep(1.1)
    report("features", 4, 10)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    running = QuickServer(tmp_path_factory.mktemp("two") / "data")
    yield running
    running.kill()


@pytest.fixture
def ingest(server: QuickServer) -> "Iterator[subprocess.Popen[str]]":
    """Another process that holds the lock as `ingest` does, until its input ends."""
    command = [sys.executable, "-c", HOLD, str(server.data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_uploads_during_an_ingest_get_503_with_its_job(server: QuickServer, ingest: "subprocess.Popen[str]") -> None:
    for _ in range(2):
        answer = server.upload(zip_of(colour_files(2)))
        assert answer.status_code == 503
        job = answer.json()["job"]
        assert (job["kind"], job["stage"], job["done"], job["total"]) == ("ingest", "features", 4, 10)
    assert server.get(f"/jobs/{job['id']}.json").json()["name"] == "a long one"
    aborted = server.post(f"/jobs/{job['id']}/abort")
    assert aborted.status_code == 409 and "another process" in aborted.json()["error"]
    ingest.communicate("")
    server.wait_idle()
    assert server.get(f"/jobs/{job['id']}.json").json()["status"] == "done"
    assert server.upload(zip_of(colour_files(2))).status_code == 200


def test_an_ingest_that_is_killed_frees_the_server(server: QuickServer, ingest: "subprocess.Popen[str]") -> None:
    job = server.busy()
    assert job is not None
    ingest.kill()
    ingest.wait()
    server.wait_idle()
    record = server.get(f"/jobs/{job['id']}.json").json()
    assert (record["status"], record["error"]) == ("failed", DIED)


def test_ingest_and_import_are_refused_while_the_server_works(server: QuickServer, tmp_path: Path) -> None:
    archive = tmp_path / "pictures.zip"
    archive.write_bytes(zip_of(colour_files(2)))
    with begun_upload(server):
        for command in ("ingest", "import"):
            ended = explorer(command, str(archive), "--data", str(server.data))
            assert ended.returncode == 2 and "Traceback" not in ended.stderr
            assert "Another job works in" in ended.stderr and "try again" in ended.stderr
        assert [path.name for path in server.leftovers()] == [server.busy()["id"]]
    server.wait_idle()


def test_another_main_dataset_is_followed_at_once(server: QuickServer) -> None:
    for count in (4, 5):
        dataset = server.upload(zip_of(colour_files(count)), query="?limit=3" if count == 4 else "?limit=2").text
        assert explorer("datasets", "main", dataset, "--data", str(server.data)).returncode == 0
        info = server.get("/dataset/info").json()
        assert info["id"] == dataset
        assert server.get("/pca/0/0/standalone").json()["total"] == info["total"] == 7 - count


def test_a_dataset_deleted_by_the_command_line_is_gone_at_once(server: QuickServer) -> None:
    dataset = server.upload(zip_of(colour_files(1))).text
    assert server.get(f"/dataset/{dataset}").status_code == 200
    assert explorer("datasets", "delete", dataset, "--yes", "--data", str(server.data)).returncode == 0
    assert server.get(f"/dataset/{dataset}").status_code == 404
    assert server.upload(zip_of(colour_files(1))).text == dataset


def test_another_most_of_images_makes_another_dataset_of_the_same_archive(tmp_path: Path) -> None:
    totals = []
    for most in ("3", "5"):
        server = QuickServer(tmp_path / "data", max_upload_images=most)
        try:
            totals.append(server.upload(zip_of(colour_files(6))).headers["X-Dataset-Total"])
        finally:
            server.kill()
    assert totals == ["3", "5"]


def test_with_the_busy_scope_writes_only_what_needs_the_worker_waits(tmp_path: Path) -> None:
    server = QuickServer(tmp_path / "data", busy_scope="writes")
    try:
        dataset = server.upload(zip_of(colour_files(3))).text
        assert requests.patch(f"{server.url}/dataset/{dataset}", json={"main": True}, timeout=9).status_code == 200
        server.pause_at("features")
        upload = Upload(server, zip_of(colour_files(2)))
        server.wait_paused()
        for path in ("/dataset/info", "/tilemaps/000", "/pca/0/0/standalone", "/dataset", "/dataset/main"):
            assert server.get(path).status_code == 200, path
        picture = {"file": ("p.png", colour_files(1)["p0000.png"])}
        status = server.get("/status")  # the page, and whoever waits for his turn, asks here
        assert status.status_code == 503 and status.json()["job"]["kind"] == "dataset"
        assert server.upload(zip_of(colour_files(1))).status_code == 503
        assert server.post("/pca/0/0", files=picture).status_code == 503
        assert server.get(f"/dataset/{dataset}/features/pca?space=main").status_code == 503
        assert requests.delete(f"{server.url}/dataset/{dataset}", timeout=9).status_code == 503
        server.go_on()
        answer = upload.done()
        assert answer is not None and answer.status_code == 200
    finally:
        server.kill()
