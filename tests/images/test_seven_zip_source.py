from pathlib import Path

import py7zr
import pytest

from embedding_explorer.errors import BadArchive, LimitExceeded
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.source import open_source
from tests.images.archives import write_7z
from tests.images.conftest import Opener
from tests.images.pictures import RED, Image, saved

JPEG = saved(Image.new("RGB", (8, 8), RED), "JPEG")


@pytest.mark.parametrize("header_encryption", [False, True])
def test_an_encrypted_archive_is_refused_as_such(header_encryption: bool, tmp_path: Path, spool: Path) -> None:
    options = {"password": "secret", "header_encryption": header_encryption}
    path = write_7z(tmp_path / "a.7z", [("a.jpg", JPEG)], **options)
    with pytest.raises(BadArchive, match="encrypted"):
        open_source(path, limits=Limits(), spool=spool)


def test_only_images_are_spooled(tmp_path: Path, opening: Opener, spool: Path) -> None:
    files = [
        ("notes", b"-" * 99),
        ("a.jpg", b"image"),
        ("cat/b.jpg", b"nested"),
        ("photo", JPEG),
        ("film.mp4", b"*" * 999),
    ]
    source = opening(write_7z(tmp_path / "a.7z", files))
    assert spool.read_bytes() == b"image" + JPEG
    assert {file.name for file in source.skipped} == {"notes", "film.mp4", "cat/b.jpg"}


def test_only_what_can_be_wanted_is_unpacked_at_first(tmp_path: Path, opening: Opener, spool: Path) -> None:
    files = {f"{number}.jpg": bytes([number]) * 10 for number in range(9)}
    source = opening(write_7z(tmp_path / "a.7z", reversed(files.items())), limits=Limits(max_images=2))
    assert spool.stat().st_size == 4 * 10
    assert [source.read(index) for index in (3, 8, 4, 0)] == [bytes([number]) * 10 for number in (3, 8, 4, 0)]
    assert spool.stat().st_size == 9 * 10


def test_several_blocks_are_read(tmp_path: Path, opening: Opener) -> None:
    path = write_7z(tmp_path / "a.7z", [("b.jpg", b"1"), ("empty.jpg", b"")])
    with py7zr.SevenZipFile(path, "a") as archive:
        archive.writestr(b"2", "a.jpg")
        archive.writestr(b"3", "c.jpg")
    source = opening(path)
    assert [entry.name for entry in source.entries] == ["a.jpg", "b.jpg", "c.jpg", "empty.jpg"]
    assert [source.read(index) for index in range(4)] == [b"2", b"1", b"3", b""]


def test_folders_and_links_are_no_files(tmp_path: Path, opening: Opener) -> None:
    folder = tmp_path / "folder"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "a.jpg").write_bytes(JPEG)
    (folder / "link.jpg").symlink_to("cat/a.jpg")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        archive.writeall(folder, ".")
    source = opening(tmp_path / "a.7z", nested=True)
    assert [entry.name for entry in source.entries] == ["cat/a.jpg"]
    assert source.read(0) == JPEG


@pytest.mark.parametrize("method", ["DEFLATE", "ZSTD", "BROTLI", "PPMD"])
def test_methods_that_cannot_be_bounded_are_refused(method: str, tmp_path: Path, spool: Path) -> None:
    options = {"PPMD": {"order": 6, "mem": 24}, "ZSTD": {"level": 3}, "BROTLI": {"level": 5}}.get(method, {})
    with pytest.MonkeyPatch.context() as patch:  # opening an archive takes them out of py7zr
        patch.setattr(py7zr.compressor, "algorithm_class_map", ALL_METHODS)
        filters = [{"id": getattr(py7zr, f"FILTER_{method}"), **options}]
        path = write_7z(tmp_path / "a.7z", [("a.jpg", JPEG)], filters=filters)
    with pytest.raises(BadArchive, match="method that is not supported"):
        open_source(path, limits=Limits(), spool=spool)
    assert not spool.exists()


ALL_METHODS = dict(py7zr.compressor.algorithm_class_map)


def test_entries_far_over_the_limit_are_not_even_listed(tmp_path: Path, spool: Path) -> None:
    path = write_7z(tmp_path / "a.7z", [(f"{number}.jpg", b"") for number in range(50)])
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_UPLOAD_ENTRIES"):
        open_source(path, limits=Limits(max_entries=49), spool=spool)
    with pytest.raises(BadArchive, match="numfiles"):
        open_source(path, limits=Limits(max_entries=12), spool=spool)


def test_a_damaged_member_makes_the_archive_bad(tmp_path: Path, spool: Path) -> None:
    path = write_7z(tmp_path / "a.7z", [("a.jpg", JPEG)], filters=[{"id": py7zr.FILTER_COPY}])
    path.write_bytes(path.read_bytes().replace(JPEG, JPEG[:-1] + b"?"))
    with pytest.raises(BadArchive, match="damaged"):
        open_source(path, limits=Limits(), spool=spool)
    assert not spool.exists()
