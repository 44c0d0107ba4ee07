from pathlib import Path

import pytest

from embedding_explorer.datasets.images_table import ImageRow, ImagesTable, TextColumn, read_images, write_images
from embedding_explorer.errors import Conflict

NAMES = ["a.png", 'quo"te, comma.png', "line\nbreak\r.png", "ümläut/日本.png", "", "nul\0.png", "=cmd()"]


def test_rows_that_were_written_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "images.csv"
    write_images(path, ((name, 40 + n, 30, "cat" if n % 2 else None) for n, name in enumerate(NAMES)))
    table = read_images(path, len(NAMES))
    assert [row.file for row in table] == NAMES
    assert table[1] == ImageRow(NAMES[1], 41, 30, "cat", "000", 1)
    assert table[-1] == table[6]
    assert table[2:4] == [table[2], table[3]]
    assert table.labels == ["cat"]


def test_unknown_sizes_and_labels_are_none(tmp_path: Path) -> None:
    path = tmp_path / "images.csv"
    write_images(path, ((f"{n:06d}", None, None, None) for n in range(1001)))
    assert path.read_text(encoding="utf-8").splitlines()[:2] == [
        "file,width,height,label,range,position",
        "000000,,,,000,0",
    ]
    assert read_images(path, 1001)[1000] == ImageRow("001000", None, None, None, "001", 0)


def test_names_that_are_no_unicode_are_written_readably(tmp_path: Path) -> None:
    write_images(tmp_path / "images.csv", [("caf\udce9.png", 1, 1, None)])
    assert read_images(tmp_path / "images.csv", 1).file[0] == r"caf\udce9.png"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("", "first line"),
        ("name,width\n", "first line"),
        ("file,width,height,label,range,position\na,1,1,,000,0\n", "1 rows instead of 2"),
        ("file,width,height,label,range,position\na,1,1,,000\nb,1,1,,000,1\n", "expected 6"),
        ("file,width,height,label,range,position\na,one,1,,000,0\nb,1,1,,000,1\n", "one"),
        ("file,width,height,label,range,position\na,-1,1,,000,0\nb,1,1,,000,1\n", "damaged"),
        ("file,width,height,label,range,position\na,99999999999,1,,000,0\nb,1,1,,000,1\n", "damaged"),
    ],
)
def test_a_damaged_table_is_named_with_the_cause(tmp_path: Path, content: str, cause: str) -> None:
    (tmp_path / "images.csv").write_text(content)
    with pytest.raises(Conflict, match=rf"images\.csv.*{cause}"):
        read_images(tmp_path / "images.csv", 2)


def test_a_table_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_bytes(b"file,width,height,label,range,position\r\ncaf\xe9,1,1,,000,0\r\n")
    with pytest.raises(Conflict, match="utf-8"):
        read_images(tmp_path / "images.csv", 1)


def test_a_text_column_is_a_sequence() -> None:
    column = TextColumn(["a", "", "ü"])
    assert (list(column), len(column), column[-1], column[-3], column[1:]) == (["a", "", "ü"], 3, "ü", "a", ["", "ü"])
    for wrong in (3, -4):
        with pytest.raises(IndexError):
            column[wrong]


def test_labels_are_kept_once_each() -> None:
    table = ImagesTable([(f"{n}", "1", "1", ("dog", "cat", "")[n % 3], "000", "0") for n in range(9)])
    assert table.labels == ["dog", "cat"]
    assert [table.label(n) for n in range(4)] == ["dog", "cat", None, "dog"]
