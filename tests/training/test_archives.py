import io
import os
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_explorer.errors import BadArchive, BadInput, LimitExceeded
from embedding_explorer.images.limits import Limits
from embedding_explorer.training.archives import EXTENSIONS, MAX_ENTRIES, pack, unpack

LIMITS = Limits(max_entries=MAX_ENTRIES)
FILES = {"info.json": b'{"name": "x"}', "snapshot_epoch_1.safetensors": os.urandom(3_000_000), "empty": b"",
         "labels.txt": "é\n".encode()}  # fmt: skip


def archive(tmp_path: Path, extension: str, files: dict[str, bytes]) -> Path:
    target = tmp_path / f"model.{extension}"
    with target.open("wb") as file:
        file.writelines(pack(files, extension))
    return target


def opened(path: Path, extension: str) -> dict[str, bytes]:
    """What Python's own readers find."""
    if extension == "zip":
        with zipfile.ZipFile(path) as read:
            assert read.testzip() is None
            return {name: read.read(name) for name in read.namelist()}
    with tarfile.open(path) as tar:
        return {member.name: found.read() for member in tar if (found := tar.extractfile(member))}


def unpacked(path: Path, folder: Path, limits: Limits = LIMITS) -> dict[str, bytes]:
    folder.mkdir()
    unpack(path, folder, limits)
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_what_is_written_is_read_by_others_and_by_us(tmp_path: Path, extension: str) -> None:
    path = archive(tmp_path, extension, FILES)
    assert opened(path, extension) == FILES
    assert unpacked(path, tmp_path / "new") == FILES


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_writing_needs_little_memory_whatever_the_size(tmp_path: Path, extension: str) -> None:
    large = tmp_path / "weights"
    large.write_bytes(os.urandom(40 << 20))
    tracemalloc.start()
    try:
        total = sum(map(len, pack({"weights": large}, extension)))
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()
    assert total > 40 << 20


def test_a_file_that_is_deleted_meanwhile_is_sent_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"x" * 100)
    pieces = pack({"weights": file}, "tar")
    file.unlink()
    assert b"x" * 100 in b"".join(pieces)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(BadInput, match=r"tar\.gz"):
        pack({}, "rar")


def tar_of(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def plain(name: str) -> tarfile.TarInfo:
    return tarfile.TarInfo(name)


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_with(make: Callable[[zipfile.ZipFile], None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        make(target)
    return buffer.getvalue()


def zip_link() -> bytes:
    info = zipfile.ZipInfo("info.json")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return zip_with(lambda target: target.writestr(info, "/etc/passwd"))


HOSTILE = {
    "up": tar_of((plain("../evil"), b"x")),
    "deep up": tar_of((plain("a/../../evil"), b"x")),
    "absolute": tar_of((plain("/tmp/evil"), b"x")),
    "symbolic link": tar_of((special("info.json", tarfile.SYMTYPE, "/etc/passwd"), b"")),
    "hard link": tar_of((special("info.json", tarfile.LNKTYPE, "/etc/passwd"), b"")),
    "device": tar_of((special("null", tarfile.CHRTYPE), b"")),
    "pipe": tar_of((special("pipe", tarfile.FIFOTYPE), b"")),
    "twice": tar_of((plain("a"), b"1"), (plain("./a"), b"2")),
    "zip up": zip_with(lambda target: target.writestr("../evil", "x")),
    "zip backslash": zip_with(lambda target: target.writestr("..\\evil", "x")),
    "zip absolute": zip_with(lambda target: target.writestr("/evil", "x")),
    "zip drive": zip_with(lambda target: target.writestr("C:evil", "x")),
    "zip link": zip_link(),
    "control": tar_of((plain("a\nb"), b"")),
    "cut off": tar_of((plain("weights"), b"x" * 100_000))[:50_000],
    "gzip of nothing": b"\x1f\x8b" + b"\0" * 50,
    "text": b"hello",
    "empty": b"",
    "many": tar_of(*((plain(f"{n}"), b"") for n in range(MAX_ENTRIES + 1))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_and_write_nothing_elsewhere(tmp_path: Path, name: str) -> None:
    path, folder = tmp_path / "archive", tmp_path / "inner" / "new"
    path.write_bytes(HOSTILE[name])
    folder.parent.mkdir()
    with pytest.raises((BadArchive, LimitExceeded)):
        unpacked(path, folder)
    assert {each.name for each in tmp_path.rglob("*") if each.parent != folder} == {"archive", "inner", "new"}
    assert not any(each.is_symlink() for each in folder.iterdir())


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_bombs_are_refused(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(tar_of((plain("dir/zeros"), bytes(80 << 20)), mode=mode))
    with pytest.raises(LimitExceeded):
        unpacked(path, tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_a_zip_bomb_is_refused_by_what_its_directory_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(zip_with(lambda target: target.writestr("zeros", bytes(80 << 20))))
    with pytest.raises(LimitExceeded):
        unpacked(path, tmp_path / "new")


def test_more_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, "tar", FILES)
    with pytest.raises(LimitExceeded):
        unpacked(path, tmp_path / "new", Limits(max_unpacked_bytes=1_000_000))


def test_only_the_top_level_counts(tmp_path: Path) -> None:
    folder = special("sub", tarfile.DIRTYPE)
    path = tmp_path / "archive"
    path.write_bytes(tar_of((folder, b""), (plain("sub/a"), b"1"), (plain("./b"), b"2"), mode="w:gz"))
    assert unpacked(path, tmp_path / "new") == {"b": b"2"}
