import re
import time
from pathlib import Path
from random import Random

import pytest

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.training.datasets import Bounds
from embedding_explorer.training.datasets.lists import (
    ImageList,
    Line,
    parse_line,
    read_labels,
    split_line,
    stored_labels,
    write_labels,
)
from embedding_explorer.training.datasets.spec import TextList
from embedding_explorer.training.datasets.text_lists import parse_text_list


def parse(
    tmp_path: Path, text: bytes, folder: Path | None = None, labels: int = 3, **bounds: int
) -> list[tuple[str, int]]:
    (tmp_path / "given").write_bytes(text)
    target, told = tmp_path / "train.txt", []
    count = parse_text_list(
        TextList(tmp_path / "given", folder), target, labels, Bounds(**bounds), told.append, lambda *_: None
    )
    images = ImageList(target)
    assert len(images) == count
    return [(images.name(n), int(images.labels[n])) for n in range(count)]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"/a/b.png 3\n", Line("/a/b.png", 3)),
        (b"  /a b/c  d.png \t 03 \r\n", Line("/a b/c  d.png", 3)),
        (b"http://host/x.png 0", Line("http://host/x.png", 0)),
        (b"/a 1 2\n", Line("/a 1", 2)),
        *(
            (raw, None)
            for raw in (b"", b"\n", b"/a.png\n", b"/a.png x\n", b"/a.png -1\n", b"/a.png 1.0\n", b"3\n", b" 3\n")
        ),
        (b"/a.png 1" + b"0" * 9, None),
        (b"/" + b"a" * 9000 + b" 1", None),
    ],
)
def test_lines(raw: bytes, line: Line | None) -> None:
    assert parse_line(raw) == line


# What lines were told by until it was seen that a line of blanks takes it a second.
LINE = re.compile(rb"\s*(\S.*?)\s+([0-9]{1,9})\s*", re.DOTALL)
PIECES = [*b" \t\n\r\v\f\x1c\x85\xa0\0a/-.10", b"12345678", b"123456789", b"1234567890", b"\xc3\xa9", b"\xef\xbb\xbf"]


def test_lines_are_split_as_by_their_pattern() -> None:
    random, seen = Random(7), {True: 0, False: 0}
    pieces = [piece if isinstance(piece, bytes) else bytes([piece]) for piece in PIECES]
    for _ in range(20_000):
        raw = b"".join(random.choices(pieces, k=random.randint(0, 8)))
        found = LINE.fullmatch(raw)
        assert split_line(raw) == ((found[1], int(found[2])) if found else (raw.strip(), None)), raw
        seen[found is not None] += 1
    assert min(seen.values()) > 500


def test_no_line_takes_long() -> None:
    begun = time.process_time()
    for _ in range(50):
        assert parse_line(b"x" + b" " * 8000 + b"y") is None
    assert time.process_time() - begun < 1


def test_what_is_no_line_is_skipped_and_the_rest_keeps_its_order(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf/z.png 2\r\n\r\nnonsense\n/a b.png 0\n" + b"/x" * 20_000 + b" 1\n/caf\xe9.png 1"
    assert parse(tmp_path, text) == [("/z.png", 2), ("/a b.png", 0), ("/caf\udce9.png", 1)]


def test_relative_paths_go_behind_the_folder(tmp_path: Path) -> None:
    text = b"a.png 0\n/b.png 1\nhttp://host/c.png 2\n"
    assert parse(tmp_path, text, Path("/root")) == [("/root/a.png", 0), ("/b.png", 1), ("http://host/c.png", 2)]
    assert parse(tmp_path, b"a.png 0\n") == [("a.png", 0)]


def test_no_line_and_classes_without_label_are_errors(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no valid line"):
        parse(tmp_path, b"\nnothing here\n")
    with pytest.raises(BadInput, match=r"Line 2 of train\.txt has the class index 3"):
        parse(tmp_path, b"/a.png 0\n/b.png 3\n")


def test_lists_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="bytes"):
        parse(tmp_path, b"/a.png 0\n" * 10, max_list_bytes=50)
    with pytest.raises(LimitExceeded, match="lines"):
        parse(tmp_path, b"/a.png 0\n" * 10, max_images=9)


def test_many_lines_are_found_again(tmp_path: Path) -> None:
    lines = [(f"/{'d' * (n % 50)}/{n}.png", n % 3) for n in range(3000)]
    assert parse(tmp_path, "".join(f"{name} {label}\n" for name, label in lines).encode()) == lines


def test_labels_are_numbered_by_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes("\ufeffcat\r\n\n  big dog\tof mine \nGrüße\n\n\n".encode())
    labels = read_labels(path, Bounds())
    assert labels == ["cat", "", "big dog of mine", "Grüße"]
    write_labels(tmp_path / "labels.txt", labels)
    assert stored_labels(tmp_path / "labels.txt") == labels
    assert (tmp_path / "labels.txt").read_text().splitlines() == labels


def test_labels_are_bounded_and_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_text("\n\n")
    with pytest.raises(BadInput, match="empty"):
        read_labels(path, Bounds())
    path.write_text("x" * 2000)
    with pytest.raises(BadInput, match="characters"):
        read_labels(path, Bounds())
    path.write_text("a\nb\nc\n")
    with pytest.raises(LimitExceeded):
        read_labels(path, Bounds(max_classes=2))
