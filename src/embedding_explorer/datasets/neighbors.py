"""Nearest images of an image, by exact cosine distance of their features."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.errors import BadInput, LimitExceeded, SpaceMismatch
from embedding_explorer.reducers.knn import nearest

# A page shows some dozens; an answer of more than this is a job for the export.
MAX_NEIGHBORS = 1000


class Neighbor(NamedTuple):
    """One image near another: its number, its cosine distance from 0 to 2, its file name."""

    index: int  # type: ignore[assignment]  # tuple.index gives way, as in namedtuple
    distance: float
    file: str


def neighbors(dataset: Dataset, index: int, k: int) -> list[Neighbor]:
    """The `k` images nearest to image `index`, without itself, nearest first.

    Raises ImageNotFound, NoFeatures, or BadInput and LimitExceeded for `k`.
    """
    dataset.check_index(index)
    features = dataset.features()
    return _nearest(dataset, features[index], k, exclude=index)


def neighbors_of(dataset: Dataset, vector: ArrayLike, k: int) -> list[Neighbor]:
    """The `k` images nearest to a picture with the features `vector` (D,), nearest first.

    Raises NoFeatures, SpaceMismatch for another dimension than the dataset's, BadInput for numbers that are not
    finite, or BadInput and LimitExceeded for `k`.
    """
    query = np.asarray(vector, np.float32)
    dimension = dataset.features().shape[1]
    if query.shape != (dimension,):
        raise SpaceMismatch(f"The picture's features have shape {query.shape}, the dataset's dimension is {dimension}.")
    return _nearest(dataset, query, k, exclude=None)


def check_k(k: int) -> None:
    """Raise BadInput or LimitExceeded unless `k` is from 1 to `MAX_NEIGHBORS`."""
    if k < 1:
        raise BadInput(f"k={k} asks for no neighbors. Ask for 1 to {MAX_NEIGHBORS}.", k=k)
    if k > MAX_NEIGHBORS:
        raise LimitExceeded(f"k={k} is over the limit of {MAX_NEIGHBORS} neighbors.", limit=MAX_NEIGHBORS, k=k)


def _nearest(dataset: Dataset, query: NDArray[np.floating], k: int, *, exclude: int | None) -> list[Neighbor]:
    check_k(k)
    queries = np.asarray(query, np.float32)[None]
    excluded = None if exclude is None else np.array([exclude])
    indices, distances = nearest(queries, dataset.features(), k, metric="cosine", exclude=excluded)
    files = dataset.images.file
    found = zip(indices[0].tolist(), distances[0].tolist(), strict=True)
    return [Neighbor(index, distance, files[index]) for index, distance in found]
