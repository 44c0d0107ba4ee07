"""Keeping a map like an earlier one of the same pictures: it begins where that one ended, and is turned onto it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.images_table import ImagesTable
from embedding_explorer.datasets.matching import LEAST_MATCHES, NO_ROW, Rows, same_pictures
from embedding_explorer.datasets.parts import BuiltImage
from embedding_explorer.errors import Conflict
from embedding_explorer.reducers.base import Fitted, Float32
from embedding_explorer.reducers.knn import nearest
from embedding_explorer.reducers.procrustes import fit_turn


@dataclass(frozen=True)
class Alignment:
    """An earlier map, and the pictures of a new one that are on it.

    Attributes:
        previous: the earlier dataset.
        rows: (N,) its row for each image of the new one, NO_ROW where it has none.
    """

    previous: Dataset
    rows: Rows

    @cached_property
    def common(self) -> NDArray[np.int64]:
        """Images of the new map that the earlier one has."""
        return np.flatnonzero(self.rows != NO_ROW)

    def places(self, reducer: str) -> Float32:
        """Where the common images lie on the earlier map."""
        return np.asarray(self.previous.reduction(reducer)[self.rows[self.common]])

    def start(self, reducer: str, leading: Float32) -> Float32 | None:
        """A layout (N, 3) to begin at: new images begin where those most like them are. None without an earlier map."""
        if reducer not in self.previous.reducers:
            return None
        start = np.empty((len(self.rows), 3), np.float32)
        start[self.common] = self.places(reducer)
        new = np.flatnonzero(self.rows == NO_ROW)
        if len(new):
            likest, _ = nearest(leading[new], leading[self.common], 1)
            start[new] = start[self.common[likest[:, 0]]]
        return start

    def turned(self, reducer: str, fitted: Fitted) -> Fitted:
        """A new map, turned onto the earlier one."""
        if reducer not in self.previous.reducers:
            return fitted
        return fitted.turned(fit_turn(fitted.points[self.common], self.places(reducer)))

    def to_json(self) -> dict[str, Any]:
        """What the manifest says of it with each reducer."""
        return {"aligned_to": self.previous.id, "aligned_images": len(self.common)}


def align(previous: Dataset, images: Sequence[BuiltImage]) -> Alignment:
    """Match new images with those of an earlier dataset; raises Conflict where too few are the same pictures."""
    rows = ((i.file, str(i.width), str(i.height), "", "", "") for i in images)
    found = Alignment(previous, same_pictures(ImagesTable(rows), previous.images))
    if len(found.common) < LEAST_MATCHES:
        raise Conflict(
            f"The map cannot be aligned to {previous.manifest.name!r}, which has {len(found.common)} of its pictures; "
            f"at least {LEAST_MATCHES} are needed. Leave `align` out, or name a dataset of the same pictures.",
            matched=len(found.common),
        )
    return found
