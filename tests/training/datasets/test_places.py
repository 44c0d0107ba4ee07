import os
from pathlib import Path

import pytest

from embedding_explorer.errors import LimitExceeded, UnreadableImage
from embedding_explorer.images.limits import Limits
from embedding_explorer.training.datasets import Places


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(b"secret")
    return outside / "secret.png"


def test_only_what_lies_inside_is_found(data: Path, places: Places, secret: Path) -> None:
    (data / "a.png").write_bytes(b"a")
    (data / "in").symlink_to(data / "a.png")
    (data / "out").symlink_to(secret)
    (data / "folder").symlink_to(secret.parent)
    assert places.file(str(data / "a.png")) == data / "a.png"
    assert places.file(str(data / "in")) == data / "a.png"
    assert places.folder(str(data)) == data
    refused = [
        secret,
        data / "out",
        data / "folder",
        data / "folder" / "secret.png",
        data / ".." / "outside" / "secret.png",
    ]
    for path in [*refused, data / "no", "", "a.png", "\0", f"{data}-twin", "x" * 5000]:
        assert places.file(str(path)) is None
        assert places.folder(str(path)) is None


def test_reading_follows_links_inside_only(data: Path, places: Places, secret: Path) -> None:
    (data / "a.png").write_bytes(b"a")
    (data / "in").symlink_to("a.png")
    (data / "out").symlink_to(secret)
    (data / "folder").symlink_to(secret.parent)
    (data / "circle").symlink_to("circle")
    assert places.read(str(data / "a.png"), Limits()) == places.read(str(data / "in"), Limits()) == b"a"
    for name in ("out", "folder/secret.png", "../outside/secret.png", "circle", "no", "a\0.png", "..", "."):
        with pytest.raises(UnreadableImage):
            places.read(f"{data}/{name}", Limits())
    with pytest.raises(UnreadableImage, match="relative"):
        places.read("a.png", Limits())


def test_outside_and_missing_look_the_same(data: Path, places: Places, secret: Path) -> None:
    messages = set()
    for name in (str(secret), str(secret) + "x", str(data / "no.png")):
        with pytest.raises(UnreadableImage) as caught:
            places.read(name, Limits())
        messages.add(caught.value.message)
    assert len(messages) == 1


def test_a_pipe_does_not_hold_the_reader(data: Path, places: Places) -> None:
    os.mkfifo(data / "pipe.png")
    assert places.read(str(data / "pipe.png"), Limits()) == b""


def test_large_files_are_refused_and_addresses_are_off(data: Path, places: Places) -> None:
    with (data / "large.png").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(LimitExceeded):
        places.read(str(data / "large.png"), Limits(max_pixels=1000))
    with pytest.raises(UnreadableImage, match="Addresses"):
        places.read("http://127.0.0.1:1/a.png", Limits())


def test_addresses_are_fetched_where_they_are_on(data: Path) -> None:
    with pytest.raises(UnreadableImage, match="private"):
        Places([data], urls=True).read("http://127.0.0.1:1/a.png", Limits())
