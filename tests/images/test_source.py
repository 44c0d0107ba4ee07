"""What every kind of source has in common."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedding_explorer.errors import BadArchive, ExplorerError, LimitExceeded, UnreadableImage
from embedding_explorer.images.limits import Limits, MiB
from embedding_explorer.images.selection import Skipped
from embedding_explorer.images.source import Source, open_source
from tests.images.archives import ARCHIVES, SOURCES, write_folder, write_tar, write_zip
from tests.images.conftest import Opener
from tests.images.pictures import RED, Image, noise, saved

JPEG = saved(Image.new("RGB", (8, 8), RED), "JPEG")
FILES = [
    ("b.jpg", JPEG + b"b"),
    ("readme.txt", b"no image"),
    ("a.PNG", b"whatever: the extension counts, decoding tells"),
    ("photo", JPEG),
    ("größe 猫.jpg", JPEG + b"c"),
    ("empty.gif", b""),
    ("cat/d.jpg", JPEG + b"d"),
    ("cat/wild/e.jpg", JPEG + b"e"),
    ("cat/notes.txt", b"no image"),
    ("__MACOSX/._b.jpg", b"junk"),
    (".DS_Store", b"junk"),
]
CONTENT = dict(FILES)


@pytest.fixture(params=SOURCES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def names(source: Source) -> list[str]:
    return [entry.name for entry in source.entries]


def test_top_level_images_are_listed_in_order_and_read(kind: str, tmp_path: Path, opening: Opener) -> None:
    short, write = SOURCES[kind]
    source = opening(write(tmp_path / "input", FILES))
    assert source.kind == short
    assert names(source) == ["a.PNG", "b.jpg", "empty.gif", "größe 猫.jpg", "photo"]
    assert {entry.label for entry in source.entries} == {None}
    below = ("cat/d.jpg", "cat/wild/e.jpg", "cat/notes.txt") if kind != "folder" else ()  # which nobody looks into
    assert {*source.skipped} == {Skipped("readme.txt", "not an image"), *(Skipped(n, "in a folder") for n in below)}
    for index in (3, 0, 4, 2, 1):
        assert source.read(index) == CONTENT[source.entries[index].name]


def test_the_size_of_a_file_is_known_before_it_is_read(kind: str, tmp_path: Path, opening: Opener) -> None:
    files = [(f"{n}.jpg", JPEG + bytes(n * 1000)) for n in range(9)]
    source = opening(SOURCES[kind][1](tmp_path / "input", files), limits=Limits(max_images=2))
    assert [source.file_bytes(n) for n in range(9)] == [len(data) for _, data in files]
    assert [len(source.read(n)) for n in range(9)] == [len(data) for _, data in files]


def test_nested_images_take_their_labels_from_folders(kind: str, tmp_path: Path, opening: Opener) -> None:
    path = SOURCES[kind][1](tmp_path / "input", FILES)
    nested = opening(path, nested=True, labels="parents")
    labels = {entry.name: entry.label for entry in nested.entries}
    assert labels["cat/wild/e.jpg"] == "wild"
    assert labels["cat/d.jpg"] == "cat"
    assert labels["b.jpg"] is None
    assert nested.read(names(nested).index("cat/wild/e.jpg")) == JPEG + b"e"
    assert {file.name for file in nested.skipped} == {"readme.txt", "cat/notes.txt"}
    folders = opening(path, labels="folders", spool=tmp_path / "other")
    assert [entry.name for entry in folders.entries if entry.label == "cat"] == ["cat/d.jpg"]


def test_threads_read_at_once(kind: str, tmp_path: Path, opening: Opener) -> None:
    chance = random.Random(0)
    content = {f"{number:03}.jpg": chance.randbytes(chance.randrange(30_000)) for number in range(60)}
    source = opening(SOURCES[kind][1](tmp_path / "input", content.items()))
    order = chance.choices(range(60), k=90)
    barrier = threading.Barrier(4)

    def read(indices: list[int]) -> bool:
        barrier.wait()
        return all(source.read(index) == content[source.entries[index].name] for index in indices)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, [order, order[::-1], order[30:], order[:60]]))


def test_nothing_is_left_when_a_source_is_closed(kind: str, tmp_path: Path, spool: Path) -> None:
    path = SOURCES[kind][1](tmp_path / "input", FILES)
    handles = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with open_source(path, limits=Limits(), spool=spool) as source:
            source.read(0)
    assert len(list(Path("/proc/self/fd").iterdir())) == handles
    assert [file.name for file in tmp_path.iterdir()] == ["input"]


def test_more_entries_than_the_limit_are_refused(kind: str, tmp_path: Path, spool: Path) -> None:
    path = SOURCES[kind][1](tmp_path / "input", FILES)
    with pytest.raises(LimitExceeded) as caught:
        open_source(path, limits=Limits(max_entries=3), spool=spool)
    assert caught.value.facts["setting"] == "EXPLORER_MAX_UPLOAD_ENTRIES"
    assert not spool.exists()


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_over_the_byte_limit_are_refused(kind: str, tmp_path: Path, spool: Path) -> None:
    path = ARCHIVES[kind][1](tmp_path / "input", FILES)
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_UPLOAD_BYTES"):
        open_source(path, limits=Limits(max_bytes=path.stat().st_size - 1), spool=spool)


def test_a_file_larger_than_any_picture_is_refused(kind: str, tmp_path: Path, opening: Opener) -> None:
    content = random.Random(0).randbytes(MiB + 81)
    source = opening(SOURCES[kind][1](tmp_path / "input", [("a.jpg", content)]), limits=Limits(max_pixels=10))
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_IMAGE_PIXELS"):
        source.read(0)


PACKED = [kind for kind in ARCHIVES if kind not in ("zip, stored", "7z, copied", "tar")]


@pytest.mark.parametrize("kind", PACKED)
def test_bombs_are_refused_by_their_ratio(kind: str, tmp_path: Path, spool: Path) -> None:
    path = ARCHIVES[kind][1](tmp_path / "input", [("bomb.jpg", bytes(30 * MiB))])
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_COMPRESSION_RATIO"):
        open_source(path, limits=Limits(), spool=spool)
    assert not spool.exists()


@pytest.mark.parametrize("kind", PACKED)
def test_bombs_are_refused_by_their_unpacked_size(kind: str, tmp_path: Path, spool: Path) -> None:
    path = ARCHIVES[kind][1](tmp_path / "input", [(f"{number}.jpg", bytes(MiB)) for number in range(8)])
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_UNPACKED_BYTES"):
        open_source(path, limits=Limits(max_unpacked_bytes=7 * MiB, max_ratio=None), spool=spool)
    assert not spool.exists()


UNSAFE = ["../up.jpg", "/rooted.jpg", "..\\up.jpg", "C:\\rooted.jpg", "cat/../../up.jpg"]


@pytest.mark.parametrize("kind", ARCHIVES)
def test_path_tricks_are_names_only(kind: str, tmp_path: Path, opening: Opener) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    path = ARCHIVES[kind][1](inside / "input", [("good.jpg", JPEG), *((name, b"evil") for name in UNSAFE)])
    source = opening(path, nested=True, spool=inside / "spool")
    assert names(source) == ["good.jpg"]
    assert source.read(0) == JPEG
    assert {(file.name.replace("\\", "/"), file.reason) for file in source.skipped} == {
        (name.replace("\\", "/"), "unsafe name") for name in UNSAFE
    }
    assert [file.name for file in tmp_path.iterdir()] == ["inside"]
    assert not Path("/rooted.jpg").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("kind", ARCHIVES)
def test_of_duplicate_names_the_last_one_counts(kind: str, tmp_path: Path, opening: Opener) -> None:
    path = ARCHIVES[kind][1](tmp_path / "input", [("a.jpg", b"old"), ("b.jpg", b"b"), ("a.jpg", b"new")])
    source = opening(path)
    assert names(source) == ["a.jpg", "b.jpg"]
    assert [source.read(0), source.read(1)] == [b"new", b"b"]
    assert [file.name for file in source.skipped] == ["a.jpg"]


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind != "tar"])  # which would be zeros, as of anything
def test_an_empty_source_has_no_entries(kind: str, tmp_path: Path, opening: Opener) -> None:
    assert opening(SOURCES[kind][1](tmp_path / "input", [])).entries == []


@pytest.mark.parametrize("kind", ARCHIVES)
def test_truncated_archives_are_refused(kind: str, tmp_path: Path, spool: Path) -> None:
    pictures = [(f"{seed}.png", saved(noise((60, 50), seed=seed), "PNG")) for seed in range(9)]
    data = ARCHIVES[kind][1](tmp_path / "whole", pictures).read_bytes()
    for kept in (len(data) // 3, len(data) * 9 // 10):
        cut = tmp_path / "cut"
        cut.write_bytes(data[:kept])
        with pytest.raises(BadArchive, match="truncated"):
            open_source(cut, limits=Limits(), spool=spool)
        assert not spool.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"hello", "not an archive"),
        (bytes(2048), "not an archive"),
        (b"Rar!\x1a\x07\x01\x00", "not an archive"),
        (JPEG, "one JPEG image"),
        (b"PK\x03\x04" + bytes(100), "truncated"),
        (b"7z\xbc\xaf\x27\x1c", "truncated"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "damaged"),
        (b"\x1f\x8b" + bytes(100), "damaged"),
    ],
)
def test_what_is_no_archive_is_refused_with_the_reason(data: bytes, message: str, tmp_path: Path, spool: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(data)
    with pytest.raises(BadArchive, match=message):
        open_source(path, limits=Limits(), spool=spool)


def test_a_tar_archive_that_ends_with_a_zip_is_a_tar_archive(tmp_path: Path, opening: Opener) -> None:
    inner = write_zip(tmp_path / "inner", [("inner.jpg", JPEG)]).read_bytes()
    source = opening(write_tar(tmp_path / "input", [("outer.jpg", JPEG), ("inner.zip", inner)]))
    assert (source.kind, names(source)) == ("tar", ["outer.jpg"])


def test_what_is_missing_is_the_callers_mistake(tmp_path: Path, spool: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / "nothing", limits=Limits(), spool=spool)


@pytest.mark.parametrize("kind", ARCHIVES)
def test_damaged_archives_raise_nothing_but_our_errors(kind: str, tmp_path: Path, spool: Path) -> None:
    data = ARCHIVES[kind][1](tmp_path / "whole", FILES).read_bytes()
    chance = random.Random(kind)
    path = tmp_path / "damaged"
    outcomes = {"read": 0, "refused": 0}
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 255, chance.randrange(256)))
        path.write_bytes(damaged)
        try:
            with open_source(path, limits=Limits(), spool=spool) as source:
                for index in range(len(source.entries)):
                    source.read(index)
            outcomes["read"] += 1
        except ExplorerError as error:
            assert isinstance(error, BadArchive | LimitExceeded | UnreadableImage)
            outcomes["refused"] += 1
        assert not spool.exists()
    assert outcomes["refused"] > 30


def test_a_folder_is_recognised_without_its_name(tmp_path: Path, opening: Opener) -> None:
    assert opening(write_folder(tmp_path / "pictures.zip", [("a.jpg", JPEG)])).kind == "folder"
