"""One run while it is read and watched: an index in memory of what is where in its event files."""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedding_explorer.errors import NoLogData, NoLogStep
from embedding_explorer.runs.base import Column, Kind, Outline, Record, Run
from embedding_explorer.runs.event_file import payloads
from embedding_explorer.runs.files import PROJECTOR, Found
from embedding_explorer.runs.index import Index
from embedding_explorer.runs.messages import Event
from embedding_explorer.runs.series import Place, Series
from embedding_explorer.runs.values import UNREADABLE, read_value

_NUMBERS = itertools.count()


class LogRun(Run):
    """The records of a folder. One thread reads (`load`), any thread asks.

    When a file was replaced, shortened or deleted, or one came in before others, all is read anew into a second index;
    until that is done the first one answers, so that a run does not vanish meanwhile.

    Attributes:
        version: grows with every change, after it; what was answered at a version holds while it stays.
    """

    def __init__(self, found: Found, path: str) -> None:
        self.folder, self.path, self.key = found.folder, path, path
        self._number = next(_NUMBERS)
        self.version = 0
        self.found = found
        self._shown = Index(found.folder, path)
        self._next: Index | None = None
        self.update(found)

    # What the loader does.

    def update(self, found: Found) -> None:
        """Take note of the files that are there now. Read ones must stay the first ones, else all is read again."""
        changed, self.found = found != self.found, found
        if not self._filled.take(found.events):
            self._begin_anew()
        self.version += changed

    @property
    def _filled(self) -> Index:
        return self._shown if self._next is None else self._next

    def _begin_anew(self) -> None:
        index = Index(self.folder, self.path, self._filled.most)
        index.take(self.found.events)
        self._next = index

    def forget(self) -> None:
        """Let go of everything."""
        self._shown, self._next = Index(self.folder, self.path), None
        self.version += 1

    def pending(self) -> bool:
        """Whether there is something to read; notices files that were replaced."""
        changes = self._filled.changes()
        if "replaced" in changes:
            self._begin_anew()
        return self._next is not None or "grown" in changes

    def load(self, seconds: float) -> bool:
        """Read on for about so long; whether all is read now."""
        index, before = self._filled, (self._shown, self._shown.end())
        try:
            done = index.load(time.monotonic() + seconds)
            if done and index is self._next:
                self._shown, self._next = index, None
            return done
        finally:
            self.version += (self._shown, self._shown.end()) != before

    def memory(self) -> int:
        """Bytes of the index."""
        return sum(index.memory() for index in self._indexes())

    def thin(self) -> None:
        """Let go of every second record of the longest tags, now and from now on."""
        for index in self._indexes():
            index.thin()
        self.version += 1

    def _indexes(self) -> list[Index]:
        return [index for index in (self._shown, self._next) if index is not None]

    def progress(self) -> tuple[int, int]:
        """(read, all) bytes of the event files."""
        return self._filled.end(), self._filled.size()

    def troubles(self) -> Iterator[str]:
        """What is wrong with the files, one sentence each."""
        return self._shown.troubles()

    def state(self) -> tuple[int, int]:
        """What changes with everything in it, and is another for a run that takes its place."""
        return self._number, self.version

    # What is asked for.

    def tags(self, kind: Kind) -> list[str]:
        """See `Run`."""
        return [tag for known, tag in list(self._shown.series) if known == kind]  # copied in one step: it may grow

    def has(self, kind: Kind, tag: str) -> bool:
        """See `Run`."""
        return (kind, tag) in self._shown.series

    def knows(self, tag: str) -> bool:
        """Whether the run has a tag of any kind."""
        return any(tag == known for _, known in list(self._shown.series))

    def series(self, kind: Kind, tag: str) -> Series:
        """The columns of a tag; raises NoLogData."""
        found = self._shown.series.get((kind, tag))
        if found is None:
            raise NoLogData()
        return found

    def steps(self, kind: Kind, tag: str) -> list[int]:
        """See `Run`."""
        found: list[int] = self.series(kind, tag).table().steps.tolist()
        return found

    def column(self, tag: str) -> Column:
        """See `Run`."""
        table = self.series("scalar", tag).table()
        return Column(table.steps, table.times, table.values(), table.files)

    def records(self, kind: Kind, tag: str, indices: Sequence[int] | None = None) -> list[Record]:
        """See `Run`."""
        series = self.series(kind, tag)
        if series.scalar:
            return self._scalars(tag, indices)
        table = series.table()
        wanted = range(len(table.steps)) if indices is None else [i for i in indices if i < len(table.steps)]
        places = [table.place(index) for index in wanted]
        found = []
        for index, place, payload in zip(wanted, places, self._payloads(places), strict=True):
            with suppress(NoLogData):
                value = value_in(payload, kind, place.item)
                found.append(Record(int(table.steps[index]), float(table.times[index]), value, place.file))
        return found

    def _payloads(self, places: Sequence[Place]) -> Iterator[bytes]:
        paths = [file.path for file in self._shown.files]
        if any(place.file >= len(paths) for place in places):  # forgotten meanwhile
            return iter([b""] * len(places))
        return payloads((paths[place.file], place.offset, place.length) for place in places)

    def size(self, kind: Kind, tag: str) -> int:
        """See `Run`."""
        return self.series(kind, tag).table().size()

    def outlines(self, kind: Kind, tag: str) -> list[Outline]:
        """See `Run`."""
        table, notes = self.series(kind, tag).table(), self._shown.notes
        facts = [notes[number] for number in table.others[-1].tolist()]
        return [Outline(*each) for each in zip(table.steps.tolist(), table.times.tolist(), facts, strict=True)]

    def _scalars(self, tag: str, indices: Sequence[int] | None) -> list[Record]:
        column = self.column(tag)
        columns = (column.steps, column.wall_times, column.values, column.files)
        records = [Record(*each) for each in zip(*(each.tolist() for each in columns), strict=True)]
        return records if indices is None else [records[index] for index in indices]

    def at_step(self, kind: Kind, tag: str, step: int) -> Record:
        """See `Run`."""
        table = self.series(kind, tag).table()
        fitting = (table.steps == step).nonzero()[0].tolist() if abs(step) < 1 << 63 else []
        if not fitting:
            raise NoLogStep.at(step)
        found = self.records(kind, tag, fitting[:1])
        if not found:
            raise NoLogData()
        return found[0]

    def files(self) -> list[Path]:
        """See `Run`."""
        return [file.path for file in self._shown.files]

    def structure_graphs(self) -> list[Path]:
        """See `Run`."""
        return [self.folder / name for name in self.found.graphs]

    def configured(self) -> Path | None:
        """See `Run`."""
        return self.folder / PROJECTOR if self.found.projector else None


def value_in(payload: bytes, kind: Kind, item: int) -> Any:
    """A value in a record; raises NoLogData where its file is gone or another one by now."""
    try:
        event = Event.FromString(payload)
        return event.graph_def if kind == "graph" else read_value(kind, event.summary.value[item])
    except UNREADABLE as error:
        raise NoLogData() from error
