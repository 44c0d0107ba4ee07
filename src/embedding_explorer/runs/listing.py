"""Which datasets of run logs there are to open: a look at folders' names only, nothing is read (contract, 3.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from embedding_explorer.runs.files import Finder, entries
from embedding_explorer.settings import Settings

MOST_DATASETS = 500  # in a listing; others are opened by their address
MOST_FOLDERS = 5000  # looked into for a listing
MOST_BELOW = 60  # … for one dataset until it counts as one without logs


@dataclass(frozen=True)
class Listing:
    """Datasets as (user, job), and whether the roots themselves are one, too."""

    whole: bool
    datasets: tuple[tuple[str, str], ...]


def listing(settings: Settings) -> Listing:
    """The datasets below the roots of a server."""
    finder = Finder(names_only=True)
    budget = [MOST_FOLDERS]
    found = dict.fromkeys(pair for root in settings.log_roots for pair in datasets(finder, root, budget))
    return Listing(any(is_log_folder(finder, root) for root in settings.log_roots), tuple(islice(found, MOST_DATASETS)))


def is_log_folder(finder: Finder, root: Path) -> bool:
    """Whether a root, or a folder directly in it, holds a log file: then it is a dataset by itself."""
    inside = root.resolve()
    here, below = finder.look(root, inside)
    within = (path for path in islice(below, MOST_FOLDERS) if path.resolve().is_relative_to(inside))
    return here.is_run() or any(finder.look(path, inside)[0].is_run() for path in within)


def datasets(finder: Finder, root: Path, budget: list[int]) -> Iterator[tuple[str, str]]:
    """(user, job) of every folder two levels below a root that holds logs; `budget` counts down the folders looked at."""
    for user in folders(root):
        for job in folders(user):
            if budget[0] <= 0:
                return
            if holds_logs(finder, job, root.resolve(), budget):
                yield user.name, job.name


def folders(folder: Path) -> list[Path]:
    """Those directly in a folder, by name; links, hidden ones, and names that no address can have are left out."""
    found = (entry.name for entry in entries(folder) if entry.is_dir(follow_symlinks=False))
    return [folder / name for name in sorted(found) if not name.startswith(".") and name.isprintable()]


def holds_logs(finder: Finder, folder: Path, root: Path, budget: list[int]) -> bool:
    """Whether there is a log file in a folder or, level by level, below it."""
    waiting = [folder]
    for _ in range(MOST_BELOW):
        if not waiting or budget[0] <= 0:
            return False
        budget[0] -= 1
        here, below = finder.look(waiting.pop(0), root)
        if here.is_run():
            return True
        waiting += reversed(below)
    return False
