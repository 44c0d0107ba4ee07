"""Images in a folder of this machine."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from embedding_explorer.errors import BadArchive, UnreadableImage
from embedding_explorer.images.base import Source
from embedding_explorer.images.files import PositionedFile
from embedding_explorer.images.formats import HEAD
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.selection import Listing, Selection

Skip = Callable[[Path, str], None]
LINK_OUTSIDE = "a link that leaves the folder"


class FolderSource(Source):
    """Regular files of a folder, each read when asked for; links to files count where they stay inside."""

    kind = "folder"

    def __init__(self, path: Path, *, limits: Limits, selection: Selection, spool: Path) -> None:
        root = path.resolve()
        listing: Listing[Path] = Listing(selection, limits)
        try:
            first = _sorted_entries(root)
        except OSError as error:
            raise BadArchive(f"The folder {path} cannot be read: {error.strerror}.") from error
        for file in _walk(first, selection.depth, lambda folder, why: listing.skip(_name(folder, root), why)):
            _offer(listing, file, root)
        self._limits = limits
        self.entries, self._paths = listing.finish()
        self.skipped = listing.skipped

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> bool:
        """See `Source.recognises`."""
        return path.is_dir()

    def read(self, index: int) -> bytes:
        """See `Source.read`."""
        try:
            with PositionedFile(self._paths[index], os.O_RDONLY | os.O_NOFOLLOW) as file:
                self._limits.check_file_bytes(self.entries[index].name, file.size)
                return file.read_at(0, file.size)
        except OSError as error:
            raise UnreadableImage(f"the file cannot be read: {error.strerror}") from error

    def file_bytes(self, index: int) -> int:
        """See `Source.file_bytes`."""
        try:
            return self._paths[index].stat().st_size
        except OSError:
            return 0

    def close(self) -> None:
        """Nothing is held."""


def _sorted_entries(folder: Path) -> list["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _walk(entries: Iterable["os.DirEntry[str]"], depth: int | None, skip: Skip) -> Iterator[Path]:
    """Files and links among the entries and below; linked folders are not entered, because links can go in circles."""
    for entry in entries:
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            yield path
        elif depth is None or depth > 1:
            try:
                inside = _sorted_entries(path)
            except OSError as error:  # lost+found, say; the rest of the disk can be read
                skip(path, f"the folder cannot be read: {error.strerror}")
                continue
            yield from _walk(inside, None if depth is None else depth - 1, skip)


def _offer(listing: Listing[Path], file: Path, root: Path) -> None:
    name = _name(file, root)
    try:
        target = file.resolve() if file.is_symlink() else file
        if not target.is_relative_to(root):
            listing.skip(name, LINK_OUTSIDE)
        elif target.is_file():
            listing.offer(name, target, _head)
    except OSError as error:
        listing.skip(name, f"the file cannot be read: {error.strerror}")
    except RuntimeError:  # what Python 3.11 and 3.12 make of it
        listing.skip(name, "a link that leads to itself")


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(HEAD)
