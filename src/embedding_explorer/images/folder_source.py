"""Images in a folder of this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from embedding_explorer.errors import BadArchive, UnreadableImage
from embedding_explorer.images.base import Source
from embedding_explorer.images.files import PositionedFile
from embedding_explorer.images.formats import HEAD
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.selection import Listing, Selection

LINK_OUTSIDE = "a link that leaves the folder"


class FolderSource(Source):
    """Regular files of a folder, each read when asked for; links to files count where they stay inside."""

    kind = "folder"

    def __init__(self, path: Path, *, limits: Limits, selection: Selection, spool: Path) -> None:
        root = path.resolve()
        listing: Listing[Path] = Listing(selection, limits)
        try:
            for file in _walk(root, selection.depth):
                _offer(listing, file, root)
        except OSError as error:
            raise BadArchive(f"The folder {path} cannot be read: {error.strerror}.") from error
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

    def close(self) -> None:
        """Nothing is held."""


def _walk(folder: Path, depth: int | None) -> Iterator[Path]:
    """Files and links below the folder; linked folders are not entered, because links can go in circles."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if not entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)
        elif depth is None or depth > 1:
            yield from _walk(Path(entry.path), None if depth is None else depth - 1)


def _offer(listing: Listing[Path], file: Path, root: Path) -> None:
    name = file.relative_to(root).as_posix()
    target = file.resolve() if file.is_symlink() else file
    if not target.is_relative_to(root):
        listing.skip(name, LINK_OUTSIDE)
    elif target.is_file():
        listing.offer(name, target, _head)


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(HEAD)
