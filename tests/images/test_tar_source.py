import gzip
import io
import tarfile
from pathlib import Path

import pytest

from embedding_explorer.errors import BadArchive, LimitExceeded
from embedding_explorer.images.limits import Limits, MiB
from embedding_explorer.images.selection import Skipped
from embedding_explorer.images.source import open_source
from tests.images.archives import write_tar
from tests.images.conftest import Opener


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def write_members(path: Path, members: list[tarfile.TarInfo], mode: str = "w", **options: object) -> Path:
    with tarfile.open(path, mode, **options) as archive:
        for one in members:
            archive.addfile(one, io.BytesIO(b"x" * one.size))
    return path


def with_checksum(header: bytearray) -> bytearray:
    header[148:156] = b"%06o\0 " % (8 * ord(" ") + sum(header[:148]) + sum(header[156:]))
    return header


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_links_and_devices_are_not_followed(mode: str, tmp_path: Path, opening: Opener) -> None:
    kinds = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
    members = [member(f"{number}.jpg", kind, linkname="/etc/passwd") for number, kind in enumerate(kinds)]
    source = opening(write_members(tmp_path / "a.tar", [*members, member("real.jpg", size=5)], mode))
    assert [entry.name for entry in source.entries] == ["real.jpg"]
    assert source.read(0) == b"xxxxx"
    assert source.skipped == [Skipped(f"{number}.jpg", "not a regular file") for number in range(4)]


def test_folders_are_no_files(tmp_path: Path, opening: Opener) -> None:
    source = opening(write_members(tmp_path / "a.tar", [member("./", tarfile.DIRTYPE), member("./a.jpg", size=2)]))
    assert [entry.name for entry in source.entries] == ["a.jpg"]
    assert source.skipped == []


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_dialect_of_tar_is_read(format: int, tmp_path: Path, opening: Opener) -> None:
    name = "long/" * 19 + "größe.jpg"
    path = write_members(tmp_path / "a.tar", [member(name, size=3)], format=format)
    source = opening(path, nested=True)
    assert source.entries[0].name == name
    assert source.read(0) == b"xxx"


def test_the_oldest_tar_without_magic_bytes_is_read(tmp_path: Path, opening: Opener) -> None:
    data = bytearray(write_tar(tmp_path / "a.tar", [("a.jpg", b"old")]).read_bytes())
    data[257:265] = bytes(8)
    data[:512] = with_checksum(data[:512])
    (tmp_path / "a.tar").write_bytes(data)
    assert opening(tmp_path / "a.tar").read(0) == b"old"


def test_a_plain_archive_is_read_in_place(tmp_path: Path, opening: Opener, spool: Path) -> None:
    source = opening(write_tar(tmp_path / "a.tar", [("a.jpg", b"1"), ("b.jpg", b"2")]))
    assert source.read(1) == b"2"
    assert not spool.exists()


def test_only_images_are_spooled(tmp_path: Path, opening: Opener, spool: Path) -> None:
    files = [
        ("film.mp4", bytes(range(256)) * 4000),
        ("a.jpg", b"image"),
        ("cat/b.jpg", b"nested"),
        ("notes", b"-" * 99),
    ]
    opening(write_tar(tmp_path / "a.tar.gz", files, "gz"), limits=Limits(max_ratio=None))
    assert spool.read_bytes() == b"image"


@pytest.mark.parametrize("compression", ["", "gz"])
def test_a_broken_header_in_the_middle_is_noticed(compression: str, tmp_path: Path, spool: Path) -> None:
    data = bytearray(write_tar(tmp_path / "a.tar", [("a.jpg", b"1"), ("b.jpg", b"2"), ("c.jpg", b"3")]).read_bytes())
    data[1024] ^= 1
    (tmp_path / "a.tar").write_bytes(gzip.compress(data) if compression else data)
    with pytest.raises(BadArchive, match="broken header"):
        open_source(tmp_path / "a.tar", limits=Limits(), spool=spool)
    assert not spool.exists()


def test_a_header_of_megabytes_is_not_read_into_memory(tmp_path: Path, spool: Path) -> None:
    huge = member("a.jpg", size=1)
    huge.pax_headers = {"comment": "x" * MiB}
    with pytest.raises(BadArchive, match="header of"):
        open_source(write_members(tmp_path / "a.tar", [huge]), limits=Limits(), spool=spool)


def test_a_member_of_negative_size_does_not_lead_in_circles(tmp_path: Path, spool: Path) -> None:
    data = bytearray(write_tar(tmp_path / "a.tar", [("a.jpg", b"1"), ("b.jpg", b"2")]).read_bytes())
    data[1024 + 124 : 1024 + 136] = b"\xff" * 10 + b"\xfe\x00"  # -512 in base 256
    data[1024:1536] = with_checksum(data[1024:1536])
    (tmp_path / "a.tar").write_bytes(data)
    with pytest.raises(BadArchive, match="ends before it begins"):
        open_source(tmp_path / "a.tar", limits=Limits(), spool=spool)


def test_what_is_packed_but_no_tar_is_refused(tmp_path: Path, spool: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(b"some text " * 100))
    with pytest.raises(BadArchive, match="tar archive is truncated or damaged"):
        open_source(path, limits=Limits(), spool=spool)


def test_a_wrong_checksum_of_the_compression_is_noticed(tmp_path: Path, spool: Path) -> None:
    data = bytearray(write_tar(tmp_path / "a.tar.gz", [("a.jpg", b"1")], "gz").read_bytes())
    data[-8] ^= 1
    (tmp_path / "a.tar.gz").write_bytes(data)
    with pytest.raises(BadArchive, match="CRC"):
        open_source(tmp_path / "a.tar.gz", limits=Limits(), spool=spool)


def test_a_bomb_behind_the_archives_end_is_refused(tmp_path: Path, spool: Path) -> None:
    data = write_tar(tmp_path / "a.tar", [("a.jpg", b"1")]).read_bytes()
    (tmp_path / "a.tar").write_bytes(gzip.compress(data + bytes(20 * MiB)))
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_COMPRESSION_RATIO"):
        open_source(tmp_path / "a.tar", limits=Limits(), spool=spool)
