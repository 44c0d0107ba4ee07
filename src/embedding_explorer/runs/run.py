"""One run while it is read and watched: an index in memory of what is where in its event files."""

import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedding_explorer.errors import NoLogData, NoLogStep
from embedding_explorer.runs.base import Column, Kind, Outline, Record, Run
from embedding_explorer.runs.event_file import EventFile, payloads
from embedding_explorer.runs.files import PROJECTOR, Found
from embedding_explorer.runs.messages import DecodeError, Event
from embedding_explorer.runs.series import Place, Series
from embedding_explorer.runs.values import UNREADABLE, facts_of, kind_of, read_value, scalar

log = logging.getLogger(__name__)
MAX_TAGS = 50_000  # of one run; those that come later are not kept
_NUMBERS = itertools.count()
LOOK_AT_CLOCK = 64  # records between two looks


class LogRun(Run):
    """The records of a folder. One thread reads (`load`), any thread asks.

    Attributes:
        version: grows with every change; what was answered at a version holds while it stays.
        unreadable: records that could not be understood; `refused`: tags that were too many.
    """

    def __init__(self, found: Found, path: str) -> None:
        self.folder, self.path, self.key = found.folder, path, path
        self._number = next(_NUMBERS)
        self.version, self.unreadable, self.refused = 0, 0, 0
        self.found = found
        self._files: list[EventFile] = []
        self._series: dict[tuple[Kind, str], Series] = {}
        self._names: dict[tuple[Kind, bytes], Series] = {}
        self._plugins: dict[bytes, bytes] = {}
        self._facts: dict[tuple[Any, ...], int] = {}
        self._notes: list[tuple[Any, ...]] = []
        self._most = Series(True).most
        self.update(found)

    # What the loader does.

    def update(self, found: Found) -> None:
        """Take note of the files that are there now. Read ones must stay the first ones, else all is read again."""
        names = [file.path.name for file in self._files]
        if names and found.events[: len(names)] != names:
            self.forget()
        self._files += [EventFile(found.folder / name) for name in found.events[len(self._files) :]]
        if found != self.found:
            self.version += 1
        self.found = found

    def forget(self) -> None:
        """Begin anew: a file was replaced, shortened or deleted, or one came in before those that were read."""
        self._files, self._series, self._names, self._plugins = [], {}, {}, {}
        self._facts, self._notes = {}, []
        self.unreadable = self.refused = 0
        self.version += 1

    def pending(self) -> bool:
        """Whether there is something to read; notices files that were replaced."""
        try:
            looks = [file.look() for file in self._files]
            if "replaced" in looks:
                self.forget()
                self.update(self.found)
            return any(look != "same" for look in looks)
        except OSError:  # deleted; the next look into the folder tells
            return False

    def load(self, seconds: float) -> bool:
        """Read on for about so long; whether all is read now."""
        deadline = time.monotonic() + seconds
        before = self._count()
        try:
            return all(self._load_file(number, deadline) for number in range(len(self._files)))
        except OSError as error:
            log.info("a run cannot be read on: %s", error)
            return True
        finally:
            self.version += self._count() != before

    def _count(self) -> int:
        return sum(file.end for file in self._files)

    def _load_file(self, number: int, deadline: float) -> bool:
        file = self._files[number]
        if file.look() == "same":
            return True
        records = file.records()
        try:
            for count, (offset, payload) in enumerate(records, 1):
                self._index(number, offset, payload)
                if count % LOOK_AT_CLOCK == 0 and time.monotonic() > deadline:
                    return False
        finally:
            records.close()  # type: ignore[attr-defined]
        if file.trouble:
            log.warning("%s of run %s is %s", file.path.name, self.path, file.trouble)
        return True

    def _index(self, file: int, offset: int, payload: bytes) -> None:
        try:
            event = Event.FromString(payload)
        except DecodeError:
            self.unreadable += 1
            return
        if event.HasField("graph_def"):
            self._add("graph", b"", event, file, Place(file, offset, len(payload), 0))
        names, step, time_ = self._names, event.step, event.wall_time
        for item, value in enumerate(event.summary.value):
            known = names.get(("scalar", value.tag))
            if known is not None and value.HasField("simple_value"):  # nearly all records of nearly all logs
                known.add_scalar(step, time_, file, value.simple_value)
                continue
            try:
                self._index_value(event, value, Place(file, offset, len(payload), item))
            except UNREADABLE:
                self.unreadable += 1

    def _index_value(self, event: Any, value: Any, place: Place) -> None:
        tag = value.tag
        if value.HasField("metadata"):
            self._plugins.setdefault(tag, value.metadata.plugin_data.plugin_name)
        kind = kind_of(value, self._plugins.get(tag, b""))
        if kind is not None:
            rest = (scalar(value),) if kind == "scalar" else place._replace(note=self._note(kind, value))
            self._add(kind, tag, event, place.file, rest)

    def _note(self, kind: Kind, value: Any) -> int:
        """The number of what is known of a value; most images of a run have one size."""
        facts = facts_of(kind, value)
        number = self._facts.setdefault(facts, len(self._facts))
        if number == len(self._notes):
            self._notes.append(facts)
        return number

    def _add(self, kind: Kind, tag: bytes, event: Any, file: int, rest: tuple[float, ...]) -> None:
        series = self._names.get((kind, tag))
        if series is None:
            if len(self._names) >= MAX_TAGS:
                self.refused += 1
                return
            series = self._names[kind, tag] = Series(kind == "scalar", self._most)
            self._series[kind, tag.decode("utf-8", "replace")] = series
        series.add(event.step, event.wall_time, file, rest)

    def memory(self) -> int:
        """Bytes of the index."""
        return sum(series.bytes() for series in list(self._series.values()))

    def thin(self) -> None:
        """Let go of every second record of the longest tags, now and from now on."""
        longest = max((len(series) for series in self._series.values()), default=0)
        self._most = max(longest // 2, 1)
        for series in self._series.values():
            series.most = self._most
            if len(series) > self._most:
                series.thin()
        self.version += 1

    def progress(self) -> tuple[int, int]:
        """(read, all) bytes of the event files."""
        return self._count(), sum(max(file.size, file.end) for file in self._files)

    def troubles(self) -> Iterator[str]:
        """What is wrong with the files, one sentence each."""
        for file in self._files:
            if file.trouble:
                yield f"{file.path.name} is {file.trouble}"
        if self.unreadable:
            yield f"{self.unreadable} values cannot be understood and are left out"
        if self.refused:
            yield f"{self.refused} values are left out: there are more than {MAX_TAGS} tags"

    def state(self) -> tuple[int, int]:
        """What changes with everything in it, and is another for a run that takes its place."""
        return self._number, self.version

    # What is asked for.

    def tags(self, kind: Kind) -> list[str]:
        """See `Run`."""
        return [tag for known, tag in list(self._series) if known == kind]  # copied in one step: it may grow

    def has(self, kind: Kind, tag: str) -> bool:
        """See `Run`."""
        return (kind, tag) in self._series

    def knows(self, tag: str) -> bool:
        """Whether the run has a tag of any kind."""
        return any(tag == known for _, known in list(self._series))

    def series(self, kind: Kind, tag: str) -> Series:
        """The columns of a tag; raises NoLogData."""
        found = self._series.get((kind, tag))
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
        paths = [file.path for file in self._files]
        if any(place.file >= len(paths) for place in places):  # forgotten meanwhile
            return iter([b""] * len(places))
        return payloads((paths[place.file], place.offset, place.length) for place in places)

    def outlines(self, kind: Kind, tag: str) -> list[Outline]:
        """See `Run`."""
        table, notes = self.series(kind, tag).table(), self._notes
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
        return [file.path for file in self._files]

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
