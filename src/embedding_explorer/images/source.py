"""Where images come from: one interface over ZIP, 7z and tar archives and folders, told apart by their content."""

from pathlib import Path

from embedding_explorer.errors import BadArchive
from embedding_explorer.images.base import HEAD, Source
from embedding_explorer.images.folder_source import FolderSource
from embedding_explorer.images.formats import sniff
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.selection import Entry, Labels, Selection, Skipped
from embedding_explorer.images.seven_zip_source import SevenZipSource
from embedding_explorer.images.tar_source import TarSource
from embedding_explorer.images.zip_source import SIGNATURE as ZIP
from embedding_explorer.images.zip_source import ZipSource

__all__ = ["Entry", "Labels", "Skipped", "Source", "archive_kind", "open_source"]

# ZIP comes last: it is recognised by its end, and any archive may end with a ZIP that it holds.
_SOURCES: tuple[type[Source], ...] = (FolderSource, SevenZipSource, TarSource, ZipSource)


def open_source(path: Path, *, limits: Limits, nested: bool = False, labels: Labels = "none", spool: Path) -> Source:
    """Open an archive or folder, whatever its name says.

    Args:
        path: a ZIP, 7z or tar archive (plain or packed by gzip, bzip2 or xz), or a folder.
        limits: what is refused, before and while it is read.
        nested: whether images in folders count; else only those of the top level do.
        labels: which folder's name is an image's label: "folders", that of the top level, whose images then count even
            without `nested`; or "parents", the one that holds the image.
        spool: a file to be made for what comes out of archives that unpack in one sequence only. It is deleted when
            the source is closed.

    Raises:
        BadArchive: not an archive, or an encrypted, truncated or damaged one; the message says which.
        LimitExceeded: over one of the limits.
        StorageFull: no space left for `spool`.
    """
    head = b"" if path.is_dir() else _head(path, limits)
    for source in _SOURCES:
        if source.recognises(path, head):
            return source(path, limits=limits, selection=Selection(nested, labels), spool=spool)
    raise BadArchive(_refusal(head))


def archive_kind(path: Path) -> str | None:
    """What the content of a file says that it is, "zip", "7z" or "tar"; None where it is no archive."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    return next((source.kind for source in _SOURCES[1:] if source.recognises(path, head)), None)


def _head(path: Path, limits: Limits) -> bytes:
    limits.check_bytes(path.stat().st_size)
    with path.open("rb") as file:
        return file.read(HEAD)


def _refusal(head: bytes) -> str:
    if not head:
        return "The file is empty. Send a ZIP, 7z or tar archive of images."
    if head.startswith(ZIP):
        return "The ZIP archive is truncated: its directory, which comes last, is missing. Send it again."
    if (image := sniff(head)) is not None:
        return f"The file is one {image} image, not an archive. Put it into a ZIP."
    return "The file is not an archive. Send a ZIP, 7z or tar archive of images."
