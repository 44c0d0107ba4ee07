import pytest

from embedding_explorer.errors import LimitExceeded
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.selection import Entry, Labels, Listing, Selection, Skipped, safe_name

NAMES = ["top.jpg", "cat/a.jpg", "cat/wild/b.jpg"]


@pytest.mark.parametrize(
    ("nested", "labels", "chosen"),
    [
        (False, "none", {"top.jpg": None}),
        (False, "folders", {"top.jpg": None, "cat/a.jpg": "cat"}),
        (False, "parents", {"top.jpg": None}),
        (True, "none", {"top.jpg": None, "cat/a.jpg": None, "cat/wild/b.jpg": None}),
        (True, "folders", {"top.jpg": None, "cat/a.jpg": "cat", "cat/wild/b.jpg": "cat"}),
        (True, "parents", {"top.jpg": None, "cat/a.jpg": "cat", "cat/wild/b.jpg": "wild"}),
    ],
)
def test_folders_count_and_name_labels_as_asked(nested: bool, labels: Labels, chosen: dict[str, str | None]) -> None:
    selection = Selection(nested, labels)
    assert {name: selection.label(name) for name in NAMES if selection.admits(name)} == chosen


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("a.jpg", "a.jpg"),
        ("./a.jpg", "a.jpg"),
        ("b//./a.jpg", "b/a.jpg"),
        ("b\\c\\a.jpg", "b/c/a.jpg"),
        ("größe/猫 🐈.jpg", "größe/猫 🐈.jpg"),
        ("..a.jpg", "..a.jpg"),
        ("caf\udce9.jpg", "caf\\udce9.jpg"),
        *((raw, None) for raw in ("/etc/passwd", "../a.jpg", "b/../../a.jpg", "..", "\\\\host\\a.jpg", "..\\a.jpg")),
        *((raw, None) for raw in ("C:\\a.jpg", "c:a.jpg", "a\0.jpg", "a\n.jpg", "", ".", "/", "a" * 1025)),
    ],
)
def test_names_are_relative_paths_or_refused(raw: str, safe: str | None) -> None:
    assert safe_name(raw) == safe


def listing(limits: Limits | None = None) -> Listing[int]:
    return Listing(Selection(nested=True, labels="none"), limits or Limits())


def no_head(_: int) -> bytes:
    raise AssertionError("this file need not be read")


def test_entries_ascend_by_code_points_with_their_members() -> None:
    files = listing()
    for member, name in enumerate(["b.jpg", "Z.jpg", "a.jpg", "é.jpg", "a/z.jpg", "10.jpg", "9.jpg"]):
        files.offer(name, member, no_head)
    entries, members = files.finish()
    names = ["10.jpg", "9.jpg", "Z.jpg", "a.jpg", "a/z.jpg", "b.jpg", "é.jpg"]
    assert entries == [Entry(name, None) for name in names]
    assert members == [5, 6, 1, 2, 4, 0, 3]


def test_files_without_an_image_extension_are_judged_by_their_first_bytes() -> None:
    files = listing()
    heads = [b"\xff\xd8\xff\xe0", b"hello", b""]
    for member, name in enumerate(["photo", "readme.txt", "empty"]):
        files.offer(name, member, heads.__getitem__)
    assert files.finish() == ([Entry("photo", None)], [0])
    assert files.skipped == [Skipped("readme.txt", "not an image"), Skipped("empty", "not an image")]


@pytest.mark.parametrize("name", ["__MACOSX/._a.jpg", "b/._a.jpg", ".DS_Store", "b/Thumbs.db", "desktop.ini"])
def test_what_operating_systems_leave_behind_is_passed_over_unread(name: str) -> None:
    files = listing()
    files.offer(name, 0, no_head)
    assert files.finish() == ([], [])
    assert files.skipped == []


def test_of_files_of_one_name_the_last_stays() -> None:
    files = listing()
    for member, name in enumerate(["a.jpg", "b.jpg", "./a.jpg"]):
        files.offer(name, member, no_head)
    assert files.finish() == ([Entry("a.jpg", None), Entry("b.jpg", None)], [2, 1])
    assert files.skipped == [Skipped("a.jpg", "replaced by a later file of the same name")]


def test_unsafe_names_are_skipped_in_a_printable_form() -> None:
    files = listing()
    files.offer("../evil\n\udce9.jpg", 0, no_head)
    assert files.finish() == ([], [])
    assert files.skipped == [Skipped("../evil?\\udce9.jpg", "unsafe name")]


def test_files_are_counted_whether_wanted_or_not() -> None:
    files = listing(Limits(max_entries=2))
    files.offer("a.jpg", 0, no_head)
    files.offer("../b.jpg", 0, no_head)
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_UPLOAD_ENTRIES"):
        files.offer("c.jpg", 0, no_head)
