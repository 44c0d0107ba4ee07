"""Looking at uploaded files one by one: what a look finds becomes a fault of that file."""

from collections.abc import Callable
from pathlib import Path

from embedding_explorer.errors import BadInput, InvalidFields, NetworkUnusable
from embedding_explorer.networks.frameworks.base import Files
from embedding_explorer.networks.preprocessing import Faults


def examine(name: str, path: Path, look: Callable[[Path], object], faults: Faults) -> None:
    """Call `look`, which raises BadInput for what cannot be used, on one file."""
    try:
        refuse_links(path)
        look(path)
    except BadInput as error:
        faults.add(f"files.{name}", error.message)
    except OSError as error:
        faults.add(f"files.{name}", f"cannot be read: {error.strerror}")


def refuse_links(path: Path) -> None:
    """Raise BadInput for anything but a regular file: a link could lead anywhere."""
    if path.is_symlink() or not path.is_file():
        raise BadInput("is no regular file")


def recheck(check: Callable[[Files, Faults], None], files: Files) -> None:
    """Raise NetworkUnusable unless files still pass: they may have been stored before a rule was made stricter."""
    faults = Faults()
    check(files, faults)
    try:
        faults.raise_any()
    except InvalidFields as error:
        raise NetworkUnusable(error.message) from error
