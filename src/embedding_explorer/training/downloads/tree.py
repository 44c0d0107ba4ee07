"""Folders of PNG files by class, with `labels.txt` and an image list beside them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.errors import BadInput

_USABLE = re.compile(r"[\w .()+-]{1,200}", re.ASCII)


class ClassTree:
    """Writes `<folder>/<label>/<name>.png` and a line for each picture; a context that closes the list.

    Args:
        folder: for the folders of the classes.
        listed: the image list.
        labels: the classes, in index order; they become names of folders.
    """

    def __init__(self, folder: Path, listed: Path, labels: Sequence[str]) -> None:
        for label in labels:
            check_name(label)
        self._folder, self._labels = folder, labels
        self._used: set[tuple[int, str]] = set()
        folder.mkdir(parents=True, exist_ok=True)
        self._list: TextIO = listed.open("w")

    def __enter__(self) -> "ClassTree":
        return self

    def __exit__(self, *_: object) -> None:
        self._list.close()

    def add(self, pixels: NDArray[np.uint8], index: int, name: str) -> tuple[str, str]:
        """Write a picture, (H, W) or (H, W, 3), of a class; returns its label and the name of its file."""
        if not 0 <= index < len(self._labels):
            raise BadInput(f"The archive has a picture of class {index}, but only {len(self._labels)} classes.")
        file = f"{self._free(index, name)}.png"
        path = self._folder / self._labels[index] / file
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path, "PNG")
        self._list.write(f"{path} {index}\n")
        return self._labels[index], file

    def _free(self, index: int, name: str) -> str:
        """The name, with a number where the class has it already: no picture replaces another."""
        check_name(name)
        found, number = name, 2
        while (index, found) in self._used:
            found, number = f"{name}-{number}", number + 1
        self._used.add((index, found))
        return found


def write_labels(path: Path, labels: Sequence[str]) -> None:
    """One label a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{label}\n" for label in labels))


def check_name(name: str) -> None:
    """Raise BadInput for what an archive must not name a file or a folder."""
    if not _USABLE.fullmatch(name) or name.strip(". ") != name:
        raise BadInput(f"The archive names a file or class {name[:50]!r}, which is not used. Get it anew.")
