"""Clusters of a dataset's images: made once for each least size, and kept beside the dataset's other derived things."""

import json
import os
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from embedding_explorer.datasets.column import NONE, Column
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import BadInput, DatasetNotFound
from embedding_explorer.reducers.clusters import Clusters, Report, default_least, find_clusters

FOLDER = "clusters"
# Part of the files' names: what an older program made otherwise is made anew.
VERSION = 1
# Clusters of one dataset that are kept; the one that was not asked for the longest goes first.
MOST_KEPT = 8


def least_size(dataset: Dataset, wanted: int | None) -> int:
    """The smallest cluster wanted, or the default; raises BadInput for what no cluster can have, NoFeatures."""
    dataset.features()
    if wanted is None:
        return default_least(dataset.total)
    if not 2 <= wanted <= dataset.total:
        most = dataset.total
        raise BadInput(f"min_cluster_size={wanted} is not from 2 to {most}, the number of images.", limit=most)
    return wanted


def make_clusters(dataset: Dataset, least: int, report: Report) -> Column:
    """Find clusters and keep them; raises DatasetNotFound when the dataset is deleted meanwhile, StorageFull."""
    made = find_clusters(dataset.features(), least, report)
    folder = dataset.derived(FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path_of(dataset, least), packed(made))
    for old in kept(dataset)[MOST_KEPT:]:
        old.unlink(missing_ok=True)
    if not dataset.folder.exists():
        for file in folder.iterdir():
            file.unlink(missing_ok=True)
        folder.rmdir()
        raise DatasetNotFound("The dataset was deleted meanwhile.", dataset=dataset.id)
    return column_of(path_of(dataset, least))


def known_clusters(dataset: Dataset, least: int) -> Column | None:
    """Clusters made before, which then are the present ones; None where there are none of that size."""
    path = path_of(dataset, least)
    found = readable(dataset, path)
    if found is not None:
        with suppress(FileNotFoundError):  # others took its place meanwhile
            os.utime(path)
    return found


def cluster_column(dataset: Dataset) -> Column | None:
    """The clusters last asked for."""
    found = (readable(dataset, path) for path in kept(dataset))
    return next((column for column in found if column is not None), None)


def readable(dataset: Dataset, path: Path) -> Column | None:
    """The column in a file; None for one that is not there or damaged, as it can be made again."""
    try:
        found = column_of(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return found if len(found.values) == dataset.total else None


def path_of(dataset: Dataset, least: int) -> Path:
    """The file of the clusters of at least that size."""
    return dataset.derived(FOLDER) / f"v{VERSION}-{least}.npz"


def kept(dataset: Dataset) -> list[Path]:
    """Files of clusters, those last asked for first."""
    files = []
    for path in dataset.derived(FOLDER).glob(f"v{VERSION}-*.npz"):
        try:
            files.append((path.stat().st_mtime_ns, path))
        except FileNotFoundError:
            continue
    return [path for _, path in sorted(files, reverse=True)]


def packed(made: Clusters) -> bytes:
    """Codes and what is to be known of them, as an .npz."""
    codes = np.where(made.labels < 0, NONE, made.labels).astype(np.uint16)
    about = {**made.params, "created": datetime.now(UTC).isoformat(timespec="seconds")}
    target = BytesIO()
    np.savez(target, codes=codes, about=np.array(json.dumps(about)))
    return target.getvalue()


def column_of(path: Path) -> Column:
    """The column in a file; raises what a missing or damaged one raises."""
    with np.load(path, allow_pickle=False) as arrays:
        codes, about = arrays["codes"], json.loads(str(arrays["about"]))
    known = codes[codes != NONE]
    count = int(known.max()) + 1 if len(known) else 0
    return Column("cluster", "cluster", codes, [str(n + 1) for n in range(count)], {"made": about}, lasting=False)


def outcome(dataset: Dataset, column: Column) -> dict[str, Any]:
    """The result of the job that made clusters."""
    return {"dataset": dataset.id, "total": dataset.total, "clusters": len(column.names)}
