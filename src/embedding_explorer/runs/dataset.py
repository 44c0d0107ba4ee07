"""A dataset of the contract: the runs below one log folder, or below several that are shown together."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from embedding_explorer.runs.base import LogSet, Run
from embedding_explorer.runs.files import PROJECTOR, Finder, readable
from embedding_explorer.runs.projector_config import stamps
from embedding_explorer.runs.run import LogRun

HERE = "."


class LogFolder(LogSet):
    """The runs that lie in some folders now; `scan` looks again, `load` reads on. One thread calls these two."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self.version = 0  # of the list of runs
        self._finder = Finder()
        self._runs: dict[Path, LogRun] = {}
        self._listing: list[Run] = []
        self._names: dict[str, Run] = {}

    def scan(self) -> None:
        """Look which runs there are."""
        found = {found.folder: (root, found) for root in self.folders for found in self._finder.runs(root)}
        for folder, (_, here) in found.items():
            if here.projector:
                here.stamps |= stamps(folder / PROJECTOR)
        for gone in self._runs.keys() - found.keys():
            self._runs.pop(gone).forget()
        for folder, (root, here) in found.items():
            if folder in self._runs:
                self._runs[folder].update(here)
            else:
                self._runs[folder] = LogRun(here, self._path(root, folder))
        self._list()

    def _path(self, root: Path, folder: Path) -> str:
        """Relative to its root; the later of two roots that have the same goes by the root's name."""
        path = readable(folder.relative_to(root).as_posix())
        named = readable(root.name if path == HERE else f"{root.name}/{path}")
        taken = {run.path for run in self._runs.values()}
        numbered = (f"{named} ({number})" for number in count(2))
        return next(each for each in chain((path, named), numbered) if each not in taken)

    def _list(self) -> None:
        names = Counter(run.path.rpartition("/")[2] for run in self._runs.values())
        for run in self._runs.values():
            name = run.path.rpartition("/")[2]
            run.key = name if names[name] == 1 else run.path
        listing: list[Run] = sorted(self._runs.values(), key=lambda run: (run.key != HERE, run.key))
        if [run.key for run in listing] != [run.key for run in self._listing] or not self.version:
            self.version += 1
        self._listing = listing
        self._names = {run.path: run for run in listing} | {run.key: run for run in listing}

    def load(self, seconds: float) -> bool:
        """Read every run on for about so long; whether all of them are read now."""
        return all([run.load(seconds) for run in list(self._runs.values()) if run.pending()])

    def runs(self) -> list[Run]:
        """See `LogSet`."""
        return list(self._listing)

    def find(self, name: str) -> Run | None:
        """See `LogSet`."""
        return self._names.get(name)

    def state(self) -> tuple[int, ...]:
        """What changes with everything in it."""
        return (self.version, *(number for run in list(self._runs.values()) for number in run.state()))

    def memory(self) -> int:
        """Bytes of the index."""
        return sum(run.memory() for run in list(self._runs.values()))

    def thin(self) -> None:
        """Let go of half of the records of the largest run."""
        if self._runs:
            max(self._runs.values(), key=LogRun.memory).thin()

    def progress(self) -> float:
        """Share of the bytes that are read, from 0 to 1."""
        pairs = [run.progress() for run in list(self._runs.values())]
        total = sum(size for _, size in pairs)
        return sum(read for read, _ in pairs) / total if total else 1.0

    def troubles(self) -> dict[str, list[str]]:
        """What is wrong with the files: sentences by the key of the run."""
        found = {run.key: list(run.troubles()) for run in list(self._runs.values())}
        return {key: sentences for key, sentences in found.items() if sentences}

    def close(self) -> None:
        """Let go of all files."""
        for run in self._runs.values():
            run.forget()
