import os
from pathlib import Path

import pytest

from embedding_explorer.errors import BadArchive, UnreadableImage
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.selection import Skipped
from embedding_explorer.images.source import open_source
from tests.images.archives import write_folder
from tests.images.conftest import Opener


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "pictures", [("a.jpg", b"1"), ("cat/b.jpg", b"2")])


def test_links_count_only_where_they_stay_inside(folder: Path, opening: Opener) -> None:
    (folder.parent / "secret.jpg").write_bytes(b"secret")
    (folder / "inside.jpg").symlink_to("cat/b.jpg")
    (folder / "outside.jpg").symlink_to("../secret.jpg")
    (folder / "nowhere.jpg").symlink_to("missing.jpg")
    (folder / "circle").symlink_to(".")
    source = opening(folder, nested=True)
    assert [entry.name for entry in source.entries] == ["a.jpg", "cat/b.jpg", "inside.jpg"]
    assert source.read(2) == b"2"
    assert source.skipped == [Skipped("outside.jpg", "a link that leaves the folder")]


def test_pipes_and_sockets_are_passed_over(folder: Path, opening: Opener) -> None:
    os.mkfifo(folder / "pipe.jpg")
    assert [entry.name for entry in opening(folder).entries] == ["a.jpg"]


def test_a_folder_that_is_itself_a_link_is_read(folder: Path, opening: Opener) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert [entry.name for entry in opening(link).entries] == ["a.jpg"]


def test_files_are_read_when_asked_for(folder: Path, opening: Opener) -> None:
    source = opening(folder, nested=True)
    (folder / "a.jpg").write_bytes(b"changed")
    (folder / "cat" / "b.jpg").unlink()
    assert source.read(0) == b"changed"
    with pytest.raises(UnreadableImage, match="No such file"):
        source.read(1)


def test_a_file_that_became_a_link_is_not_followed(folder: Path, opening: Opener) -> None:
    source = opening(folder)
    (folder / "a.jpg").unlink()
    (folder / "a.jpg").symlink_to("/etc/passwd")
    with pytest.raises(UnreadableImage):
        source.read(0)


def test_folders_too_deep_to_count_are_not_entered(
    folder: Path, opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: entered.append(Path(path).name) or scandir(path))
    opening(folder)
    assert entered == ["pictures"]


def test_names_that_are_no_utf8_are_spelled_out(folder: Path, opening: Opener) -> None:
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"3")
    source = opening(folder)
    assert source.entries[1].name == "caf\\udce9.jpg"
    assert source.read(1) == b"3"


def test_what_cannot_be_read_below_is_skipped_with_the_reason(
    folder: Path, opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def denied(path: Path) -> object:
        if Path(path).name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def closed(_file: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (folder / "lost+found").mkdir()
    (folder / "notes").touch()
    (folder / "self").symlink_to("self")
    monkeypatch.setattr(os, "scandir", denied)
    monkeypatch.setattr("embedding_explorer.images.folder_source._head", closed)
    source = opening(folder, nested=True)
    assert [entry.name for entry in source.entries] == ["a.jpg", "cat/b.jpg"]
    reasons = {skipped.name: skipped.reason for skipped in source.skipped}
    assert reasons.pop("self", "a link that leads to itself") == "a link that leads to itself"
    assert reasons == {
        "lost+found": "the folder cannot be read: Permission denied",
        "notes": "the file cannot be read: Permission denied",
    }


def test_a_folder_that_cannot_be_read_is_refused(folder: Path, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(BadArchive, match="Permission denied"):
        open_source(folder, limits=Limits(), spool=spool)
