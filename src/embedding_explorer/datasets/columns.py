"""Columns of a dataset: what a map colours and filters its images by."""

from collections.abc import Callable, Collection

import numpy as np

from embedding_explorer.datasets.clusters import cluster_column
from embedding_explorer.datasets.column import MOST_VALUES, NONE, Column, Numbers
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.subsets import read_subsets
from embedding_explorer.errors import NotFound
from embedding_explorer.images.tilemap import RANGE


def label_column(dataset: Dataset) -> Column | None:
    """Labels in order of their appearance; where there are too many, the rarest count as none."""
    table = dataset.images
    if not table.labels:
        return None
    codes, names = np.frombuffer(table.label_code, np.int32), table.labels
    left_out = max(0, len(names) - MOST_VALUES)
    if left_out:
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_VALUES])
        places = np.full(len(names), -1)
        places[kept] = np.arange(MOST_VALUES)
        codes, names = np.where(codes < 0, -1, places[codes]), [names[n] for n in kept]
    values = np.where(codes < 0, NONE, codes).astype(np.uint16)
    return Column("label", "label", values, names, {"left_out": left_out} if left_out else {})


def width_column(dataset: Dataset) -> Column | None:
    """Widths in pixels."""
    return numbers("width", "width in pixels", sizes(dataset)[0])


def height_column(dataset: Dataset) -> Column | None:
    """Heights in pixels."""
    return numbers("height", "height in pixels", sizes(dataset)[1])


def aspect_column(dataset: Dataset) -> Column | None:
    """Width divided by height."""
    width, height = sizes(dataset)
    return numbers("aspect", "width / height", width / height)


def range_column(dataset: Dataset) -> Column:
    """The range of each image."""
    codes = np.arange(dataset.total, dtype=np.int64) // RANGE
    return Column("range", "range", np.minimum(codes, NONE).astype(np.uint16), list(dataset.manifest.ranges)[:NONE])


def set_column(dataset: Dataset) -> Column | None:
    """The set of a training dataset that each image is of."""
    found = read_subsets(dataset.folder, dataset.total)
    return None if found is None else Column("set", "set", found[0], found[1])


COLUMNS: dict[str, Callable[[Dataset], Column | None]] = {
    "label": label_column,
    "set": set_column,
    "width": width_column,
    "height": height_column,
    "aspect": aspect_column,
    "range": range_column,
    "cluster": cluster_column,
}


def columns(dataset: Dataset, without: Collection[str] = ()) -> list[Column]:
    """The columns that a dataset has, `without` some; raises Conflict when its table is damaged."""
    made = (make(dataset) for name, make in COLUMNS.items() if name not in without)
    return [column for column in made if column is not None]


def column(dataset: Dataset, name: str) -> Column:
    """The column of that name; raises NotFound naming those that there are."""
    found = COLUMNS[name](dataset) if name in COLUMNS else None
    if found is None:
        available = ", ".join(each.name for each in columns(dataset))
        raise NotFound(f"The dataset has no column {name[:40]!r}. Columns: {available}.", column=name[:40])
    return found


def sizes(dataset: Dataset) -> tuple[Numbers, Numbers]:
    """Width and height (N,) float32 of each image in pixels, NaN where unknown."""
    table = dataset.images
    across, down = (np.frombuffer(side, np.uint32).astype(np.float32) for side in (table.width, table.height))
    across[across == 0], down[down == 0] = np.nan, np.nan
    return across, down


def numbers(name: str, title: str, values: Numbers) -> Column | None:
    """A column of numbers, None where not one is known."""
    return Column(name, title, values) if np.isfinite(values).any() else None
