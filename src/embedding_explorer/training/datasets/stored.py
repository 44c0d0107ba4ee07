"""The pictures that a training dataset stores, as a source of images for the explorer."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from embedding_explorer.errors import BadInput, UnreadableImage
from embedding_explorer.images.base import Source
from embedding_explorer.images.selection import Entry
from embedding_explorer.training.datasets.encoding import png_of
from embedding_explorer.training.datasets.lists import ImageList
from embedding_explorer.training.datasets.reading import TrainingDataset
from embedding_explorer.training.datasets.records import Records
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.datasets.splits import SETS


class StoredPictures(Source):
    """Pictures of some sets, in the order of storing, named by the lists; each has its label and its set.

    Of more than `limit` pictures so many are taken, evenly spread: sets that were not shuffled begin with one class.

    Raises BadInput for a set that is not there or not finished.
    """

    kind = "folder"

    def __init__(self, dataset: TrainingDataset, sets: Sequence[str], limit: int | None = None) -> None:
        self.skipped = []
        with ExitStack() as opened:
            records = {name: _opened(opened, dataset, name) for name in sets}
            places = [(name, row) for name, each in records.items() for row in range(len(each))]
            if not places:
                raise BadInput(f"The dataset has no pictures in {', '.join(sets)}; choose another set.")
            if limit is not None and limit < len(places):
                places = [places[number * len(places) // limit] for number in range(limit)]
            names = Names(dataset)
            opened.callback(names.close)
            labels = dataset.labels
            self.entries = [
                Entry(names.of(name, row, records[name]), _label(records[name], row, labels), name)
                for name, row in places
            ]
            self._records, self._places = records, places
            self._opened = opened.pop_all()

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> bool:
        """Never: a dataset is asked for by its id."""
        return False

    def read(self, index: int) -> bytes:
        """See `Source.read`: the file as it is stored, or a PNG of stored pixels."""
        name, row = self._places[index]
        records = self._records[name]
        try:
            if records.encoding != "none" and records.dtype == np.uint8 and records.shape(row)[2] in (1, 3):
                return records.encoded(row)
            return png_of(records[row])
        except (OSError, ValueError) as error:
            raise UnreadableImage(f"the stored picture cannot be read: {error}") from error

    def close(self) -> None:
        """See `Source.close`."""
        self._opened.close()


class Names:
    """File names of stored pictures: paths below the folder that all have in common."""

    def __init__(self, dataset: TrainingDataset) -> None:
        paths = ((name, dataset.folder / f"{name}.txt") for name in SETS)
        self._lists = {name: ImageList(path) for name, path in paths if path.is_file()}
        self._common = _common_folder(list(self._firsts()))

    def of(self, name: str, row: int, records: Records) -> str:
        """The name of a record of a set; a number where there is no list."""
        listed, line = self._lists.get(name), int(records.rows["line"][row])
        if listed is None or line >= len(listed):
            return f"{name}/{row:06d}.png"
        path = listed.name(line)
        shown = path.removeprefix(self._common).lstrip("/") or path
        plain = shown.encode("utf-8", "backslashreplace").decode()
        return "".join(c if c.isprintable() else " " for c in plain)

    def close(self) -> None:
        """Close the lists."""
        for each in self._lists.values():
            each.close()

    def _firsts(self) -> Iterator[str]:
        """The first picture of each class in each list: they tell the folders, however long the lists are."""
        for each in self._lists.values():
            for line in np.unique(each.labels, return_index=True)[1]:
                yield each.name(int(line))


def pictures_of(dataset: TrainingDataset) -> Pictures:
    """What images become before a network of this dataset sees them. Generic datasets name no mode: they are squashed.

    Raises BadInput where nothing is stored yet.
    """
    plan = dataset.plan
    if plan.pictures:
        return Pictures(**plan.pictures)
    shapes = (state.shape for name in SETS if (state := dataset.state(name)) is not None)
    shape = next((each for each in shapes if each), None)
    if shape is None:
        raise BadInput("The dataset has no pictures yet. Wait until it is done.")
    height, width, channels = shape
    return Pictures(width, height, channels, "squash")


def sets_of(dataset: TrainingDataset, wanted: str) -> list[str]:
    """The sets that "train", "val", "test" or "all" means; raises BadInput for one that the dataset has not."""
    there = [name for name in dataset.plan.sets if (state := dataset.state(name)) is not None and state.entries]
    chosen = there if wanted == "all" else [name for name in there if name == wanted]
    if not chosen:
        raise BadInput(f"The dataset has no pictures in the set {wanted[:40]!r}. Sets: {', '.join(there) or 'none'}.")
    return chosen


def _opened(opened: ExitStack, dataset: TrainingDataset, name: str) -> Records:
    records = dataset.records(name)
    opened.callback(records.close)
    return records


def _label(records: Records, row: int, labels: list[str] | None) -> str | None:
    index = int(records.rows["label"][row])
    return labels[index] if labels is not None and 0 <= index < len(labels) else None


def _common_folder(names: list[str]) -> str:
    """With a slash at its end; empty where there is none."""
    folders = [os.path.dirname(os.path.dirname(name)) for name in names]
    try:
        common = os.path.commonpath(folders) if folders else ""
    except ValueError:  # of absolute and relative names
        return ""
    return f"{common}/" if common else ""
