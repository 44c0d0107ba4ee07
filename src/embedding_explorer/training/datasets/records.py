"""Arrays of a set in one folder: `records.bin`, one after another, and `index.bin`, where each lies and what it is.

Raw records of one shape are one array that is mapped into memory as it is; PNG and JPEG files and records of different
shapes are found by the index. Any number of processes may read a folder at once, also while it grows.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import NotFound
from embedding_explorer.images.files import PositionedFile
from embedding_explorer.training.datasets.encoding import Encoding, decode_pixels

DataType = Literal["uint8", "float32"]
Shape = tuple[int, int, int]

DATA, INDEX = "records.bin", "index.bin"
# `label` is a class index or -1; `line` is the record's number in the list that the set was made of.
ROW = np.dtype(
    [
        *(("offset", "<i8"), ("length", "<i8"), ("line", "<i8")),
        *(("height", "<u4"), ("width", "<u4"), ("channels", "<u4"), ("label", "<i4")),
    ]
)
_SIDES = ("height", "width", "channels")
# Index rows are kept and written together.
_ROWS = 512


class RecordWriter:
    """Appends records to a folder.

    Args:
        folder: it is made; what lies behind the first `count` records and `size` bytes, of an attempt that broke off
            after they were committed, is cut off.
    """

    def __init__(self, folder: Path, count: int = 0, size: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.count, self.size = count, size
        self._rows: list[tuple[int, ...]] = []
        self._data, self._index = (_opened_at(folder / DATA, size), _opened_at(folder / INDEX, count * ROW.itemsize))

    def append(self, data: bytes, shape: Shape, label: int, line: int) -> None:
        """Add one record (H, W, C), given as its bytes in the folder's encoding."""
        self._data.write(data)
        self._rows.append((self.size, len(data), line, *shape, label))
        self.count, self.size = self.count + 1, self.size + len(data)
        if len(self._rows) >= _ROWS:
            self._write_rows()

    def commit(self) -> None:
        """Put all records on the disk."""
        self._write_rows()
        for file in (self._data, self._index):
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the files, with all records that were added in them."""
        self._write_rows()
        self._data.close()
        self._index.close()

    def _write_rows(self) -> None:
        self._index.write(np.array(self._rows, ROW).tobytes())
        self._rows = []


class Records:
    """The first `count` records of a folder, for any thread.

    Attributes:
        rows: (N,) of `ROW`, mapped from the disk.
        encoding: of the folder; records that are no pictures are raw in any.
    """

    def __init__(self, folder: Path, count: int, encoding: Encoding, dtype: DataType = "uint8") -> None:
        self.encoding, self.dtype, self._path = encoding, np.dtype(dtype), folder / DATA
        self.rows = np.memmap(folder / INDEX, ROW, "r", shape=(count,)) if count else np.empty(0, ROW)
        self._file = PositionedFile(self._path)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> NDArray[np.int32]:
        """(N,) class indices, -1 where there are none."""
        return np.ascontiguousarray(self.rows["label"])

    def shape(self, number: int) -> Shape:
        """Height, width and channels of one record."""
        row = self._row(number)
        return int(row["height"]), int(row["width"]), int(row["channels"])

    def encoded(self, number: int) -> bytes:
        """One record as it is stored; NotFound for a number that does not exist."""
        row = self._row(number)
        return self._file.read_at(int(row["offset"]), int(row["length"]))

    def __getitem__(self, number: int) -> NDArray[Any]:
        """One record, (H, W, C); NotFound for a number that does not exist."""
        data, shape = self.encoded(number), self.shape(number)
        if self._is_raw(shape):
            return np.frombuffer(data, self.dtype).reshape(shape)
        return decode_pixels(data)

    def array(self) -> NDArray[Any] | None:
        """All records (N, H, W, C), mapped from the disk; None where they are not raw or not of one shape."""
        if not len(self):
            return None
        shape = self.shape(0)
        alike = all((self.rows[name] == side).all() for name, side in zip(_SIDES, shape, strict=True))
        if not alike or not self._is_raw(shape):
            return None
        return np.memmap(self._path, self.dtype, "r", shape=(len(self), *shape))

    def close(self) -> None:
        """Close the file; arrays that were mapped stay."""
        self._file.close()

    def _row(self, number: int) -> Any:
        if not 0 <= number < len(self):
            raise NotFound(f"There is no record {number}; there are {len(self)}, counted from 0.")
        return self.rows[number]

    def _is_raw(self, shape: Shape) -> bool:
        return self.encoding == "none" or self.dtype != np.uint8 or shape[2] not in (1, 3)


def _opened_at(path: Path, size: int) -> BinaryIO:
    file = path.open("r+b" if path.exists() else "w+b")
    file.truncate(size)
    file.seek(size)
    return file
