"""Event files of TensorBoard: written record by record in the thread that asks for it, and cut when a training is resumed.

torch's SummaryWriter writes in a thread of its own, which loses what a full disk refuses; here the error is the caller's.
"""

import importlib
import itertools
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from embedding_explorer.checksums import masked_crc32c
from embedding_explorer.datasets.disk import full_disk_named

NAME = "events.out.tfevents.{seconds:010d}.{host}.{process}.{number}"
PATTERN = "events.out.tfevents.*"
CUT = "cut.part"  # must not look like an event file
FLUSH_SECONDS = 2.0
_HEAD, _TAIL = 12, 4  # length and its checksum before a record, its own checksum behind it
_numbers = itertools.count()


class EventFile:
    """One file of a run, made when its first event comes."""

    def __init__(self, folder: Path, purge_step: int | None = None) -> None:
        """
        Args:
            folder: of the run; made if it is missing.
            purge_step: readers that have seen events of this step and later ones drop them.
        """
        self._folder, self._purge_step = folder, purge_step
        self._file: BinaryIO | None = None
        self._records: Any = None
        self._flushed = time.monotonic()

    def add(self, step: int, **content: Any) -> None:
        """Append an event of a step: `summary=…` or `graph_def=…`; raises StorageFull."""
        with full_disk_named(self._folder):
            if self._file is None:
                self._open()
            self._write(step=step, **content)
            if time.monotonic() - self._flushed > FLUSH_SECONDS:
                self._flush()

    def flush(self) -> None:
        """Let readers see everything; raises StorageFull."""
        with full_disk_named(self._folder):
            self._flush()

    def close(self) -> None:
        """Write what is left; raises StorageFull."""
        if self._file is not None:
            file, self._file = self._file, None
            with full_disk_named(self._folder):
                file.close()

    def _open(self) -> None:
        without_tensorflow()
        from tensorboard.compat.proto.event_pb2 import SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._folder.mkdir(parents=True, exist_ok=True)
        name = NAME.format(
            seconds=int(time.time()), host=socket.gethostname(), process=os.getpid(), number=next(_numbers)
        )
        self._file = (self._folder / name).open("xb")
        self._records = RecordWriter(self._file)
        self._write(file_version="brain.Event:2")
        if self._purge_step is not None:
            self._write(step=self._purge_step, session_log=SessionLog(status=SessionLog.START))

    def _write(self, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._records.write(Event(wall_time=time.time(), **content).SerializeToString())

    def _flush(self) -> None:
        if self._file is not None:
            self._file.flush()
        self._flushed = time.monotonic()


def summaries() -> Any:
    """`torch.utils.tensorboard.summary`, which makes the messages."""
    without_tensorflow()
    return importlib.import_module("torch.utils.tensorboard.summary")


def without_tensorflow() -> None:
    """Keep tensorboard from loading TensorFlow where that is installed: nothing here needs it."""
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))


def cut_after(folder: Path, step: int) -> bool:
    """Remove the events of later steps from the files of a run, and files that are left without any.

    Returns whether events are left.
    """
    left = [_cut(path, step) for path in sorted(folder.glob(PATTERN))]
    return any(left)


def _cut(path: Path, step: int) -> bool:
    without_tensorflow()
    from tensorboard.compat.proto.event_pb2 import Event

    kept, held = [], False
    for record in _records_of(path):
        event = Event.FromString(record[_HEAD:-_TAIL])
        if event.step <= step and not event.HasField("session_log"):
            kept.append(record)
            held = held or not event.HasField("file_version")
    if not held:
        path.unlink()
    elif sum(map(len, kept)) < path.stat().st_size:
        part = path.with_name(CUT)
        with full_disk_named(path.parent):
            part.write_bytes(b"".join(kept))
            part.replace(path)
    return held


def _records_of(path: Path) -> Iterator[bytes]:
    """The whole records of a file with their checksums, up to the first that broke off or is damaged."""
    left = path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_HEAD)) == _HEAD:
            length = int.from_bytes(head[:8], "little") + _TAIL
            left -= _HEAD + length
            if left < 0 or not _fits(head[8:], head[:8]):
                return
            rest = file.read(length)
            if not _fits(rest[-_TAIL:], rest[:-_TAIL]):
                return
            yield head + rest


def _fits(checksum: bytes, data: bytes) -> bool:
    return int.from_bytes(checksum, "little") == masked_crc32c(data)
