"""Writing one set: entries are made on all cores, stored in order, and committed every few seconds."""

import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import numpy as np

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.datasets.stream import THREADS, ordered_map
from embedding_explorer.errors import BadInput, NoReadableImage
from embedding_explorer.training.datasets.entries import Failed, Group, Made, groups, make_group
from embedding_explorer.training.datasets.mean import Sum
from embedding_explorer.training.datasets.recipe import Recipe
from embedding_explorer.training.datasets.records import DATA, INDEX, ROW, RecordWriter, Shape
from embedding_explorer.training.datasets.state import FEATURES, LABELS, SetState, Stored, load_state

# What is lost at most when the process is killed.
COMMIT_SECONDS = 10.0

Tell = Callable[[str], None]
Report = Callable[[int, int], None]


def create_set(recipe: Recipe, folder: Path, tell: Tell, report: Report) -> SetState:
    """Write a set into `folder`, or go on where an attempt with the same plan broke off; its final state.

    Args:
        tell: takes a line for the log: which image was left out, and why.
        report: takes how many entries of how many were tried; may raise to end the work.

    Raises:
        NoReadableImage: nothing could be written.
        BadInput: shapes differ where they must not.
        StorageFull: the disk is.
    """
    with full_disk_named(folder):
        state = _resumed(recipe, folder)
        if state.done:
            return state
        writer = SetWriter(recipe, folder, state, tell)
        try:
            report(state.next, state.total)
            for group in ordered_map(lambda lines: make_group(recipe, lines), groups(recipe, state.next), 2 * THREADS):
                writer.add(group)
                report(state.next, state.total)
            writer.finish()
        finally:
            writer.close()
    return state


class SetWriter:
    """Takes groups of entries in order."""

    def __init__(self, recipe: Recipe, folder: Path, state: SetState, tell: Tell) -> None:
        self.recipe, self.folder, self.state, self.tell = recipe, folder, state, tell
        self.features = RecordWriter(folder / FEATURES, state.features.count, state.features.size)
        stored = state.labels
        self.labels = RecordWriter(folder / LABELS, stored.count, stored.size) if stored else None
        self.sum = Sum.load(folder, state.entries) if recipe.mean else None
        self.label_shape = _first_shape(folder / LABELS, stored)
        self.committed = time.monotonic()

    def add(self, group: Group) -> None:
        """Store a group's entries."""
        for entry in group.entries:
            if isinstance(entry, Failed):
                self.state.errors[self.recipe.label(entry.line)] += 1
                self.tell(f"left out {self.recipe.name(entry.line)!r}: {entry.reason}")
            else:
                self._store(entry)
        self.state.next += len(group.entries)
        if self.sum is not None and group.total is not None:
            self.sum.add(group.total)
        if time.monotonic() - self.committed >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Put all on the disk; another attempt would go on from here."""
        self._commit_records(self.features, self.state.features)
        if self.labels is not None and self.state.labels is not None:
            self._commit_records(self.labels, self.state.labels)
        if self.sum is not None:
            self.sum.save(self.folder, self.features.count)
        self.state.save(self.folder)
        if self.sum is not None:
            self.sum.drop_others(self.folder, self.features.count)
        self.committed = time.monotonic()

    def finish(self) -> None:
        """Declare the set finished."""
        if not self.features.count:
            raise NoReadableImage(
                f"None of the {self.state.total} images could be read, so nothing was written. "
                "The log of the task tells of each why; correct the paths or the files."
            )
        self.state.done = True
        self.commit()

    def close(self) -> None:
        """Close the files."""
        self.features.close()
        if self.labels is not None:
            self.labels.close()

    def _store(self, entry: Made) -> None:
        label = self.recipe.label(entry.line)
        self.state.shape = self._checked(self.state.shape, entry.features.shape, entry.line)
        self.features.append(*entry.features, label, entry.line)
        self.state.counts[label] += 1
        if self.labels is not None and entry.labels is not None:
            self.label_shape = self._checked(self.label_shape, entry.labels.shape, entry.line)
            self.labels.append(*entry.labels, label, entry.line)

    def _checked(self, first: Shape | None, shape: Shape, line: int) -> Shape:
        if first is not None and shape != first and self.recipe.same_shape:
            raise BadInput(
                f"{self.recipe.name(line)!r} has the shape {shape} (height, width, channels), others have {first}. "
                "Bring all to one size, or send dsopts_force_same_shape=0."
            )
        return first or shape

    @staticmethod
    def _commit_records(writer: RecordWriter, stored: Stored) -> None:
        writer.commit()
        stored.count, stored.size = writer.count, writer.size


def _resumed(recipe: Recipe, folder: Path) -> SetState:
    """What an earlier attempt left, if this one can go on with it; otherwise a fresh start."""
    state = load_state(folder)
    if state is not None and state.plan == recipe.plan and _whole(folder, state, recipe.mean):
        return state
    if folder.exists():
        rmtree(folder)
    folder.mkdir(parents=True)
    labels = Stored(recipe.label_encoding, recipe.label_dtype) if recipe.label_dtype else None
    return SetState(recipe.plan, len(recipe.order), features=Stored(recipe.encoding), labels=labels)


def _whole(folder: Path, state: SetState, mean: bool) -> bool:
    """Whether the files hold all that was committed."""
    stored = [(FEATURES, state.features), *([(LABELS, state.labels)] if state.labels else [])]
    sizes = [(folder / name / DATA, each.size) for name, each in stored]
    sizes += [(folder / name / INDEX, each.count * ROW.itemsize) for name, each in stored]
    return all(path.is_file() and path.stat().st_size >= size for path, size in sizes) and (
        not mean or not state.entries or Sum.path(folder, state.entries).is_file()
    )


def _first_shape(folder: Path, stored: Stored | None) -> Shape | None:
    if stored is None or not stored.count:
        return None
    row = np.fromfile(folder / INDEX, ROW, 1)[0]
    return int(row["height"]), int(row["width"]), int(row["channels"])
