"""images.csv: one row for each image of a dataset, as columns that stay small."""

import csv
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, overload

from embedding_explorer.datasets.manifest import range_id
from embedding_explorer.errors import Conflict
from embedding_explorer.images.tilemap import RANGE

HEADER = ("file", "width", "height", "label", "range", "position")


class ImageRow(NamedTuple):
    """One image; `width`, `height` in pixels and `label` are None where unknown."""

    file: str
    width: int | None
    height: int | None
    label: str | None
    range: str
    position: int


class TextColumn(Sequence[str]):
    """Many short texts in one block of bytes, UTF-8, text n up to `ends[n]`: a fifth of the memory of a list of str."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.ends, block = array("Q"), bytearray()
        for text in texts:
            block += text.encode("utf-8", "surrogatepass")
            self.ends.append(len(block))
        self.block = bytes(block)

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        end = self.ends[index]
        index %= len(self.ends)
        start = self.ends[index - 1] if index else 0
        return self.block[start:end].decode("utf-8", "surrogatepass")


class ImagesTable(Sequence[ImageRow]):
    """The rows of images.csv, N images.

    file: N texts. width, height: N integers, 0 where unknown. labels: the distinct labels in order of appearance, of
    which label_code gives each image's, -1 for none.
    """

    def __init__(self, rows: Iterable[Sequence[str]]) -> None:
        self.width, self.height, self.label_code = array("I"), array("I"), array("i")
        codes: dict[str, int] = {"": -1}
        self.file = TextColumn(self._take(rows, codes))
        self.labels = [label for label in codes if label]

    def _take(self, rows: Iterable[Sequence[str]], codes: dict[str, int]) -> Iterator[str]:
        width, height, label_code = self.width.append, self.height.append, self.label_code.append
        for file, across, down, label, _range, _position in rows:
            width(int(across or 0))
            height(int(down or 0))
            label_code(codes.setdefault(label, len(codes) - 1))
            yield file

    def __len__(self) -> int:
        return len(self.file)

    @overload
    def __getitem__(self, index: int) -> ImageRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[ImageRow]: ...
    def __getitem__(self, index: int | slice) -> ImageRow | list[ImageRow]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        file = self.file[index]
        n = index % len(self)
        return ImageRow(
            file, self.width[n] or None, self.height[n] or None, self.label(n), range_id(n // RANGE), n % RANGE
        )

    def label(self, index: int) -> str | None:
        """Label of an image, None where it has none."""
        code = self.label_code[index]
        return None if code < 0 else self.labels[code]


def read_images(path: Path, total: int) -> ImagesTable:
    """Read an images.csv of `total` rows; raises FileNotFoundError, or Conflict naming the file when it is damaged."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != HEADER:
                raise ValueError(f"its first line is not {','.join(HEADER)}")
            table = ImagesTable(rows)
        if len(table) != total:
            raise ValueError(f"it has {len(table)} rows instead of {total}")
    except (ValueError, OverflowError, csv.Error) as error:
        raise Conflict(f"{path} is damaged: {error}. Restore it from a backup or build the dataset again.") from None
    return table


def write_images(path: Path, images: Iterable[tuple[str, int | None, int | None, str | None]]) -> None:
    """Write an images.csv from (file, width, height, label) of each image, in image order."""
    # File names of old systems need not be UTF-8; the table is, so such bytes are written out as \udcXX.
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as target:
        rows = csv.writer(target)
        rows.writerow(HEADER)
        for n, (file, width, height, label) in enumerate(images):
            rows.writerow((file, width or "", height or "", label or "", range_id(n // RANGE), n % RANGE))
