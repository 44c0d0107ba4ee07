"""The names under which files of a network are stored. Nothing that a client calls a file becomes a path unchecked."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from embedding_explorer.networks.preprocessing.faults import Faults

MAX_LENGTH = 255
MAX_FILES = 10_000  # files of one network: as many as a form has parts
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def stored_names(
    parts: Iterable[tuple[str, Path]], store_name: Callable[[str], str], faults: Faults
) -> dict[str, Path]:
    """Stored name → file, for parts of a form; `store_name` is what the framework makes of a part's name.

    Adds a fault `files.<name>` for names that break the rules or come twice.
    """
    files: dict[str, Path] = {}
    for part, path in parts:
        name = store_name(part)
        if (reason := refusal(name)) is not None:
            faults.add(f"files.{part}", reason)
        elif name in files:
            faults.add(f"files.{name}", "came twice")
        else:
            files[name] = path
    return files


def refusal(name: str) -> str | None:
    """Why a file cannot be stored under that name; None if it can."""
    if not 1 <= len(name) <= MAX_LENGTH:
        return f"a file's name has 1 to {MAX_LENGTH} characters, this one has {len(name)}"
    if ".." in name or not _NAME.fullmatch(name):
        return "a file's name consists of letters, digits, '.', '_' and '-', without '..' and without a dot in front"
    return None
