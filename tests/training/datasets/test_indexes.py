"""Folders and images behind addresses, served by Python's own auto-index."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from embedding_explorer.errors import FetchFailed, InvalidFields
from embedding_explorer.training.datasets import Places, describe, statistics
from embedding_explorer.training.datasets.indexes import read_index
from tests.picture_host import content, web
from tests.training.datasets.conftest import Make, save_categories, save_picture

SMALL = {"resize_width": "8", "resize_height": "8", "folder_pct_val": "0"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server of the folder `web`."""
    (tmp_path / "web").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def online(data: Path) -> Places:
    return Places([data], urls=True, private=True)


def test_a_folder_behind_an_address(address: str, tmp_path: Path, make: Make, online: Places) -> None:
    root = save_categories(tmp_path / "web" / "set", {"big cats_": 3, "d\u00f6gs": 4})
    save_picture(root / "big cats_" / "below" / "x y.png", 77)
    (root / "labels.txt").write_text("text")
    dataset = make({**SMALL, "folder_train": f"{address}/set"}, where=online)
    assert dataset.labels == ["big cats ", "d\u00f6gs"]
    assert describe(dataset)["CreateDbTasks"][0]["entries"] == 8
    assert "/set/big%20cats_/below/x%20y.png 0\n" in (dataset.folder / "train.txt").read_text()


def test_images_of_a_list_behind_addresses(address: str, tmp_path: Path, make: Make, online: Places) -> None:
    save_picture(tmp_path / "web" / "a.png", 1, (8, 8))
    (tmp_path / "list").write_text(f"{address}/a.png 0\n{address}/gone.png 0\n")
    (tmp_path / "labels").write_text("only\n")
    uploads = {"textfile_train_images": tmp_path / "list", "textfile_labels_file": tmp_path / "labels"}
    form = {**SMALL, "method": "textfile"}
    (found,) = statistics(make(form, uploads=uploads, where=online))["sets"]
    assert (found["entries"], found["failed"]) == (1, 1)


def test_only_links_to_what_lies_right_in_the_folder_count(online: Places) -> None:
    links = (
        "../",
        "?C=N;O=D",
        "/set/a/",
        "b/",
        "b/#x",
        "c.png",
        "./d.png",
        "e/f.png",
        "/g.png",
        "http://h/i.png",
        "http://[",
        "",
    )
    page = "".join(f'<a href="{link}">x</a>' for link in links) + "<a>y</a><img src=z.png>"
    with web({"/set/": content(page.encode())}) as address:
        index = read_index(f"{address}/set/", online)
        assert index.folders == [f"{address}/set/a/", f"{address}/set/b/"]
        assert index.files == [f"{address}/set/c.png", f"{address}/set/d.png"]


def test_a_page_that_is_none(online: Places) -> None:
    with web({"/": content(b"<![x["), "/b/": content(b"\xff\xfe\0")}) as address:
        with pytest.raises(FetchFailed):
            read_index(f"{address}/", online)
        assert read_index(f"{address}/b/", online).files == []


def test_addresses_are_off_unless_they_are_on(data: Path, make: Make) -> None:
    with pytest.raises(InvalidFields):
        make({"folder_train": "http://127.0.0.1:1/"})
    with pytest.raises(FetchFailed, match="private"):
        make({"folder_train": "http://127.0.0.1:1/"}, where=Places([data], urls=True))
    with pytest.raises(FetchFailed, match="connection"):
        make({"folder_train": "http://127.0.0.1:1/"}, where=Places([data], urls=True, private=True), name="again")
