"""Public sets of labelled pictures as folders of PNG files and image lists (contract, chapter 8)."""

import shutil
from collections.abc import Callable
from pathlib import Path

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadInput, NotFound
from embedding_explorer.training.downloads.cifar import write_cifar10, write_cifar100
from embedding_explorer.training.downloads.digits import write_digits
from embedding_explorer.training.downloads.mnist import write_mnist
from embedding_explorer.training.downloads.originals import Say

SETS: dict[str, Callable[[Path, Say], None]] = {
    "digits": write_digits,
    "mnist": write_mnist,
    "cifar10": write_cifar10,
    "cifar100": write_cifar100,
}


def download_data(name: str, output: Path, clean: bool = False, say: Say = lambda text: None) -> None:
    """Write a set of `SETS` into a folder; original archives that lie there are not downloaded.

    Args:
        name: of the set; upper and lower case are alike.
        output: made if it is missing. Lists name their pictures by this path, as it is given.
        clean: empty it before.
        say: is told what is done, one line at a time.

    Raises:
        NotFound: no such set.
        NetworkUnavailable: an archive is neither there nor to be had.
        BadInput: an archive is damaged, or the folder must not be emptied.
        StorageFull: the disk is full.
    """
    if name.lower() not in SETS:
        raise NotFound(f"There is no set of pictures {name!r}; choose one of {', '.join(SETS)}.")
    if clean:
        _empty(output)
    with full_disk_named(output):
        try:
            output.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise BadInput(f"{output} is no folder; give the path of one.") from error
        SETS[name.lower()](output, say)


def _empty(folder: Path) -> None:
    found = folder.resolve()
    # A slip of the finger must not cost more than a set of pictures.
    if any(each.is_relative_to(found) for each in (Path.home().resolve(), Path.cwd().resolve())):
        raise BadInput(f"{folder} holds your home or the current folder and is not emptied; name a folder of its own.")
    for path in found.iterdir() if found.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
