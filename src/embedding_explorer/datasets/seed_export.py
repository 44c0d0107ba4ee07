"""A dataset written as older installations keep it."""

import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.datasets.seed import REDUCERS, pickle_name, tilemap_name
from embedding_explorer.datasets.seed_archive import pack
from embedding_explorer.errors import Conflict


def export_seed(dataset: Dataset, target: Path) -> None:
    """Write the seed layout to a new or empty folder, or to a new file where `target` ends in `.7z`.

    Coordinates are pickled float32 arrays (N, 3). Raises Conflict when something is there, UnknownReducer for a dataset
    without PCA or UMAP, or StorageFull.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise Conflict(f"{target} is not empty. Name another place for the seed.", path=str(target))
    with full_disk_named(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        # Written beside the target, so that the last step is a rename.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".seed-") as folder:
            _write_folder(dataset, Path(folder, "seed"))
            if target.suffix == ".7z":
                pack(Path(folder, "seed"), Path(folder, "packed"))
                Path(folder, "packed").replace(target)
            else:
                Path(folder, "seed").replace(target)


def pickled(points: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> bytes:
    """A pickle of an array that every numpy since 1.0 and every Python since 3.0 can read."""
    data = pickle.dumps(np.array(points), protocol=3)
    # numpy 2 names its inner module `numpy._core`, which numpy 1 does not know; numpy 2 knows both.
    return data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)


def _write_folder(dataset: Dataset, folder: Path) -> None:
    (folder / "pickles").mkdir(parents=True)
    (folder / "tilemaps").mkdir()
    for reducer in REDUCERS:
        (folder / pickle_name(reducer)).write_bytes(pickled(dataset.reduction(reducer)))
    for number, name in enumerate(dataset.manifest.ranges):
        shutil.copyfile(dataset.tilemap_path(name), folder / tilemap_name(number))
