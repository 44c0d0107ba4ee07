"""What lies in a log folder: which folders are runs (contract, 3.2), found without ever leaving the log folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from embedding_explorer.runs.structure_graph import is_structure_graph

MAX_RUNS = 10_000  # of one dataset
MAX_FOLDERS = 100_000  # looked into for one dataset
MAX_DEPTH = 32
EVENTS, JSON, PROJECTOR = "events", ".json", "projector_config.pbtxt"
USUAL_GRAPHS = ("structure_graph.json", "model.json")


@dataclass
class Found:
    """One folder: its event files and structure graphs, in ascending name order, and whether it configures projections.

    `stamps` (time of change, size) are those of the files that are not event files; `LogFolder.scan` adds those of tables.
    """

    folder: Path
    events: list[str] = field(default_factory=list)
    graphs: list[str] = field(default_factory=list)
    projector: bool = False
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)

    def is_run(self) -> bool:
        """Whether any log file lies directly in it."""
        return bool(self.events or self.graphs or self.projector)


class Finder:
    """Looks into log folders again and again; remembers which JSON files are structure graphs."""

    def __init__(self, names_only: bool = False) -> None:
        """`names_only`: no file is read; structure graphs are those of the usual names."""
        self._names_only = names_only
        self._graphs: dict[Path, tuple[tuple[int, int], bool]] = {}

    def runs(self, root: Path) -> Iterator[Found]:
        """Every run of a log folder, itself included. Links that lead out of it, or around in it, are not followed."""
        inside = root.resolve()
        waiting, seen, count = [(root, 0)], set[Path](), 0
        while waiting and len(seen) < MAX_FOLDERS and count < MAX_RUNS:
            folder, depth = waiting.pop()
            real = followed(folder)
            if real is None or real in seen or not real.is_relative_to(inside):
                continue
            seen.add(real)
            found, below = self.look(folder, inside)
            if depth < MAX_DEPTH:
                waiting += [(path, depth + 1) for path in below]
            if found.is_run():
                count += 1
                yield found

    def look(self, folder: Path, inside: Path) -> tuple[Found, list[Path]]:
        """What lies directly in a folder: its log files, and its folders in descending name order."""
        found, below = Found(folder), []
        for entry in entries(folder):
            try:
                if entry.is_dir():
                    below.append(folder / entry.name)
                elif entry.is_file() and (not entry.is_symlink() or leads_inside(Path(entry.path), inside)):
                    self._note(found, entry)
            except OSError:  # deleted meanwhile, of somebody else, or a link in a circle: nothing that can be read
                continue
        found.events.sort()
        found.graphs.sort()
        return found, sorted(below, reverse=True)

    def _note(self, found: Found, entry: "os.DirEntry[str]") -> None:
        stamp = (entry.stat().st_mtime_ns, entry.stat().st_size)
        if entry.name == PROJECTOR:
            found.projector = True
            found.stamps[entry.name] = stamp
        elif entry.name.endswith(JSON) and self._is_graph(Path(entry.path), stamp):
            found.graphs.append(entry.name)
            found.stamps[entry.name] = stamp
        elif EVENTS in entry.name:
            found.events.append(entry.name)

    def _is_graph(self, path: Path, stamp: tuple[int, int]) -> bool:
        if self._names_only:
            return path.name in USUAL_GRAPHS
        known = self._graphs.get(path)
        if known is None or known[0] != stamp:
            known = self._graphs[path] = (stamp, is_structure_graph(path))
        return known[1]


def entries(folder: Path) -> list["os.DirEntry[str]"]:
    """What a folder holds; nothing where it is gone or may not be read."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def followed(path: Path) -> Path | None:
    """Where a path leads; None for links in a circle, for which Python 3.11 has an error of its own."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return None


def leads_inside(path: Path, folder: Path) -> bool:
    """Whether a path stays in a folder when links are followed."""
    real = followed(path)
    return real is not None and real.is_relative_to(folder)


def readable(name: str) -> str:
    """A file's name as text: what is not UTF-8 in it, which no answer can hold, is replaced."""
    return os.fsencode(name).decode("utf-8", "replace")
