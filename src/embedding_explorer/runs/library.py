"""All log folders of a server: which one a request means (contract, 3.1), opened when it is asked for, then followed.

One thread reads: every run of every open dataset in turns, a slice of time each, so that the first steps of all of them
are there soon, however large they are. What was read once is not read again while its file stays as it is.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedding_explorer.errors import BadLogParameter, LogPathNotFound
from embedding_explorer.runs.dataset import LogFolder
from embedding_explorer.runs.files import Finder
from embedding_explorer.runs.listing import is_log_folder

log = logging.getLogger(__name__)
POLL = 1.0  # seconds between two looks at the files; the contract allows ten until something new is seen
RESCAN = 1.0  # … at the folders
# Large folders are looked at more seldom, five and ten times as long as it takes, but the two sum up to less than ten.
MOST_POLL, MOST_RESCAN = 2.0, 6.0
SLICE = 0.4  # seconds for all runs of a dataset, in turns
LEAST_SLICE = 0.01
KEEP_OPEN = 3600.0  # seconds a dataset stays open after its last use
MAX_OPEN = 50
MAX_NAME = 255  # bytes
PARTS = ("visualizedlog", "logs")
NO_SESSION = "no session: call /api/init first, or send id and trainJobName"


@dataclass
class Opened:
    """A dataset that is followed. `first`: all that was there when it was opened has been looked at once."""

    logs: LogFolder
    since: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    scanned: float = 0.0
    scanning: float = 0.0
    first: threading.Event = field(default_factory=threading.Event)


class Library:
    """The log folders below some roots. `dataset` may be called from any thread."""

    def __init__(self, roots: Sequence[Path], memory: int) -> None:
        """`memory`: bytes that the index of all open datasets may take."""
        self.roots, self.memory = tuple(roots), memory
        self._open: dict[tuple[Path, ...], Opened] = {}
        self._finder, self._lock = Finder(), threading.Lock()
        self._changed = threading.Condition()
        self._wake = threading.Event()

    def start(self) -> None:
        """Begin to read and to follow."""
        threading.Thread(target=self._run, name="log-loader", daemon=True).start()

    def dataset(self, user: str | None, job: str | None) -> Opened:
        """The dataset of a user's job, opened; without both, the root itself.

        Raises LogPathNotFound, or BadLogParameter where nothing tells which dataset is meant.
        """
        folders = self.folders(user, job)
        with self._lock:
            opened = self._open.get(folders)
            if opened is None:
                opened = self._open[folders] = Opened(LogFolder(folders))
            opened.used = time.monotonic()
        if not opened.first.is_set():
            self._wake.set()
        return opened

    def folders(self, user: str | None, job: str | None) -> tuple[Path, ...]:
        """The folders of a dataset; raises as `dataset` does."""
        named = user is not None and job is not None
        if named and not (_harmless(user) and _harmless(job)):
            raise LogPathNotFound()
        for root in self.roots if named else ():
            for parts in ((user, job, PARTS[0]), (user, job), (user, PARTS[1])):
                folder = root.joinpath(*map(str, parts))
                if folder.is_dir() and folder.resolve().is_relative_to(root.resolve()):
                    return (folder,)
        whole = tuple(root for root in self.roots if root.is_dir() and is_log_folder(self._finder, root))
        if whole:
            return whole
        raise LogPathNotFound() if named else BadLogParameter(NO_SESSION)

    def wait(self, seconds: float) -> None:
        """Until something may have been read."""
        with self._changed:
            self._changed.wait(seconds)

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            with self._lock:
                everything = list(self._open.items())
            done = all([self._guarded(self._step, opened) for _, opened in everything])
            self._guarded(self._let_go, everything)
            with self._changed:
                self._changed.notify_all()
            if done:
                self._wake.wait(between(POLL, 5 * (time.monotonic() - began), MOST_POLL))
                self._wake.clear()

    def _guarded(self, work: Callable[[Any], Any], subject: object) -> Any:
        """What the work returns; True after a bug of ours, which stops neither the other datasets nor this thread."""
        try:
            return work(subject)
        except Exception:
            log.exception("run logs cannot be followed")
            return True

    def _step(self, opened: Opened) -> bool:
        """Look after one dataset for a while; whether all of it is read."""
        now = time.monotonic()
        if not opened.scanned or now - opened.scanned > between(RESCAN, 10 * opened.scanning, MOST_RESCAN):
            opened.logs.scan()
            opened.scanned = time.monotonic()
            opened.scanning = opened.scanned - now
        done = opened.logs.load(max(LEAST_SLICE, SLICE / max(len(opened.logs.runs()), 1)))
        if done:
            opened.first.set()
        return done

    def _let_go(self, everything: Sequence[tuple[tuple[Path, ...], Opened]]) -> None:
        """Keep to the bounds: the datasets used the longest ago go first, then records of the largest run."""
        oldest_first = sorted(everything, key=lambda each: each[1].used)
        sizes = {key: opened.logs.memory() for key, opened in oldest_first}
        total, late = sum(sizes.values()), time.monotonic() - KEEP_OPEN
        for left, (key, opened) in zip(range(len(oldest_first), 0, -1), oldest_first, strict=True):
            if opened.used < late or left > MAX_OPEN or (total > self.memory and left > 1):
                with self._lock:
                    del self._open[key]
                opened.logs.close()
                total -= sizes[key]
            elif total > self.memory:
                log.warning("the index of the run logs is over %d bytes: every second record goes", self.memory)
                opened.logs.thin()


def between(least: float, wanted: float, most: float) -> float:
    """The number that is wanted, within bounds."""
    return min(max(least, wanted), most)


def _harmless(name: str | None) -> bool:
    """Whether a name is that of a folder and no path."""
    if not name or name in (".", "..") or set(name) & set("/\\\0"):
        return False
    return len(name.encode("utf-8", "surrogatepass")) <= MAX_NAME
