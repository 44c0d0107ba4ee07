"""Folders of category folders (contract, 4.2.1): which images they hold, and the lists made of them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import numpy as np

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.training.datasets.bounds import MAX_DEPTH, MAX_LABEL, MAX_LINE, Bounds
from embedding_explorer.training.datasets.indexes import index_images, is_image, read_index
from embedding_explorer.training.datasets.lists import Line, check_labels, clean_label
from embedding_explorer.training.datasets.places import Places, is_url
from embedding_explorer.training.datasets.spec import Folder
from embedding_explorer.training.datasets.splits import SETS, Counts, Shares, split

Tell = Callable[[str], None]
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Walk:
    """How folders are walked: within which places, and how many files at most."""

    places: Places
    bounds: Bounds


@dataclass
class Parsed:
    """What came of a folder.

    Attributes:
        labels: of the categories that are left, in order; those of training where there were any before.
        counts: images of each set.
    """

    labels: list[str]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SETS, 0))

    def add(self, counts: Counts) -> None:
        """Count the images of one category."""
        for name, count in zip(SETS, counts, strict=True):
            self.counts[name] += count


@dataclass(frozen=True)
class FolderTask:
    """One folder to be parsed.

    Attributes:
        shares: of the sets that it fills, which are those whose lists are written.
        underscores: whether labels keep the `_` of their folders.
        labels: those of training, which a folder of its own for validation or test is matched with.
        seed: of the shuffling, which no two tasks share.
    """

    folder: Folder
    shares: Shares
    seed: Sequence[int]
    underscores: bool = False
    labels: Sequence[str] | None = None


def parse_folder(task: FolderTask, walk: Walk, lists: Path, tell: Tell, report: Report) -> Parsed:
    """Write the lists of the sets that a folder fills into the folder `lists`.

    Args:
        tell: takes a line for the log: what is passed over, and why.
        report: takes how many categories of how many are done; may raise to end the work.

    Raises:
        BadInput: fewer than two categories, before or after those with too few images are dropped.
        LimitExceeded: too many images or categories.
    """
    categories = list_categories(task.folder.path, walk)
    if len(categories) < 2:
        raise BadInput(f"{task.folder.path} has {_counted(len(categories))}; give a folder of two categories or more.")
    known = None if task.labels is None else {label: n for n, label in reversed(list(enumerate(task.labels)))}
    parsed, left, generator = Parsed(list(task.labels or ())), 0, np.random.default_rng(task.seed)
    with ExitStack() as stack:
        files = {name: stack.enter_context((lists / f"{name}.txt").open("wb")) for name in task.shares.sets}
        for number, category in enumerate(categories):
            report(number, len(categories))
            index = _index(category, task, known, parsed, tell)
            if index is None or (images := _images(category, task, walk, tell)) is None:
                continue
            if known is None:
                parsed.labels.append(label_of(category, task.underscores))
                check_labels(len(parsed.labels), walk.bounds)
            left += 1
            parsed.add(_write(images, index, task.shares, files, generator))
            check_count(sum(parsed.counts.values()), walk.bounds)
    report(len(categories), len(categories))
    if left < 2:
        raise BadInput(f"{task.folder.path} has {left} categories with enough images; two are needed at least.")
    return parsed


def _counted(subfolders: int) -> str:
    return "one subfolder" if subfolders == 1 else "no subfolders"


def list_categories(folder: Path | str, walk: Walk) -> list[str]:
    """Paths, or addresses, of the direct subfolders, links to folders inside the roots included, sorted.

    Raises BadInput, FetchFailed.
    """
    if isinstance(folder, str):
        return sorted(read_index(folder, walk.places).folders)
    try:
        found = [entry.path for entry in os.scandir(folder) if entry.is_dir()]
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be read: {error.strerror}. Give another one.") from error
    return sorted(path for path in found if walk.places.holds(os.path.realpath(path)))


def label_of(category: str, underscores: bool) -> str:
    """The label of a category's folder."""
    base = unquote(urlsplit(category.rstrip("/")).path) if is_url(category) else category
    name = base.rpartition("/")[2]
    name = name if underscores else name.replace("_", " ")
    return clean_label(name.encode("utf-8", "backslashreplace").decode())[:MAX_LABEL]


def walk_images(folder: Path | str, walk: Walk, tell: Tell) -> Iterator[str]:
    """Paths or addresses of the image files below a folder, at all depths, each folder once however many links lead
    to it; raises FetchFailed."""
    if is_url(str(folder)):
        yield from index_images(str(folder), walk.places, MAX_DEPTH)
        return
    seen: set[str] = set()
    waiting = [(os.fspath(folder), 0)]
    while waiting:
        current, depth = waiting.pop()
        real = os.path.realpath(current)
        if real in seen or depth > MAX_DEPTH or not walk.places.holds(real):
            tell(f"passed over the folder {current!r}: it is there already, lies too deep or outside of the data roots")
            continue
        seen.add(real)
        below = []
        for entry in _entries(current, tell):
            if entry.is_dir():
                below.append((entry.path, depth + 1))
            elif is_image(entry.name) and _counts(entry, walk.places):
                yield entry.path
        waiting += reversed(below)


def check_count(count: int, bounds: Bounds) -> None:
    """Raise LimitExceeded for too many images."""
    if count > bounds.max_images:
        raise LimitExceeded(f"There are more than {bounds.max_images} images; give a maximum per class.")


def _entries(folder: str, tell: Tell) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        tell(f"passed over the folder {folder!r}: it cannot be read ({error.strerror})")
        return []


def _counts(entry: os.DirEntry[str], places: Places) -> bool:
    return entry.is_file() and (not entry.is_symlink() or places.holds(os.path.realpath(entry.path)))


def _index(category: str, task: FolderTask, known: Mapping[str, int] | None, parsed: Parsed, tell: Tell) -> int | None:
    """The class index of a category; None for one that the training folder does not have."""
    if known is None:
        return len(parsed.labels)
    label = label_of(category, task.underscores)
    if label not in known:
        tell(f"passed over {label!r}: training has no such category")
    return known.get(label)


def _images(category: str, task: FolderTask, walk: Walk, tell: Tell) -> list[str] | None:
    """The images of a category; None for one with too few of them."""
    per_class, images = task.folder.per_class, []
    for path in walk_images(category, walk, tell):
        if "\n" in path or len(os.fsencode(path)) + 16 > MAX_LINE:
            tell(f"passed over {path!r}: no line of a list can hold this name")
            continue
        images.append(path)
        if len(images) == per_class.most:
            break
        check_count(len(images), walk.bounds)
    least = max(per_class.least or 1, len(task.shares.sets))
    if len(images) >= least:
        return images
    tell(f"dropped the category {label_of(category, True)!r}: it has {len(images)} images, and needs {least}")
    return None


def _write(
    images: list[str], index: int, shares: Shares, files: Mapping[str, BinaryIO], generator: np.random.Generator
) -> Counts:
    """Shuffle the images of a category and share them among the lists."""
    order, counts, begin = generator.permutation(len(images)), split(len(images), shares), 0
    for name, count in zip(SETS, counts, strict=True):
        for place in order[begin : begin + count]:
            files[name].write(Line(images[place], index).to_bytes())
        begin += count
    return counts
