"""What is where in the event files of one run: an index in memory, filled record by record while the files grow."""

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from embedding_explorer.runs.base import Kind
from embedding_explorer.runs.event_file import EventFile
from embedding_explorer.runs.files import readable
from embedding_explorer.runs.messages import DecodeError, Event
from embedding_explorer.runs.series import LEAST_RECORDS, MOST_RECORDS, Place, Series
from embedding_explorer.runs.values import UNREADABLE, facts_of, kind_of, scalar

log = logging.getLogger(__name__)
MAX_TAGS = 50_000  # of one run; those that come later are not kept
LOOK_AT_CLOCK = 64  # records between two looks


class Index:
    """The records of some event files of a folder. One thread fills it, any thread looks things up.

    Attributes:
        files: in the order of their names, which is the order of their records.
        series: the columns of every tag; `notes`: what is known of values without reading them, by number.
        most: records of one tag that are kept.
        unreadable: records that could not be understood; `refused`: records of tags that were too many.
    """

    def __init__(self, folder: Path, run: str, most: int = MOST_RECORDS) -> None:
        """`run`: what the log calls the run."""
        self._folder, self._run, self.most = folder, run, most
        self.files: list[EventFile] = []
        self.series: dict[tuple[Kind, str], Series] = {}
        self.notes: list[tuple[Any, ...]] = []
        self.unreadable, self.refused = 0, 0
        self._names: dict[tuple[Kind, bytes], Series] = {}
        self._plugins: dict[bytes, bytes] = {}
        self._facts: dict[tuple[Any, ...], int] = {}

    def take(self, names: Sequence[str]) -> bool:
        """Take note of the files that are there now; False where the known ones are not the first of them any more."""
        if list(names[: len(self.files)]) != [file.path.name for file in self.files]:
            return False
        self.files += [EventFile(self._folder / name) for name in names[len(self.files) :]]
        return True

    def changes(self) -> set[str]:
        """What has become of the files; one that cannot be looked at counts as grown, so that `load` says why."""
        return {_change(file) for file in self.files}

    def load(self, deadline: float) -> bool:
        """Read on until that moment of the monotonic clock; whether all is read now."""
        return all(self._load_file(number, deadline) for number in range(len(self.files)))

    def end(self) -> int:
        """Bytes that are read."""
        return sum(file.end for file in self.files)

    def size(self) -> int:
        """Bytes that there are to read."""
        return sum(max(file.size, file.end) for file in self.files)

    def _load_file(self, number: int, deadline: float) -> bool:
        file = self.files[number]
        before = file.trouble
        try:
            done = self._read_on(number, deadline)
        except OSError as error:  # the others are read all the same
            file.trouble, done = f"not read: {error.strerror or type(error).__name__}", True
        if file.trouble not in ("", before):
            log.warning("%s of run %s is %s", readable(file.path.name), self._run, file.trouble)
        return done

    def _read_on(self, number: int, deadline: float) -> bool:
        file = self.files[number]
        if file.look() != "grown":
            return True
        records = file.records()
        try:
            for count, (offset, payload) in enumerate(records, 1):
                self._index(number, offset, payload)
                if count % LOOK_AT_CLOCK == 0 and time.monotonic() > deadline:
                    return False
        finally:
            records.close()  # type: ignore[attr-defined]
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
        kind = kind_of(value, self._plugin_of(value))
        if kind is not None:
            rest = (scalar(value),) if kind == "scalar" else place._replace(note=self._note(kind, value))
            self._add(kind, value.tag, event, place.file, rest)

    def _plugin_of(self, value: Any) -> bytes:
        """The plugin that a value names, else the first that any value of its tag named."""
        own: bytes = value.metadata.plugin_data.plugin_name
        if own and len(self._plugins) < MAX_TAGS:
            self._plugins.setdefault(value.tag, own)
        return own or self._plugins.get(value.tag, b"")

    def _note(self, kind: Kind, value: Any) -> int:
        """The number of what is known of a value; most images of a run have one size."""
        facts = facts_of(kind, value)
        number = self._facts.setdefault(facts, len(self._facts))
        if number == len(self.notes):
            self.notes.append(facts)
        return number

    def _add(self, kind: Kind, tag: bytes, event: Any, file: int, rest: tuple[float, ...]) -> None:
        series = self._names.get((kind, tag))
        if series is None:
            if len(self._names) >= MAX_TAGS:
                self.refused += 1
                return
            series = self._names[kind, tag] = Series(kind == "scalar", self.most)
            self.series[kind, tag.decode("utf-8", "replace")] = series
        series.add(event.step, event.wall_time, file, rest)

    def memory(self) -> int:
        """Bytes of the index."""
        return sum(series.bytes() for series in list(self.series.values()))

    def thin(self) -> None:
        """Let go of every second record of the longest tags, now and from now on."""
        longest = max((len(series) for series in self.series.values()), default=0)
        self.most = max(longest // 2, LEAST_RECORDS)
        for series in self.series.values():
            series.most = self.most
            if len(series) > self.most:
                series.thin()

    def troubles(self) -> Iterator[str]:
        """What is wrong with the files, one sentence each."""
        for file in self.files:
            if file.trouble:
                yield f"{readable(file.path.name)} is {file.trouble}"
        if self.unreadable:
            yield f"{self.unreadable} values cannot be understood and are left out"
        if self.refused:
            yield f"{self.refused} values are left out: there are more than {MAX_TAGS} tags"


def _change(file: EventFile) -> str:
    try:
        return file.look()
    except OSError:
        return "grown"
