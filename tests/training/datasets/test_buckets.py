"""Against moto's server: a real S3 service on this machine, without Amazon."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
import s3fs
from moto import server as moto_server

from embedding_explorer.errors import BadInput, FetchFailed, LimitExceeded
from embedding_explorer.training.datasets import Bounds, Places, buckets, describe
from embedding_explorer.training.datasets.buckets import DOWNLOADS, check_endpoint, download
from embedding_explorer.training.datasets.spec import Bucket, PerClass
from tests.images.pictures import noise
from tests.training.datasets.conftest import Make

KEYS = {"s3_accesskey": "some-access-key", "s3_secretkey": "some-secret-key"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    requests.post(
        f"http://{host}:{port}/moto-api/reset", timeout=30
    )  # all its servers of a process share their buckets
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def bucket(endpoint: str) -> str:
    """A bucket `pets` with 12 images in `sets/big_cats/` and 8 in `sets/dogs/`."""
    files = s3fs.S3FileSystem(key="k", secret="s", endpoint_url=endpoint, skip_instance_cache=True)
    files.mkdir("pets")
    for category, count in (("big_cats", 12), ("dogs", 8)):
        for number in range(count):
            file = BytesIO()
            noise((9, 9), seed=number + count).save(file, "PNG")
            folder = "deep/" if number % 2 else ""
            files.pipe_file(f"pets/sets/{category}/{folder}{number:02d}.png", file.getvalue())
    files.pipe_file("pets/sets/dogs/notes.txt", b"text")
    files.pipe_file("pets/sets/alone.png", b"not in a category")
    files.pipe_file("pets/other/x/0.png", b"elsewhere")
    return endpoint


def form(endpoint: str, **more: str) -> dict[str, str]:
    address = {"s3_endpoint_url": endpoint, "s3_bucket": "pets", "s3_path": "sets"}
    return {"method": "s3", "resize_width": "8", "resize_height": "8", **address, **KEYS, **more}


@pytest.fixture
def private(data: Path) -> Places:
    return Places([data], private=True)


def test_a_bucket_becomes_a_dataset(bucket: str, make: Make, private: Places) -> None:
    dataset = make(form(bucket), where=private)
    assert dataset.labels == ["big_cats", "dogs"]
    (task,) = describe(dataset)["ParseFolderTasks"]
    assert task == {
        **{"name": "Parse Folder (train/val)", "label_count": 2},
        **{"train_count": 15, "val_count": 5, "test_count": 0},
    }
    assert [each["entries"] for each in describe(dataset)["CreateDbTasks"]] == [15, 5]
    assert not (dataset.folder / DOWNLOADS).exists()
    for path in dataset.folder.rglob("*"):
        assert path.is_dir() or not any(key.encode() in path.read_bytes() for key in KEYS.values()), path


def test_copies_stay_where_they_are_wanted(bucket: str, make: Make, private: Places) -> None:
    fields = form(bucket, s3_keepcopiesondisk="1", s3_train_max_per_class="3", s3_pct_val="0")
    dataset = make(fields, where=private)
    kept = sorted(path.relative_to(dataset.folder / DOWNLOADS).as_posix() for path in dataset.folder.rglob("*.png"))
    assert kept == [f"{name}/{file}.png" for name in ("big_cats", "dogs") for file in ("00", "02", "04")]
    assert describe(dataset)["CreateDbTasks"][0]["entries"] == 6


def wanted(endpoint: str, **more: Any) -> Bucket:
    values = {"bucket": "pets", "prefix": "sets/", "access_key": "k", "secret_key": "some-secret-key", **more}
    return Bucket(endpoint, **values)


def fetch(bucket: Bucket, folder: Path, places: Places, bounds: Bounds | None = None) -> list[str]:
    told: list[str] = []
    download(bucket, folder, places, bounds or Bounds(), told.append, lambda *_: None)
    return told


def test_what_is_there_is_not_fetched_again(bucket: str, tmp_path: Path, private: Places) -> None:
    fetch(wanted(bucket), tmp_path / "d", private)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("*.png")}
    gone = next(iter(times))
    gone.unlink()
    fetch(wanted(bucket), tmp_path / "d", private)
    again = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("*.png")}
    assert len(again) == 20
    assert {path for path in times if times[path] != again[path]} == {gone}


def test_names_that_leave_the_folder_are_passed_over(bucket: str, tmp_path: Path, private: Places) -> None:
    files = s3fs.S3FileSystem(key="k", secret="s", endpoint_url=bucket, skip_instance_cache=True)
    files.call_s3("put_object", Bucket="pets", Key="evil/dogs/../../../x.png", Body=b"x")
    files.call_s3("put_object", Bucket="pets", Key="evil/dogs/fine.png", Body=b"x")
    told = fetch(wanted(bucket, prefix="evil/"), tmp_path / "d", private)
    assert any("unsafe" in line for line in told)
    assert not list(tmp_path.glob("*.png"))


def test_what_is_not_there_is_named_without_the_keys(bucket: str, tmp_path: Path, private: Places) -> None:
    for missing in (wanted(bucket, prefix="no/"), wanted(bucket, bucket="nobody"), wanted(bucket, prefix="other/x/")):
        with pytest.raises(BadInput) as caught:
            fetch(missing, tmp_path / "d", private)
        assert "some-secret-key" not in str(caught.value)


def test_downloads_are_bounded(bucket: str, tmp_path: Path, private: Places) -> None:
    for bounds in (Bounds(max_images=19), Bounds(max_download_bytes=1000)):
        with pytest.raises(LimitExceeded):
            fetch(wanted(bucket), tmp_path / "d", private, bounds)
    fetch(wanted(bucket, per_class=PerClass(1, 5)), tmp_path / "d", private, Bounds(max_images=19))


def test_private_services_need_leave(data: Path, tmp_path: Path) -> None:
    for address in ("http://127.0.0.1:9000", "http://localhost", "http://169.254.169.254/latest"):
        with pytest.raises(FetchFailed, match="private"):
            check_endpoint(address, private=False)
    with pytest.raises(FetchFailed, match="cannot be found"):
        check_endpoint("http://no-such-host.invalid", private=True)


class Service(http.server.BaseHTTPRequestHandler):
    """Counts its requests, and sends them on to another address where it has one."""

    def do_GET(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        self.send_response(307 if self.server.onward else 404)  # type: ignore[attr-defined]
        if self.server.onward:  # type: ignore[attr-defined]
            self.send_header("Location", f"{self.server.onward}{self.path}")  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def service(host: str, onward: str = "") -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer((host, 0), Service)
    server.asked, server.onward = 0, onward
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Places:
    """Places of a server that stays out of its private network, and does not try again."""
    monkeypatch.setattr(buckets, "_TIMEOUTS", {"retries": {"max_attempts": 0}})
    return Places([tmp_path])


def rebinding(monkeypatch: pytest.MonkeyPatch, name: str, *addresses: str) -> None:
    """Let a name have these addresses in turn, the last one for ever."""
    original, left = socket.getaddrinfo, list(addresses)

    def found(host: Any, *arguments: Any, **more: Any) -> Any:
        if host == name:
            host = left.pop(0) if len(left) > 1 else left[0]
        return original(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)


def test_a_name_cannot_change_its_address_after_the_check(
    tmp_path: Path, guarded: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebinding(monkeypatch, "rebinding.example", "93.184.216.34", "127.0.0.1")
    with service("127.0.0.1") as inside:
        with pytest.raises(FetchFailed, match=r"'127\.0\.0\.1' is a private address"):
            fetch(wanted(f"http://rebinding.example:{inside.server_port}"), tmp_path / "d", guarded)
        assert not inside.asked


def test_a_redirect_does_not_lead_into_the_private_network(
    tmp_path: Path, guarded: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = buckets.is_public
    monkeypatch.setattr(buckets, "is_public", lambda address: str(address) == "127.0.0.1" or public(address))
    with service("127.0.0.2") as inside, service("127.0.0.1", f"http://127.0.0.2:{inside.server_port}") as outside:
        with pytest.raises(FetchFailed, match=r"'127\.0\.0\.2' is a private address"):
            fetch(wanted(f"http://127.0.0.1:{outside.server_port}"), tmp_path / "d", guarded)
        assert outside.asked and not inside.asked


def test_a_proxy_does_not_look_the_name_up(tmp_path: Path, guarded: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    rebinding(monkeypatch, "rebinding.example", "93.184.216.34", "127.0.0.1")
    public = buckets.is_public
    with service("127.0.0.2") as proxy:
        monkeypatch.setattr(buckets, "is_public", lambda address: str(address) == "127.0.0.2" or public(address))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.2:{proxy.server_port}")
        with pytest.raises(FetchFailed, match="private address"):
            fetch(wanted("http://rebinding.example:9"), tmp_path / "d", guarded)
        assert not proxy.asked


def test_what_is_public_is_fetched_under_guard(
    bucket: str, tmp_path: Path, guarded: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "is_public", lambda address: True)
    fetch(wanted(bucket), tmp_path / "d", guarded)
    assert len(list((tmp_path / "d").rglob("*.png"))) == 20


def test_a_service_that_does_not_answer(tmp_path: Path, private: Places) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FetchFailed):
            fetch(wanted(f"http://127.0.0.1:{taken.getsockname()[1]}"), tmp_path / "d", private)
