import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from embedding_explorer.errors import BadArchive, LimitExceeded, UnreadableImage
from embedding_explorer.images.limits import Limits, MiB
from embedding_explorer.images.source import open_source
from tests.images.archives import write_zip
from tests.images.conftest import Opener

CONTENT = b"content " * 40
DIRECTORY, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
# Offsets in an entry of the central directory.
FLAGS, METHOD, CRC, PACKED, UNPACKED, HEADER = 8, 10, 16, 20, 24, 42


def patched(path: Path, offset: int, layout: str, value: int, entry: int = 0) -> Path:
    """The archive with one field of its central directory changed."""
    data = bytearray(path.read_bytes())
    position = -1
    for _ in range(entry + 1):
        position = data.index(DIRECTORY, position + 1)
    struct.pack_into(layout, data, position + offset, value)
    path.write_bytes(data)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "a.zip", [("a.jpg", CONTENT), ("b.jpg", b"fine")])


def test_an_encrypted_archive_is_refused_as_such(archive: Path, spool: Path) -> None:
    with pytest.raises(BadArchive, match="encrypted"):
        open_source(patched(archive, FLAGS, "<H", 1, entry=1), limits=Limits(), spool=spool)


@pytest.mark.parametrize(
    ("offset", "layout", "value", "reason"),
    [
        (METHOD, "<H", 9, "method"),
        (METHOD, "<H", zipfile.ZIP_LZMA, "method"),
        (CRC, "<I", 0, "checksum"),
        (UNPACKED, "<I", 10, "checksum"),
        (UNPACKED, "<I", len(CONTENT) + 1, "checksum"),
        (PACKED, "<I", 3, "damaged"),
        (HEADER, "<I", 5, "not where"),
        (HEADER, "<I", 1 << 30, "not where"),
    ],
)
def test_a_damaged_entry_is_unreadable_and_the_others_are_not(
    offset: int, layout: str, value: int, reason: str, archive: Path, opening: Opener
) -> None:
    source = opening(patched(archive, offset, layout, value))
    with pytest.raises(UnreadableImage, match=reason):
        source.read(0)
    assert source.read(1) == b"fine"


def test_damaged_content_is_unreadable(archive: Path, opening: Opener) -> None:
    data = bytearray(archive.read_bytes())
    data[35 + len("a.jpg")] ^= 0xFF
    archive.write_bytes(data)
    source = opening(archive)
    with pytest.raises(UnreadableImage, match="damaged"):
        source.read(0)


def test_no_more_is_unpacked_than_was_declared(
    tmp_path: Path, opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = []

    class Recorder:
        def __init__(self, *args: int) -> None:
            self._inner = decompressobj(*args)

        def decompress(self, data: bytes, most: int) -> bytes:
            unpacked.append(self._inner.decompress(data, most))
            return unpacked[-1]

    decompressobj = zlib.decompressobj
    source = opening(patched(write_zip(tmp_path / "a.zip", [("a.jpg", bytes(8 * MiB))]), UNPACKED, "<I", 1000))
    monkeypatch.setattr(zlib, "decompressobj", Recorder)
    with pytest.raises(UnreadableImage):
        source.read(0)
    assert [len(data) for data in unpacked] == [1001]


def test_entries_that_share_their_content_count_each(tmp_path: Path, spool: Path) -> None:
    path = write_zip(tmp_path / "a.zip", [(f"{number}.jpg", bytes(MiB // 2)) for number in range(9)])
    for entry in range(9):
        patched(path, HEADER, "<I", 0, entry)
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_UNPACKED_BYTES"):
        open_source(path, limits=Limits(max_unpacked_bytes=4 * MiB), spool=spool)


def test_entries_are_counted_before_they_are_listed(
    tmp_path: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_zip(tmp_path / "a.zip", [(f"{number}.jpg", b"") for number in range(50)])
    data = bytearray(path.read_bytes())
    struct.pack_into("<HH", data, len(data) - 22 + 8, 1, 1)  # the archive says that it has one entry
    path.write_bytes(data)
    made = []
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *_: made.append(1))
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_UPLOAD_ENTRIES"):
        open_source(path, limits=Limits(max_entries=49), spool=spool)
    assert made == []


def test_a_directory_of_impossible_size_is_refused(archive: Path, spool: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[-22:-22] = bytes(5000)
    struct.pack_into("<I", data, len(data) - 22 + 12, 5000)
    archive.write_bytes(data)
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_UPLOAD_ENTRIES"):
        open_source(archive, limits=Limits(max_entries=3), spool=spool)


def test_zip64_is_read(tmp_path: Path, opening: Opener) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.jpg", "w", force_zip64=True) as entry:
        entry.write(CONTENT)
    assert opening(path).read(0) == CONTENT


def test_an_archive_behind_a_program_is_read(archive: Path, opening: Opener) -> None:
    archive.write_bytes(b"#!/bin/sh\n" * 100 + archive.read_bytes())
    source = opening(archive)
    assert [source.read(0), source.read(1)] == [CONTENT, b"fine"]


@pytest.mark.parametrize(
    ("stored", "shown"), [("größe.jpg".encode(), "größe.jpg"), ("größe.jpg".encode("cp437"), "größe.jpg")]
)
def test_names_without_the_utf8_flag_are_recognised(stored: bytes, shown: str, tmp_path: Path, opening: Opener) -> None:
    plain = "x" * len(stored)
    path = write_zip(tmp_path / "a.zip", [(plain, CONTENT)])
    path.write_bytes(path.read_bytes().replace(plain.encode(), stored))
    assert opening(path).entries[0].name == shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("表紙.jpg".encode("cp932"), "ò_Äå.jpg"),  # its second byte is a backslash, which parts no folders here
        (b"cat\\" + "é.jpg".encode("cp437"), None),  # and here it does
    ],
)
def test_backslashes_inside_japanese_letters_part_no_folders(
    stored: bytes, shown: str | None, tmp_path: Path, opening: Opener
) -> None:
    plain = "x" * len(stored)
    path = write_zip(tmp_path / "a.zip", [(plain, CONTENT)])
    path.write_bytes(path.read_bytes().replace(plain.encode(), stored))
    names = [entry.name for entry in opening(path).entries]
    assert names == ([shown] if shown else [])


def test_a_name_with_a_nul_is_not_cut_but_skipped(tmp_path: Path, opening: Opener) -> None:
    path = write_zip(tmp_path / "a.zip", [("axjpg.exe", CONTENT)])
    path.write_bytes(path.read_bytes().replace(b"axjpg", b"a.jpg\0"[:5]).replace(b"a.jpg.exe", b"a.jpg\0exe"))
    source = opening(path)
    assert source.entries == []
    assert [file.reason for file in source.skipped] == ["unsafe name"]


def test_folders_are_no_files(tmp_path: Path, opening: Opener) -> None:
    source = opening(write_zip(tmp_path / "a.zip", [("cat/", b""), ("dog\\", b""), ("cat/a.jpg", b"1")]), nested=True)
    assert [entry.name for entry in source.entries] == ["cat/a.jpg"]
    assert source.skipped == []


def test_an_archive_damaged_in_its_directory_is_refused(archive: Path, spool: Path) -> None:
    data = archive.read_bytes().replace(DIRECTORY, b"PK\x09\x09", 1)
    archive.write_bytes(data)
    with pytest.raises(BadArchive, match="damaged"):
        open_source(archive, limits=Limits(), spool=spool)
