"""`labels.txt`, and the image lists `train.txt`, `val.txt` and `test.txt`: lines `<path or URL> <class index>`."""

import os
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.images.files import PositionedFile
from embedding_explorer.training.datasets.bounds import MAX_LABEL, MAX_LINE, Bounds

MAX_DIGITS = 9  # of a class index
_OVERLONG = b"overlong"
_MARK = b"\xef\xbb\xbf"  # what some editors begin a text with


class Line(NamedTuple):
    """One valid line: the name of an image, and the index of its class."""

    name: str
    label: int

    def to_bytes(self) -> bytes:
        """The line as it is written."""
        return os.fsencode(f"{self.name} {self.label}\n")


class ImageList:
    """A written list, read line by line from the disk: 12 bytes of memory for an image. From any thread.

    Attributes:
        labels: (N,) int32, class indices.
    """

    def __init__(self, path: Path) -> None:
        starts, labels, place = array("q"), array("i"), 0
        with path.open("rb") as file:
            for raw in file:
                if (line := parse_line(raw)) is not None:
                    starts.append(place)
                    labels.append(line.label)
                place += len(raw)
        starts.append(place)
        self._starts = np.frombuffer(starts, np.int64)
        self.labels: NDArray[np.int32] = np.frombuffer(labels, np.int32) if labels else np.empty(0, np.int32)
        self._file = PositionedFile(path)

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        """The path or address in valid line `index`."""
        start, end = int(self._starts[index]), int(self._starts[index + 1])
        line = parse_line(self._file.read_at(start, min(end - start, MAX_LINE)).split(b"\n", 1)[0])
        if line is None:
            raise BadInput(f"{self._file.path.name} was changed while it was read. Create the dataset anew.")
        return line.name

    def close(self) -> None:
        """Close the file; labels stay."""
        self._file.close()


def parse_line(raw: bytes) -> Line | None:
    """A line of a list; None for a blank, malformed or overlong one."""
    name, label = split_line(raw) if len(raw) <= MAX_LINE else (b"", None)
    return None if label is None else Line(os.fsdecode(name), label)


def split_line(raw: bytes) -> tuple[bytes, int | None]:
    """What a line names, without the blanks around it, and the class index after it; None where there is none."""
    parts = raw.rsplit(None, 1)
    if len(parts) == 2 and parts[1].isdigit() and len(parts[1]) <= MAX_DIGITS:
        return parts[0].lstrip(), int(parts[1])
    return raw.strip(), None


def lines_of(path: Path, bounds: Bounds) -> Iterator[bytes]:
    """The lines of a text that a user gave; one that is too long comes as one that is not valid.

    Raises LimitExceeded for a file of too many bytes or lines.
    """
    check_text(path, bounds)
    with path.open("rb") as file:
        first, count = _piece(file).removeprefix(_MARK), 0
        while first:
            if (count := count + 1) > bounds.max_images:
                raise LimitExceeded(f"{path.name} has more than {bounds.max_images} lines; send less.")
            yield first
            first = _piece(file)


def check_text(path: Path, bounds: Bounds) -> None:
    """Raise LimitExceeded for a text file of too many bytes."""
    if (size := path.stat().st_size) > bounds.max_list_bytes:
        raise LimitExceeded(f"{path.name} has {size} bytes, over the limit of {bounds.max_list_bytes}; send less.")


def read_labels(path: Path, bounds: Bounds) -> list[str]:
    """The labels in a file: line number minus one is the class index, so only blank lines at the end do not count.

    Raises:
        BadInput: no label, or one that is too long.
        LimitExceeded: too many.
    """
    labels: list[str] = []
    for raw in lines_of(path, bounds):
        label = clean_label(raw.decode("utf-8", "backslashreplace")).strip()
        if len(label) > MAX_LABEL:
            raise BadInput(f"Label {len(labels)} has more than {MAX_LABEL} characters. Give one label per line.")
        labels.append(label)
        check_labels(len(labels), bounds)
    while labels and not labels[-1]:
        labels.pop()
    if not labels:
        raise BadInput("The file of labels is empty. Give one label per line.")
    return labels


def check_labels(count: int, bounds: Bounds) -> None:
    """Raise LimitExceeded for too many labels."""
    if count > bounds.max_classes:
        raise LimitExceeded(f"There are more than {bounds.max_classes} labels; use fewer classes.")


def clean_label(text: str) -> str:
    """A label as one line of visible characters and blanks, those at its ends included."""
    return "".join(c if c.isprintable() else " " for c in text)


def write_labels(path: Path, labels: Sequence[str]) -> None:
    """Write `labels.txt`."""
    write_atomically(path, "".join(f"{label}\n" for label in labels).encode())


def stored_labels(path: Path) -> list[str]:
    """What `write_labels` wrote."""
    return path.read_text("utf-8").split("\n")[:-1]


def _piece(file: BinaryIO) -> bytes:
    """The next line; what is longer than any valid one comes as a line that is none."""
    line = file.readline(MAX_LINE + 1)
    if len(line) <= MAX_LINE:
        return line
    while line and not line.endswith(b"\n"):
        line = file.readline(MAX_LINE)
    return _OVERLONG
