from pathlib import Path

import pytest
from py7zr import SevenZipFile

from embedding_explorer.datasets.seed import SeedLimits
from embedding_explorer.datasets.seed_archive import list_archive, pack, unpack
from embedding_explorer.errors import BadArchive, LimitExceeded

LIMITS = SeedLimits()


def archive_of(path: Path, files: list[tuple[str, bytes]], **options: object) -> Path:
    with SevenZipFile(path, "w", **options) as archive:
        for name, data in files:
            archive.writestr(data, name)
    return path


def test_only_wanted_files_are_unpacked_under_names_of_ours(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.7z", [("top/a", b"A" * 9), ("top/b", b"B"), ("evil.sh", b"rm"), ("top/c", b"")])
    assert list_archive(path, LIMITS) == ["top/a", "top/b", "evil.sh", "top/c"]
    unpack(path, {"pickles/x": "top/b", "tilemaps/y": "top/a", "z": "top/c"}, tmp_path / "out", LIMITS)
    found = {file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    assert found == {"pickles/x", "tilemaps/y", "z"}
    assert (tmp_path / "out" / "tilemaps" / "y").read_bytes() == b"A" * 9


def test_the_first_of_two_files_of_one_name_counts(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.7z", [("a", b"first"), ("a", b"second")])
    unpack(path, {"x": "a"}, tmp_path / "out", LIMITS)
    assert (tmp_path / "out" / "x").read_bytes() == b"first"


def test_a_link_in_an_archive_becomes_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "passwords").write_bytes(b"secret")
    (tmp_path / "in" / "link").symlink_to("passwords")
    with SevenZipFile(tmp_path / "a.7z", "w") as archive:
        archive.write(tmp_path / "in" / "link", "link")
    unpack(tmp_path / "a.7z", {"x": "link"}, tmp_path / "out", LIMITS)
    assert not (tmp_path / "out" / "x").is_symlink()
    assert b"secret" not in (tmp_path / "out" / "x").read_bytes()


def test_a_file_over_its_limit_is_given_up(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.7z", [("bomb", bytes(10_000_000))])
    limits = SeedLimits(max_pickle_bytes=1000, max_tilemap_bytes=10)
    with pytest.raises(LimitExceeded, match="bomb is over the limit of 1000"):
        unpack(path, {"x": "bomb"}, tmp_path / "out", limits)
    assert (tmp_path / "out" / "x").stat().st_size <= 1000


def test_an_archive_over_the_total_limit_is_given_up_even_for_what_is_not_wanted(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.7z", [("bomb", bytes(10_000_000)), ("a", b"A")])
    with pytest.raises(LimitExceeded, match=r"a\.7z unpacks to more than the limit of 1000"):
        unpack(path, {"x": "a"}, tmp_path / "out", SeedLimits(max_bytes=1000))


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.7z", [(f"{n}", b"") for n in range(5)])
    with pytest.raises(LimitExceeded, match="more than 4 files"):
        list_archive(path, SeedLimits(max_entries=4))


@pytest.mark.parametrize("header", [False, True])
def test_an_encrypted_archive_is_told(tmp_path: Path, header: bool) -> None:
    path = archive_of(tmp_path / "a.7z", [("a", b"A")], password="secret", header_encryption=header)
    with pytest.raises(BadArchive, match="encrypted"):
        list_archive(path, LIMITS)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.7z"
    for content in (b"", b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"7z\xbc\xaf\x27\x1c" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(BadArchive, match=r"a\.7z is no 7z archive or is damaged"):
            list_archive(path, LIMITS)


def test_a_truncated_or_altered_archive_is_damaged_or_reads_the_same(tmp_path: Path) -> None:
    data = archive_of(tmp_path / "a.7z", [("a", b"hello " * 50), ("b", bytes(range(256)))]).read_bytes()
    path = tmp_path / "b.7z"
    cut = [data[:end] for end in range(0, len(data), 7)]
    altered = [data[:n] + bytes([data[n] ^ 0x55]) + data[n + 1 :] for n in range(0, len(data), 3)]
    for content in cut + altered:
        path.write_bytes(content)
        try:
            names = list_archive(path, LIMITS)
            unpack(path, {"x": "a"} if "a" in names else {}, tmp_path / "out", LIMITS)
        except (BadArchive, LimitExceeded):
            continue


def test_what_was_packed_unpacks_the_same(tmp_path: Path) -> None:
    (tmp_path / "in" / "pickles").mkdir(parents=True)
    (tmp_path / "in" / "pickles" / "a").write_bytes(b"A")
    pack(tmp_path / "in", tmp_path / "a.7z")
    assert list_archive(tmp_path / "a.7z", LIMITS) == ["pickles/a"]
