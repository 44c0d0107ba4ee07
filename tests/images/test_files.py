import errno
import os
from pathlib import Path

import pytest

from embedding_explorer.errors import StorageFull
from embedding_explorer.images.files import PositionedFile, Slot, Spool
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.source import open_source
from tests.images.archives import write_7z, write_tar


def test_reading_outside_of_a_file_gives_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with PositionedFile(path) as file:
        assert file.size == 10
        assert file.read_at(2, 3) == b"234"
        assert file.read_at(8, 1 << 60) == b"89"
        assert file.read_at(10, 1) == file.read_at(-1, 1) == file.read_at(1 << 80, 1) == b""


def test_a_closed_file_cannot_be_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a")
    spool.close()
    spool.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        spool.read_at(0, 1)


def test_a_spool_says_where_things_lie_and_can_forget_the_last(tmp_path: Path) -> None:
    with Spool(tmp_path / "a") as spool:
        assert spool.append([b"ab", b"", b"c"]) == Slot(0, 3)
        dropped = spool.append([b"x" * 100])
        assert dropped == Slot(3, 100)
        spool.drop(dropped)
        assert spool.size == 3
        last = spool.append([bytearray(b"de")])
        assert spool.read_at(*last) == b"de"
        assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("write", [write_7z, lambda path, files: write_tar(path, files, "gz")])
def test_a_full_disk_is_told_apart_from_a_bad_archive(
    write: object, tmp_path: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "archive", [("a.jpg", b"1")])

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageFull, match="No space left"):
        open_source(path, limits=Limits(), spool=spool)
    assert not spool.exists()
