"""What lies in a log folder: which folders are runs (contract, 3.2), found without ever leaving the log folder."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_RUNS = 10_000  # of one dataset
MAX_FOLDERS = 100_000  # looked into for one dataset
MAX_DEPTH = 32
MAX_JSON = 64 << 20  # bytes of a structure graph
EVENTS, JSON, PROJECTOR = "events", ".json", "projector_config.pbtxt"


@dataclass
class Found:
    """One folder: its event files and structure graphs, in ascending name order, and whether it configures projections.

    `stamps` (time of change, size) are those of the files that are not event files.
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

    def __init__(self) -> None:
        self._graphs: dict[Path, tuple[tuple[int, int], bool]] = {}

    def runs(self, root: Path) -> Iterator[Found]:
        """Every run of a log folder, itself included. Links that lead out of it, or around in it, are not followed."""
        inside = root.resolve()
        waiting, seen, count = [(root, 0)], set[Path](), 0
        while waiting and len(seen) < MAX_FOLDERS and count < MAX_RUNS:
            folder, depth = waiting.pop()
            real = folder.resolve()
            if real in seen or not real.is_relative_to(inside):
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
            if entry.is_dir():
                below.append(folder / entry.name)
            elif entry.is_file() and (not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(inside)):
                with suppress(FileNotFoundError):  # deleted meanwhile
                    self._note(found, entry)
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


def is_structure_graph(path: Path) -> bool:
    """Whether a JSON file is a structure graph: a model, or a list of models, each with a list of layers."""
    try:
        if path.stat().st_size > MAX_JSON:
            return False
        models = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    models = models if isinstance(models, list) else [models]
    return bool(models) and all(map(_is_model, models))


def _is_model(model: Any) -> bool:
    config = model.get("config") if isinstance(model, dict) else None
    return isinstance(config, dict) and isinstance(config.get("layers"), list)
