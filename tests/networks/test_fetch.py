"""Downloads: whole, resumed, damaged and impossible."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from embedding_explorer.errors import BadInput, NetworkUnavailable, UnknownNetwork
from embedding_explorer.networks import fetch
from embedding_explorer.networks.definitions import RESNET50, define

CONTENT = bytes(range(256)) * 20_000
PREFIX = hashlib.sha256(CONTENT).hexdigest()[:8]


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT, from the byte asked for; `/short` breaks off half-way."""

    ranges: list[str | None]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(CONTENT):
            return self.send_error(416)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = len(CONTENT) // 2 if self.path == "/short" else None
        self.wfile.write(CONTENT[start:end])
        return None

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server of CONTENT."""
    Handler.ranges = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def ignore(done: int, total: int) -> None:
    """No progress wanted."""


def test_download_arrives_whole_and_counts_its_bytes(server: str, tmp_path: Path) -> None:
    counts: list[tuple[int, int]] = []
    path = fetch.download(
        f"{server}/whole", tmp_path / "w.pth", PREFIX, lambda done, total: counts.append((done, total))
    )
    assert path.read_bytes() == CONTENT
    assert counts[-1] == (len(CONTENT), len(CONTENT))
    assert list(tmp_path.iterdir()) == [path]


def test_broken_off_download_is_resumed(server: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkUnavailable):
        fetch.download(f"{server}/short", tmp_path / "w.pth", PREFIX, ignore)
    assert not (tmp_path / "w.pth").exists()
    assert fetch.download(f"{server}/whole", tmp_path / "w.pth", PREFIX, ignore).read_bytes() == CONTENT
    assert Handler.ranges == [None, f"bytes={len(CONTENT) // 2}-"]


def test_complete_part_is_taken_as_it_is(server: str, tmp_path: Path) -> None:
    (tmp_path / "w.pth.part").write_bytes(CONTENT)
    assert fetch.download(f"{server}/whole", tmp_path / "w.pth", PREFIX, ignore).read_bytes() == CONTENT


def test_damaged_download_is_refused_and_deleted(server: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkUnavailable, match="should start with 00000000"):
        fetch.download(f"{server}/whole", tmp_path / "w.pth", "00000000", ignore)
    assert list(tmp_path.iterdir()) == []


def test_endless_download_is_given_up(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_WEIGHTS_BYTES", 1000)
    with pytest.raises(NetworkUnavailable, match="more than 1000 bytes"):
        fetch.download(f"{server}/whole", tmp_path / "w.pth", PREFIX, ignore)


def test_without_a_connection_the_message_says_where_to_put_the_file(tmp_path: Path) -> None:
    with pytest.raises(NetworkUnavailable) as caught:
        fetch.download("http://127.0.0.1:9/resnet50-x.pth", tmp_path / "models" / "resnet50-x.pth", "x", ignore)
    assert "put it into" in caught.value.message and str(tmp_path / "models") in caught.value.message


def test_address_is_the_one_that_torchvision_knows() -> None:
    assert fetch.address(define("resnet50"), RESNET50[0]).endswith("/" + RESNET50[0].name)


def test_weights_that_are_there_are_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "models" / RESNET50[0].name
    path.parent.mkdir()
    path.write_bytes(b"")
    monkeypatch.setattr(fetch, "check", lambda *arguments: None)
    monkeypatch.setattr(fetch, "download", lambda *arguments: pytest.fail("fetched again"))
    assert fetch.fetch("resnet50", tmp_path) == path


def test_networks_without_an_address_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to fetch"):
        fetch.fetch("embedded", tmp_path)
    with pytest.raises(UnknownNetwork, match="resnet50"):
        fetch.fetch("alexnet", tmp_path)
