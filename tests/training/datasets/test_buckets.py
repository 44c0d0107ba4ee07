"""Against moto's server: a real S3 service on this machine, without Amazon."""

import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
import s3fs
from moto import server as moto_server

from embedding_explorer.errors import BadInput, FetchFailed, LimitExceeded
from embedding_explorer.training.datasets import Bounds, Places, describe
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


def test_a_service_that_does_not_answer(tmp_path: Path, private: Places) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FetchFailed):
            fetch(wanted(f"http://127.0.0.1:{taken.getsockname()[1]}"), tmp_path / "d", private)
