"""Lists of pictures that a model shall look at."""

import time
from pathlib import Path

from embedding_explorer.training.datasets import Bounds
from embedding_explorer.training.predictions.reading import Listed, listed


def read(path: Path, text: bytes, folder: str = "", most: int | None = None) -> list[Listed]:
    path.write_bytes(text)
    return list(listed(path, folder, most, Bounds()))


def test_lines_with_and_without_classes(tmp_path: Path) -> None:
    text = b"  /a b.png \t 3 \r\n\n/c.png\n/d.png 1234567890\n/a b.png 4\n7\n \n/e 5\f6\v\n/caf\xe9 0"
    assert read(tmp_path / "list", text) == [
        ("/a b.png", 3), ("/c.png", None), ("/d.png 1234567890", None), ("7", None), ("/e 5", 6), ("/caf\udce9", 0),
    ]  # fmt: skip
    assert read(tmp_path / "list", b"a.png 1\n/b.png\n", "/root", 1) == [("/root/a.png", 1)]


def test_no_line_takes_long(tmp_path: Path) -> None:
    begun = time.process_time()
    assert len(read(tmp_path / "list", b"".join(b"%d" % n + b" " * 8000 + b"y\n" for n in range(20)))) == 20
    assert time.process_time() - begun < 1
