"""Pages of the images in a set (contract, 4.10)."""

import base64
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets.encoding import png_of
from embedding_explorer.training.datasets.reading import TrainingDataset
from embedding_explorer.training.datasets.records import Records
from embedding_explorer.training.datasets.splits import SETS
from embedding_explorer.training.datasets.state import FEATURES, LABELS

MAX_SIZE = 500
# Bytes of the images of one page, before they become text.
MAX_PAGE_BYTES = 64 << 20
MAX_PAGE = 1 << 40
# Pages on either side of the one that is shown, to which links are offered.
_NEAR = 5
# Labels of more numbers are pictures, which nobody reads as numbers.
_MAX_LABEL = 16
_GENERIC = re.compile(rf"(train|val|test)_db/({FEATURES}|{LABELS})/?")


@dataclass(frozen=True)
class Shown:
    """One image of a page: `label` is its class's name, the values of a small label, or None; `line` its place in the
    set's list (`val.txt` …), from 0 on, by which a client finds the image's path."""

    index: int
    label: str | list[Any] | None
    label_index: int | None
    line: int
    png: bytes

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        image = f"data:image/png;base64,{base64.b64encode(self.png).decode()}"
        return {
            **{"index": self.index, "label": self.label, "label_index": self.label_index},
            **{"line": self.line, "image": image},
        }


@dataclass(frozen=True)
class Page:
    """One page; `total` counts the images that the filter lets through, `index` of an image all of the set."""

    db: str
    page: int
    size: int
    label: int | None
    total: int
    labels: list[str] | None
    images: list[Shown]

    @property
    def pages(self) -> list[int]:
        """The page numbers near this one that exist."""
        count = -(-self.total // self.size)
        return list(range(max(0, self.page - _NEAR), min(count, self.page + _NEAR + 1)))

    def to_json(self) -> dict[str, Any]:
        """As the API shows it, but for the id of the job."""
        return {
            **{"db": self.db, "page": self.page, "size": self.size, "label": self.label},
            **{"total_entries": self.total, "pages": self.pages, "labels": self.labels},
            "images": [each.to_json() for each in self.images],
        }


def explore(
    dataset: TrainingDataset, db: str = "train", page: int = 0, size: int = 25, label: int | None = None
) -> Page:
    """One page of the images of a set.

    Args:
        db: for classification contains "train", "val" or "test"; for generic datasets a path such as
            "train_db/features".
        page: from 0 on; one after the last is empty.
        size: images of a page; cut to `MAX_SIZE`, and so that no page of the set has more than `MAX_PAGE_BYTES`.
        label: only images of this class, for classification.

    Raises:
        BadInput: no such set, or not finished.
    """
    generic = dataset.plan.kind == "generic"
    name, kind = _set_of(dataset, db)
    label = None if generic else label
    records = dataset.records(name, kind)
    try:
        page, size = min(max(page, 0), MAX_PAGE), min(max(size, 1), MAX_SIZE, _fitting(records))
        numbers, total = _numbers(records, page * size, size, label)
        targets = _targets(dataset, name) if generic and kind == FEATURES else None
        labels = None if generic else dataset.labels
        images = [_shown(records, number, labels, targets) for number in numbers]
        if targets is not None:
            targets.close()
    finally:
        records.close()
    return Page(db, page, size, label, total, labels, images)


def count_shown(dataset: TrainingDataset, db: str = "train", label: int | None = None) -> int:
    """How many images of a set `explore` shows on all pages; arguments and errors are its own."""
    records = dataset.records(*_set_of(dataset, db))
    try:
        return _numbers(records, 0, 1, None if dataset.plan.kind == "generic" else label)[1]
    finally:
        records.close()


def label_filter(text: str | None) -> int | None:
    """A class index out of a query; None, no filter, for what is no number."""
    return int(text) if text and len(text) <= 9 and text.isascii() and text.isdecimal() else None


def _set_of(dataset: TrainingDataset, db: str) -> tuple[str, str]:
    """The name of a set, and which of its records are meant."""
    return _generic_set(db) if dataset.plan.kind == "generic" else (_set_in(db), FEATURES)


def _fitting(records: Records) -> int:
    """How many images fit on a page, at least one. The largest of the set decides: all pages have as many."""
    if not len(records):
        return MAX_SIZE
    sides = (records.rows[name].astype(np.int64) for name in ("height", "width", "channels"))
    sizes = records.rows["length"] if records.encoding == "png" else math.prod(sides)
    return max(1, MAX_PAGE_BYTES // max(1, int(np.max(sizes))))


def _set_in(db: str) -> str:
    for name in SETS:
        if name in db:
            return name
    raise BadInput(f"{db[:80]!r} is no set; choose one of {', '.join(SETS)}.")


def _generic_set(db: str) -> tuple[str, str]:
    if db in SETS:
        return db, FEATURES
    if (found := _GENERIC.fullmatch(db)) is None:
        raise BadInput(f"{db[:80]!r} is no set; choose one such as train_db/{FEATURES}.")
    return found[1], found[2]


def _numbers(records: Records, begin: int, size: int, label: int | None) -> tuple[list[int], int]:
    """The numbers of the records on a page, and how many there are on all."""
    if label is None:
        return list(range(begin, min(begin + size, len(records)))), len(records)
    found: NDArray[np.int64] = np.flatnonzero(records.rows["label"] == label)
    return found[begin : begin + size].tolist(), len(found)


def _targets(dataset: TrainingDataset, name: str) -> Records | None:
    state = dataset.state(name)
    return dataset.records(name, LABELS) if state is not None and state.labels else None


def _shown(records: Records, number: int, labels: list[str] | None, targets: Records | None) -> Shown:
    stored_png = records.encoding == "png" and records.dtype == np.uint8 and records.shape(number)[2] in (1, 3)
    png = records.encoded(number) if stored_png else png_of(records[number])
    line = int(records.rows["line"][number])
    if labels is not None:
        index = int(records.rows["label"][number])
        return Shown(number, labels[index], index, line, png)
    values = None if targets is None else targets[number]
    return Shown(
        number, None if values is None or values.size > _MAX_LABEL else values.ravel().tolist(), None, line, png
    )
