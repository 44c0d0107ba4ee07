"""Paths that go on as a text begins, inside the data roots alone (contract, 3.11)."""

import os
from itertools import islice

from embedding_explorer.training.datasets import Places

MOST_LOOKED_AT = 100_000  # names in one folder
MOST = 1000  # paths in an answer


def completions(prefix: str, places: Places) -> list[str]:
    """Absolute paths that begin with `prefix`, sorted; a relative one is taken from `/`."""
    if not prefix.isprintable() or len(prefix) > os.pathconf("/", "PC_PATH_MAX"):
        return []
    prefix = prefix if os.path.isabs(prefix) else f"/{prefix}"
    folder, begin = os.path.split(prefix)
    folder = os.path.normpath(folder)
    found = {str(root) for root in places.roots if str(root).startswith(prefix)}
    found |= set(_inside(folder, begin, places))
    return sorted(filter(is_text, found))[:MOST]


def is_text(path: str) -> bool:
    """Whether a path can be told: names of other bytes than UTF-8 have no text."""
    try:
        return bool(path.encode())
    except UnicodeEncodeError:
        return False


def _inside(folder: str, begin: str, places: Places) -> list[str]:
    """Names in one folder that begin so; hidden ones only where they are asked for."""
    if not places.holds(os.path.realpath(folder)):
        return []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_LOOKED_AT)]
    except OSError:
        return []
    wanted = (name for name in names if name.startswith(begin) and (begin or not name.startswith(".")))
    paths = (os.path.join(folder, name) for name in wanted)
    return [path for path in paths if places.holds(os.path.realpath(path))]
