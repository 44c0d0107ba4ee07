"""No space left, on a data folder of a few megabytes: the job fails with that reason and leaves nothing."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from embedding_explorer.jobs.records import Status
from tests.conftest import colour_files, encoded, zip_of
from tests.images.pictures import noise
from tests.servers import QuickServer, Upload


def photos(megabytes: int) -> dict[str, bytes]:
    """Pictures of a megabyte each."""
    return {f"n{i}.png": encoded(noise((577, 577), seed=i)) for i in range(megabytes)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    """A server whose data folder holds eight megabytes."""
    data = tmp_path_factory.mktemp("full") / "data"
    data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", data], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no right to mount a small file system")
    running = QuickServer(data)
    yield running
    running.kill()
    subprocess.run(["umount", "--lazy", data], check=True)


def check_recovered(server: QuickServer, answer: requests.Response | None) -> None:
    """The answer says why, nothing is left, and a small upload works."""
    assert answer is not None and answer.status_code == 507
    assert answer.json()["error"] == "Error during handling dataset"
    assert re.search("[Nn]o space (is )?left", answer.json()["detail"])
    assert server.busy() is None and not server.leftovers()
    assert (server.last_job().status, server.last_job().error) == (Status.FAILED, answer.json()["detail"])
    new = {f"{server.last_job().id}-{name}": data for name, data in colour_files(2).items()}
    small = server.upload(zip_of(new))
    assert small.status_code == 200
    assert server.get(f"/dataset/{small.text}/tilemap").status_code == 200


def test_an_upload_that_does_not_fit(server: QuickServer) -> None:
    check_recovered(server, server.upload(zip_of(photos(9))))


def test_a_dataset_that_does_not_fit_beside_its_upload(server: QuickServer) -> None:
    check_recovered(server, server.upload(zip_of(photos(5))))


# Not "tilemaps": the upload is removed right after it, which may well make room enough.
@pytest.mark.parametrize("stage", ["decode", "features", "pca", "umap"])
def test_space_that_runs_out_in_any_stage(server: QuickServer, stage: str) -> None:
    server.pause_at(stage)
    upload = Upload(server, zip_of(colour_files(12)), query=f"?name={stage}")
    server.wait_paused()
    fill(server.data / "filler")
    server.go_on()
    answer = upload.done()
    (server.data / "filler").unlink()
    check_recovered(server, answer)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
