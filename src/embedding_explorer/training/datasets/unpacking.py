"""An archive with one folder per category, unpacked to be parsed as folders are. Our own addition to the contract."""

import errno
import os
from pathlib import Path
from shutil import rmtree

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput, LimitExceeded, UnreadableImage
from embedding_explorer.images.base import Source
from embedding_explorer.images.source import open_source
from embedding_explorer.training.datasets.bounds import MAX_DEPTH, Bounds
from embedding_explorer.training.datasets.folders import Report, Tell
from embedding_explorer.training.datasets.indexes import is_image

# In a dataset's folder. It stays there: the lists name its files, and whoever trained on them looks at them again.
UNPACKED = "unpacked"
_SETS = frozenset({"train", "val", "valid", "validation", "test"})


def unpack(archive: Path, folder: Path, bounds: Bounds, tell: Tell, report: Report) -> None:
    """Write the images of an archive into the new folder `folder`.

    Names are those that `images.selection.safe_name` lets through, links and special files are none of them.

    Args:
        tell: takes a line for the log: what is passed over, and why.
        report: takes how many files of how many are written; may raise to end the work.

    Raises:
        BadArchive: no archive, or an encrypted, truncated or damaged one.
        BadInput: no image in a folder.
        LimitExceeded: over one of the bounds.
        StorageFull: the disk is.
    """
    part = folder.with_name(f"{folder.name}.part")
    rmtree(part, ignore_errors=True)
    spool = folder.with_name(f"{folder.name}.spool")
    with full_disk_named(folder), open_source(archive, limits=bounds.of_archives, nested=True, spool=spool) as source:
        for skipped in source.skipped:
            tell(f"passed over {skipped.name!r}: {skipped.reason}")
        if not any("/" in entry.name and is_image(entry.name) for entry in source.entries):
            raise BadInput(
                "The archive has no image in a folder. Put the images of each class into a folder of its own."
            )
        part.mkdir()
        _write(source, part, tell, report)
    part.rename(folder)


def category_root(folder: Path) -> Path:
    """Where the category folders are: inside the folder that all of them were packed with, where there is one.

    Raises BadInput for an archive of sets.
    """
    below = _folders(folder)
    while len(below) == 1 and (inner := _folders(below[0])):
        folder, below = below[0], inner
    names = {path.name.casefold() for path in below}
    if "train" in names and names <= _SETS and all(map(_folders, below)):
        raise BadInput(
            f"The archive has the folders {', '.join(sorted(path.name for path in below))} above the classes. "
            "Pack the classes of one of them, or put the archive on the server and use the method folder."
        )
    return folder


def _write(source: Source, folder: Path, tell: Tell, report: Report) -> None:
    for number, entry in enumerate(source.entries):
        report(number, len(source.entries))
        if not is_image(entry.name) or entry.name.count("/") > MAX_DEPTH:
            tell(f"passed over {entry.name!r}: not of a format that datasets are made of, or in too many folders")
            continue
        try:
            data = source.read(number)
            target = folder / entry.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except (UnreadableImage, LimitExceeded) as error:
            tell(f"passed over {entry.name!r}: {error.message}")
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:  # "a" and "a/b" in one archive
            tell(f"passed over {entry.name!r}: {error.strerror}")
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            tell(f"passed over {entry.name!r}: its name is too long")
    report(len(source.entries), len(source.entries))


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
