"""CIFAR-10 and CIFAR-100: 32 x 32 colour pictures, pickled by their author (Krizhevsky 2009)."""

import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.pickled import Array, Pairs
from embedding_explorer.datasets.unpickle import unpickle
from embedding_explorer.errors import BadArchive, LimitExceeded
from embedding_explorer.training.downloads.originals import Original, Say, locate
from embedding_explorer.training.downloads.tree import ClassTree, check_name, write_labels

SOURCES = ("https://www.cs.toronto.edu/~kriz/",)
CIFAR10 = Original(
    "cifar-10-python.tar.gz", "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce", SOURCES
)
CIFAR100 = Original(
    "cifar-100-python.tar.gz", "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7", SOURCES
)
BATCHES = {"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)}
SETS = ("train", "test")
SIDE = 32
MAX_MEMBER = 512 << 20  # bytes of a file in the archive; the largest has 155 million
Batch = dict[str, Any]


def write_cifar10(output: Path, say: Say) -> None:
    """`train/<class>/<name>.png`, `train/labels.txt`, `train/train.txt`, and the same for `test`."""
    archive = locate(CIFAR10, output, say)
    labels = _texts(read_batch(archive, "batches.meta"), "label_names")
    for name, members in BATCHES.items():
        folder = output / name
        write_labels(folder / "labels.txt", labels)
        with ClassTree(folder, folder / f"{name}.txt", labels) as tree:
            for member in members:
                say(f"Unpacking {member}")
                batch = read_batch(archive, member)
                for pixels, file, index in zip(*_pictures(batch), _numbers(batch, "labels"), strict=True):
                    tree.add(pixels, index, file)


def write_cifar100(output: Path, say: Say) -> None:
    """The pictures by class under `fine`, and under `coarse` the superclasses as links to their classes' folders."""
    archive = locate(CIFAR100, output, say)
    meta = read_batch(archive, "meta")
    fine, coarse = (_texts(meta, f"{kind}_label_names") for kind in ("fine", "coarse"))
    for kind, labels in (("fine", fine), ("coarse", coarse)):
        write_labels(output / kind / "labels.txt", labels)
    for name in SETS:
        say(f"Unpacking {name}")
        _write_both(output, name, read_batch(archive, name), fine, coarse)


def _write_both(output: Path, name: str, batch: Batch, fine: Sequence[str], coarse: Sequence[str]) -> None:
    for label in coarse:
        check_name(label)
    with ExitStack() as stack:
        tree = stack.enter_context(ClassTree(output / "fine" / name, output / "fine" / f"{name}.txt", fine))
        (output / "coarse" / name).mkdir(parents=True, exist_ok=True)
        listed = stack.enter_context((output / "coarse" / f"{name}.txt").open("w"))
        kinds = (_numbers(batch, "fine_labels"), _numbers(batch, "coarse_labels"))
        for pixels, file, index, above in zip(*_pictures(batch), *kinds, strict=True):
            label, written = tree.add(pixels, index, file)
            if not 0 <= above < len(coarse):
                raise BadArchive(f"A picture has the superclass {above}; there are {len(coarse)}. Get the file anew.")
            link = output / "coarse" / name / coarse[above] / label
            _link(link, Path(os.pardir, os.pardir, os.pardir, "fine", name, label))
            listed.write(f"{link / written} {above}\n")


def _link(path: Path, target: Path) -> None:
    if not path.is_symlink():
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(target)


def _pictures(batch: Batch) -> tuple[Iterator[NDArray[np.uint8]], Iterator[str]]:
    """Pictures (32, 32, 3) and names without their ending."""
    data = batch.get("data")
    values = data.values if isinstance(data, Array) else None
    if values is None or values.dtype != np.uint8 or values.ndim != 2 or values.shape[1] != 3 * SIDE * SIDE:
        raise _unusable("data")
    # The three colours lie one after another, each row by row.
    pictures = values.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    names = _texts(batch, "filenames")
    return (np.ascontiguousarray(each) for each in pictures), (each.removesuffix(".png") for each in names)


def _texts(batch: Batch, key: str) -> list[str]:
    values = [_text(each) for each in _listed(batch, key)]
    if not all(isinstance(each, str) for each in values):
        raise _unusable(key)
    return values


def _numbers(batch: Batch, key: str) -> list[int]:
    """Whole numbers: an array, or a list of Python's or numpy's numbers, which `unpickle` gives as floats."""
    found = batch.get(key)
    array = found.values if isinstance(found, Array) else None
    values = _listed(batch, key) if array is None or array.ndim != 1 else array.tolist()
    if not all(isinstance(each, int) or (isinstance(each, float) and each.is_integer()) for each in values):
        raise _unusable(key)
    return [int(each) for each in values]


def _listed(batch: Batch, key: str) -> list[Any]:
    values = batch.get(key)
    if not isinstance(values, list):
        raise _unusable(key)
    return values


def _text(value: Any) -> Any:
    """Python 2 wrote its strings as bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _unusable(key: str) -> BadArchive:
    return BadArchive(f"The archive has no usable {key!r}: it is not the one for Python. Delete it and try again.")


def read_batch(archive: Path, member: str) -> Batch:
    """The dict in one of the pickles of an archive; nothing in it is executed.

    Raises:
        BadArchive: it is damaged, or has no such file.
        RefusedPickle: the pickle asks for anything but arrays, texts and numbers.
        LimitExceeded: the file is too large.
    """
    found = unpickle(_bytes_of(archive, member), f"{archive.name}: {member}")
    if not isinstance(found, Pairs):
        raise BadArchive(f"{member} in {archive.name} is no dict. Delete the archive and try again.")
    return {_text(key): value for key, value in zip(found.items[::2], found.items[1::2], strict=True) if _plain(key)}


def _plain(key: Any) -> bool:
    return isinstance(key, (str, bytes))


def _bytes_of(archive: Path, member: str) -> bytes:
    try:
        with tarfile.open(archive, "r:*") as source:
            for each in source:
                if each.isfile() and Path(each.name).name == member:
                    return _read(source, each, archive)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise BadArchive(f"{archive.name} is damaged ({error}). Delete it and try again.") from error
    raise BadArchive(f"{archive.name} has no file {member}: it is another archive. Delete it and try again.")


def _read(source: tarfile.TarFile, member: tarfile.TarInfo, archive: Path) -> bytes:
    if member.size > MAX_MEMBER:
        raise LimitExceeded(f"{member.name} in {archive.name} has {member.size} bytes.", limit=MAX_MEMBER)
    file = source.extractfile(member)
    return b"" if file is None else file.read()
