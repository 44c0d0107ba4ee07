"""A dataset's folder, read: its sets while they grow, their records once they are finished."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets.lists import stored_labels
from embedding_explorer.training.datasets.mean import load_mean
from embedding_explorer.training.datasets.plan import LABELS, Plan, load_plan, set_folder
from embedding_explorer.training.datasets.records import Records
from embedding_explorer.training.datasets.state import FEATURES, SetState, load_state
from embedding_explorer.training.datasets.state import LABELS as LABEL_RECORDS

Indices = NDArray[np.int64]
Pixels = NDArray[np.uint8]


class TrainingDataset:
    """A dataset in its folder, finished or not. Raises NotFound where there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan: Plan = load_plan(folder)

    @property
    def labels(self) -> list[str] | None:
        """The labels in index order; None for generic datasets, and while they are not known."""
        path = self.folder / LABELS
        return stored_labels(path) if path.is_file() else None

    @property
    def mean(self) -> NDArray[np.uint8] | None:
        """The mean of the training images, (H, W, C); None where there is none, or none yet."""
        return load_mean(self.folder)

    def state(self, name: str) -> SetState | None:
        """How far the set "train", "val" or "test" is; None where nothing of it is committed."""
        return load_state(set_folder(self.folder, name))

    def records(self, name: str, kind: str = FEATURES) -> Records:
        """The images of a finished set, or with `kind` "labels" its labels where these are arrays.

        Raises BadInput for a set that is not there or not finished.
        """
        state = self.state(name) if name in self.plan.sets else None
        stored = None if state is None else {FEATURES: state.features, LABEL_RECORDS: state.labels}.get(kind)
        if state is None or not state.done or stored is None:
            raise BadInput(
                f"There is no finished set {name[:80]!r} with {kind[:80]}. Wait until the dataset is done, "
                f"or choose one of {', '.join(self.plan.sets)}."
            )
        return Records(set_folder(self.folder, name) / kind, stored.count, stored.encoding, stored.dtype)

    def source(self, name: str) -> "SetSource":
        """A finished set as the training reads it; raises BadInput as `records`, or for images of several sizes."""
        state = self.state(name)
        targets = None if state is None or state.labels is None else self.records(name, LABEL_RECORDS)
        return SetSource(self.records(name), targets, self.labels)


class SetSource:
    """Pictures of one size with their targets: a `training.source.Source`. For any thread.

    Args:
        records: the pictures.
        targets: arrays that are labels; None for class indices.
        labels: the classes in index order; None where targets are arrays.
    """

    def __init__(self, records: Records, targets: Records | None, labels: list[str] | None) -> None:
        self.labels = labels
        self._records, self._targets = records, targets
        for each in (records, *([targets] if targets else [])):
            check_one_shape(each)
        self._pixels, self._classes = records.array(), None if targets else records.labels.astype(np.int64)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of every picture."""
        height, width, channels = self._records.shape(0)
        return channels, height, width

    def __len__(self) -> int:
        return len(self._records)

    def batch(self, indices: Indices) -> tuple[Pixels, NDArray[Any]]:
        """Pictures (B, H, W, C) uint8, and targets: (B,) int64 classes, (B, K) float32 of numbers, or
        (B, C, H, W) float32 of images."""
        pixels = _taken(self._records, indices) if self._pixels is None else np.asarray(self._pixels[indices])
        if self._targets is None:
            assert self._classes is not None
            return pixels, self._classes[indices]
        values = _taken(self._targets, indices).astype(np.float32)
        if values.shape[1:3] == (1, 1):
            return pixels, values.reshape(len(values), -1)
        return pixels, np.ascontiguousarray(values.transpose(0, 3, 1, 2))

    def close(self) -> None:
        """Close the files."""
        self._records.close()
        if self._targets is not None:
            self._targets.close()


def check_one_shape(records: Records) -> None:
    """Raise BadInput where records differ in their shapes."""
    for side in ("height", "width", "channels"):
        if len(records) and (records.rows[side] != records.rows[side][0]).any():
            raise BadInput(
                "The pictures of this dataset differ in size or channels, and a training takes one size only. "
                "Create the dataset with dsopts_force_same_shape=1 from pictures of one size."
            )


def _taken(records: Records, indices: Indices) -> NDArray[Any]:
    return np.stack([records[int(index)] for index in indices])
