"""Where the records of one tag are: compact columns that only grow, bounded by thinning, read while they are written.

A scalar takes 24 bytes (step, time, value), any other record 40 (step, time, and where in which file its value is, which
is read again when it is asked for). One thread appends; any thread may read at the same time, without a lock: what is
appended last tells how many there are, and thinning replaces the columns as a whole.
"""

from array import array
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

AROUND = 1000  # bytes of the objects that any tag takes, however few records it has
MOST_RECORDS = 2_000_000  # of one tag; a million steps are kept whole
LEAST_RECORDS = 50  # … are kept for want of memory, too: fewer take less than the objects around them


class Place(NamedTuple):
    """Where a value is: event file by number, offset and length of the record's payload, and which value in it.

    `note` is the number of what is known of it without reading it (`LogRun`).
    """

    file: int
    offset: int
    length: int
    item: int
    note: int = 0


class _Columns:
    """Steps, times and either values or places, of one length."""

    def __init__(self, scalar: bool) -> None:
        self.steps, self.times = array("q"), array("d")
        self.others: tuple[array[Any], ...] = (
            (array("d"),) if scalar else (array("I"), array("q"), array("I"), array("I"), array("I"))
        )

    def append(self, step: int, time: float, rest: tuple[float, ...]) -> None:
        self.steps.append(step)
        self.times.append(time)
        for column, value in zip(self.others, rest):  # noqa: B905 (its check costs more than the rest)
            column.append(value)

    def __len__(self) -> int:
        return len(self.others[-1])  # what is appended last

    def halved(self) -> "_Columns":
        """Every second record."""
        half = _Columns(len(self.others) == 1)
        half.steps, half.times = self.steps[::2], self.times[::2]
        half.others = tuple(column[::2] for column in self.others)
        return half

    def bytes(self) -> int:
        every: tuple[array[Any], ...] = (self.steps, self.times, *self.others)
        return sum(len(column) * column.itemsize for column in every)


@dataclass(frozen=True)
class Table:
    """A copy of the columns at one moment: `others` are the values of scalars, else what makes up places."""

    steps: NDArray[np.int64]
    times: NDArray[np.float64]
    files: NDArray[np.int64]
    others: tuple[NDArray[Any], ...]

    def values(self) -> NDArray[np.float64]:
        """The values of scalars."""
        return self.others[0]

    def place(self, index: int) -> Place:
        """Where the value of a record is."""
        return Place(*(int(column[index]) for column in self.others))

    def size(self) -> int:
        """Bytes of the records that hold the values; of scalars, which are not read again, none."""
        return int(self.others[2].sum(dtype=np.int64)) if len(self.others) > 1 else 0

    def taken(self, order: NDArray[np.intp]) -> "Table":
        """The records in another order."""
        return Table(
            self.steps[order], self.times[order], self.files[order], tuple(each[order] for each in self.others)
        )


class Series:
    """The records of one tag, in log order.

    Beyond `most` records every second one goes, and from then on every second, fourth, … is kept; the newest always is.
    """

    def __init__(self, scalar: bool, most: int = MOST_RECORDS) -> None:
        self.scalar, self.most = scalar, most
        self.stride = 1
        self._seen = 0
        self._columns = _Columns(scalar)
        self._newest: tuple[int, float, tuple[float, ...]] | None = None
        self._starts: list[tuple[int, int]] = []  # file number, and how many records had been seen before it
        self._file = -1

    @property
    def seen(self) -> int:
        """How many records there have been."""
        return len(self._columns) if self.stride == 1 else self._seen

    def add_scalar(self, step: int, time: float, file: int, value: float) -> None:
        """Append a number: what `add` does, in half the time."""
        columns = self._columns
        if self.stride > 1 or file != self._file or len(columns.steps) >= self.most:
            return self.add(step, time, file, (value,))
        columns.steps.append(step)
        columns.times.append(time)
        columns.others[0].append(value)
        return None

    def add(self, step: int, time: float, file: int, rest: tuple[float, ...]) -> None:
        """Append a record: `rest` is its value, or its place."""
        number = self.seen
        if file != self._file:
            self._starts.append((file, number))
            self._file = file
        self._seen = number + 1
        if self.stride > 1 and number % self.stride:
            self._newest = (step, time, rest)
            return
        self._columns.append(step, time, rest)
        self._newest = None
        if len(self._columns) > self.most:
            self.thin()

    def thin(self) -> None:
        """Let go of every second record."""
        columns = self._columns
        if len(columns) < 2:
            return
        last = len(columns) - 1
        if last % 2 and self._newest is None:
            rest = tuple(column[last] for column in columns.others)
            self._newest = (columns.steps[last], columns.times[last], rest)
        self._seen = self.seen
        self._columns = columns.halved()
        self.stride *= 2

    def bytes(self) -> int:
        """Memory that the records take, and the objects around them."""
        return self._columns.bytes() + AROUND

    def __len__(self) -> int:
        return len(self._columns) + (self._newest is not None)

    def table(self) -> Table:
        """All records as they are now."""
        columns, newest = self._columns, self._newest
        count = len(columns)
        parts: list[array[Any]] = [
            columns.steps[:count],
            columns.times[:count],
            *(column[:count] for column in columns.others),
        ]
        if newest is not None:
            for part, value in zip(parts, (newest[0], newest[1], *newest[2]), strict=True):
                part.append(value)
        steps, times, *others = (np.frombuffer(part, part.typecode) for part in parts)
        files = self._files(len(steps))
        table = Table(steps, times, files, tuple(others))
        # Files that grow at the same time are read in turns; the log's order is that of their names.
        return table if (np.diff(files) >= 0).all() else table.taken(np.argsort(files, kind="stable"))

    def _files(self, count: int) -> NDArray[np.int64]:
        """The file numbers of the first `count` kept records."""
        starts = list(self._starts)
        if len(starts) == 1:
            return np.full(count, starts[0][0], np.int64)
        numbers = np.minimum(np.arange(count) * self.stride, self.seen - 1)
        found = np.searchsorted([seen for _, seen in starts], numbers, side="right") - 1
        return np.array([file for file, _ in starts], np.int64)[found]
