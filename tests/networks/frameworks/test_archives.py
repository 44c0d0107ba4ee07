import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks import archives
from embedding_explorer.networks.frameworks.archives import Archive

MiB = 1 << 20


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, data in entries:
            target.writestr(name, data)
    return buffer.getvalue()


def overlapping() -> bytes:
    """Two records of the directory that point to the same bytes."""
    data = zipped(("a/one", b"x" * 1000))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    record = data[start:end]
    twice = record + record.replace(b"a/one", b"a/two")
    tail = bytearray(data[end:])
    tail[8:12] = b"\x02\0\x02\0"
    tail[12:16] = len(twice).to_bytes(4, "little")
    return data[:start] + twice + bytes(tail)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no archive": lambda: b"PK\x03\x04" + b"\0" * 100,
    "cut off": lambda: zipped(("a/x", b"x" * 1000))[:500],
    "a bomb": lambda: zipped(("a/x", b"\0" * 50 * MiB), method=zipfile.ZIP_DEFLATED),
    "a climbing name": lambda: zipped(("a/../../etc/passwd", b"x")),
    "an absolute name": lambda: zipped(("/etc/passwd", b"x")),
    "a backslash": lambda: zipped(("a/b\\..\\c", b"x")),
    "two roots": lambda: zipped(("a/x", b"x"), ("b/x", b"x")),
    "one name twice, but for capitals": lambda: zipped(("a/data.pkl", b"x"), ("a/DATA.pkl", b"x")),
    "an unusual packing": lambda: zipped(("a/x", b"x" * 100), method=zipfile.ZIP_LZMA),
    "overlapping entries": overlapping,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pt").write_bytes(HOSTILE[name]())
    with pytest.raises(BadInput):
        Archive(tmp_path / "a.pt")


def test_many_entries_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 10)
    (tmp_path / "a.pt").write_bytes(zipped(*((f"a/{i}", b"") for i in range(11))))
    with pytest.raises(BadInput, match="more than 10 entries"):
        Archive(tmp_path / "a.pt")


def test_packed_entries_are_bound_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1500)
    text = bytes(range(250)) * 4
    (tmp_path / "a.pt").write_bytes(zipped(("a/1", text), ("a/2", text), method=zipfile.ZIP_DEFLATED))
    with pytest.raises(BadInput, match="2000 bytes together"):
        Archive(tmp_path / "a.pt")


def test_a_damaged_entry_and_one_that_is_too_large(tmp_path: Path) -> None:
    data = zipped(("a/x", b"hello world"))
    (tmp_path / "a.pt").write_bytes(data.replace(b"hello", b"jello"))
    with Archive(tmp_path / "a.pt") as archive:
        with pytest.raises(BadInput, match="damaged"):
            archive.read("x", 100)
        with pytest.raises(BadInput, match="at most 5"):
            archive.read("x", 5)


def test_a_new_archive_has_what_was_kept_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(zipped(("a/keep", b"1"), ("a/drop", b"2"), ("a/change", b"3")))
    with Archive(tmp_path / "a.pt") as archive:
        assert "keep" in archive and "a/keep" not in archive
        archive.rewrite(tmp_path / "b.pt", ["keep"], {"change": b"4"})
    with zipfile.ZipFile(tmp_path / "b.pt") as new:
        assert {name: new.read(name) for name in new.namelist()} == {"a/keep": b"1", "a/change": b"4"}
