"""Uploads that are too much, of anything, or that want to be somewhere else. Against one server with small limits."""

import socket
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import requests

from tests.conftest import colour_files, encoded, picture, zip_of
from tests.images.archives import write_7z, write_tar, write_zip
from tests.images.pictures import noise, png
from tests.servers import QuickServer, answer_on, upload_request

SETTINGS = {
    "max_upload_bytes": "2000000",
    "max_upload_entries": "50",
    "max_unpacked_bytes": "3000000",
    "max_image_pixels": "1000000",
    "upload_stall_seconds": "1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    running = QuickServer(tmp_path_factory.mktemp("limits") / "data", **SETTINGS)
    yield running
    running.kill()


@pytest.fixture(autouse=True)
def nothing_is_left(server: QuickServer) -> Iterator[None]:
    """Whatever came in: the lock is free again, staging is empty and the server works."""
    yield
    server.wait_idle()
    assert not server.leftovers()
    assert server.upload(zip_of(colour_files(1))).status_code == 200


def packed(files: dict[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


LIMITS = {
    "zip bomb": (packed({"bomb.png": bytes(2_900_000)}), "max_ratio", "EXPLORER_MAX_COMPRESSION_RATIO"),
    "unpacked size": (
        packed({f"{n}.png": noise((20, 20), seed=n).tobytes() * 170 for n in range(16)}),
        "max_unpacked_bytes",
        "EXPLORER_MAX_UNPACKED_BYTES",
    ),
    "entries": (zip_of({f"{n}.txt": b"" for n in range(51)}), "max_entries", "EXPLORER_MAX_UPLOAD_ENTRIES"),
    "image bomb": (
        zip_of(colour_files(2) | {"bomb.png": png(50_000, 50_000, 8, 2, b"")}),
        "max_pixels",
        "EXPLORER_MAX_IMAGE_PIXELS",
    ),
}


@pytest.mark.parametrize("what", LIMITS)
def test_too_much_is_413_and_names_the_limit_and_its_setting(server: QuickServer, what: str) -> None:
    archive, limit, setting = LIMITS[what]
    answer = server.upload(archive)
    assert answer.status_code == 413 and answer.json()["error"] == "Error during file upload"
    assert limit in answer.json()["detail"] and setting in answer.json()["detail"]
    stages = server.last_job().stages
    assert "features" not in stages and (what == "image bomb" or "decode" not in stages)


@pytest.mark.parametrize("announced", [True, False])
def test_too_many_bytes_are_413_announced_or_in_chunks(server: QuickServer, announced: bool) -> None:
    body = upload_request(bytes(2_500_000)).partition(b"\r\n\r\n")[2]
    data = body if announced else (body[i : i + 65_536] for i in range(0, len(body), 65_536))
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = requests.post(f"{server.url}/dataset", data=data, headers=headers, timeout=60)
    assert answer.status_code == 413
    assert "2000000 bytes" in answer.json()["detail"] and "EXPLORER_MAX_UPLOAD_BYTES" in answer.json()["detail"]
    assert not server.last_job().stages.get("unpack", (0, 0))[0] if announced else True


@pytest.mark.slow
def test_an_upload_of_which_nothing_more_comes_is_408_and_holds_up_nobody(server: QuickServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(upload_request(b"x" * 100_000, length=1_000_000))
        answer = answer_on(connection)
        assert answer.status == 408 and b"Nothing arrived for 1 seconds" in answer.read()
        assert server.get("/status").status_code == 200
        until = time.monotonic() + 6  # by then the server has given up waiting for the rest, but not the connection
        while time.monotonic() < until:
            assert requests.get(f"{server.url}/health/live", timeout=3).status_code == 200


def test_answers_before_the_body_hold_up_nobody(server: QuickServer) -> None:
    """Their connections stay open, with a little unread in each."""
    request = upload_request(bytes(2_100_000)).replace(b"multipart/form-data; boundary=b", b"text/plain")
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(4)]
    for connection in connections:
        connection.sendall(request)
        assert answer_on(connection).status == 413
        for _ in range(4):
            assert requests.get(f"{server.url}/health/live", timeout=10).status_code == 200
    for connection in connections:
        connection.close()


def test_names_that_lead_elsewhere_write_nothing_there(server: QuickServer) -> None:
    data = encoded(picture((1, 200, 3)))
    evil = ["../../evil.png", "/abs-evil.png", "a\\..\\b-evil.png", "C:\\c-evil.png", "d\0-evil.png"]
    archive = write_zip(server.data.parent / "tricks.zip", [*colour_files(2).items(), *((name, data) for name in evil)])
    answer = server.upload(archive.read_bytes())
    assert answer.status_code == 200
    manifest = server.get(f"/dataset/{answer.text}").json()
    assert manifest["total"] == 2 and {s["reason"] for s in manifest["skipped"]} == {"unsafe name"}
    assert not list(server.data.parent.rglob("*evil*")) and not list(Path("/").glob("*evil*"))


def test_an_empty_picture_among_others_is_skipped_and_named(server: QuickServer) -> None:
    answer = server.upload(zip_of(colour_files(4) | {"nothing.png": b""}), query="?limit=3")
    assert answer.status_code == 200 and answer.headers["X-Dataset-Skipped"] == "1"
    assert server.get(f"/dataset/{answer.text}").json()["skipped"][0]["file"] == "nothing.png"


def test_an_encrypted_archive_is_400_and_says_so(server: QuickServer) -> None:
    archive = bytearray(zip_of(colour_files(2)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := archive.find(signature, at + 1)) >= 0:
            archive[at + offset] |= 1
    answer = server.upload(bytes(archive))
    assert answer.status_code == 400 and "encrypted" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["7z", "tar.gz", "tar"])
def test_other_archives_make_the_same_dataset(server: QuickServer, tmp_path: Path, kind: str) -> None:
    files = list(colour_files(3).items())
    target = tmp_path / f"pictures.{kind}"
    write_7z(target, files) if kind == "7z" else write_tar(target, files, kind[4:])
    answer = server.upload(target.read_bytes(), name=target.name)
    assert answer.status_code == 200
    assert answer.text == server.upload(zip_of(dict(files))).text
