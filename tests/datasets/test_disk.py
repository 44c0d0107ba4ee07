import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.datasets import disk
from embedding_explorer.datasets.disk import (
    PART,
    full_disk_named,
    keep_used,
    remove_leftover,
    sync_tree,
    write_atomically,
)
from embedding_explorer.errors import StorageFull


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "pointer"
    write_atomically(path, b"first")
    with path.open("rb") as earlier_reader:
        write_atomically(path, b"second")
        assert earlier_reader.read() == b"first"
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_tree_is_synced_file_by_file_where_the_system_has_no_single_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x")
    synced: list[str] = []
    monkeypatch.setattr(disk, "_syncfs", lambda _: False)
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    sync_tree(tmp_path)
    assert {Path(name).name for name in synced} == {tmp_path.name, "a", "b", "file"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has syncfs")
def test_a_tree_is_synced_by_one_call_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def each_file(_: int) -> None:
        raise AssertionError("one file at a time")

    monkeypatch.setattr(os, "fsync", each_file)
    sync_tree(tmp_path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named(tmp_path: Path, code: int) -> None:
    with pytest.raises(StorageFull, match=str(tmp_path)), full_disk_named(tmp_path):
        raise OSError(code, "full")


def test_other_errors_of_the_disk_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), full_disk_named(tmp_path):
        raise PermissionError(errno.EACCES, "no")


def test_a_leftover_that_cannot_be_removed_is_named_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "file").touch()
    remove_leftover(tmp_path / "folder")
    remove_leftover(tmp_path / "file")
    assert not list(tmp_path.iterdir()) and not caplog.text
    remove_leftover(tmp_path / "file")
    assert f"{tmp_path}/file is of no use but cannot be removed" in caplog.text


def test_what_was_used_least_lately_makes_room_and_unfinished_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "owner").mkdir()
    for age, name in enumerate(("new", "owner/middle", "old", f"writing{PART}")):
        (tmp_path / name).write_bytes(b"12345")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    keep_used(tmp_path, 10)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == [f"writing{PART}"]
    assert (tmp_path / "new").exists() and (tmp_path / "owner" / "middle").exists() and not (tmp_path / "old").exists()


def test_a_folder_that_vanishes_meanwhile_has_nothing_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "gone", "z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"12345")
    real = os.scandir

    def scandir(folder: Any = ".") -> Any:
        if Path(folder).name == "gone":
            raise FileNotFoundError(folder)
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    keep_used(tmp_path, 0)
    assert not (tmp_path / "a" / "file").exists() and not (tmp_path / "z" / "file").exists()
