"""How alike two sets of distances between the same images are: shared neighbours, trustworthiness and continuity.

Trustworthiness and continuity: J. Venna and S. Kaski, Neighborhood preservation in nonlinear projection methods, 2001.
Imports numpy alone: the web process computes with it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.reducers.base import Float32, Float64, Floats
from embedding_explorer.reducers.knn import Indices

# Columns of features that are widened at once.
PART = 256
# Rows whose neighbours are sorted at once.
BLOCK = 256

Distances = Callable[[Floats, Indices], Float64]


class Ranked(NamedTuple):
    """The neighbours of S images among each other.

    ranks: (S, S) uint16; at [i, j] which neighbour of i image j is, from 1; 0 is the image itself. nearest: (S, k)
    int64, the k nearest of each, nearest first.
    """

    ranks: NDArray[np.uint16]
    nearest: NDArray[np.int64]


def cosine(vectors: Floats, rows: Indices) -> Float64:
    """Cosine distances (S, S) between some rows; as in `knn`, a zero row is 1 from others and 0 from zero rows."""
    products = products_of(vectors, rows)
    lengths = np.sqrt(products.diagonal())
    zero = np.flatnonzero(lengths == 0)
    lengths[zero] = 1
    products /= lengths
    products /= lengths[:, None]
    products[np.ix_(zero, zero)] = 1
    return np.asarray(np.subtract(1, products, out=products))


def euclidean(vectors: Floats, rows: Indices) -> Float64:
    """Squared Euclidean distances (S, S) between some rows; their order is that of the distances."""
    products = products_of(vectors, rows)
    squares = products.diagonal().copy()
    products *= -2
    products += squares
    products += squares[:, None]
    return products


def products_of(vectors: Floats, rows: Indices) -> Float64:
    """Scalar products (S, S) between some rows (S,) of vectors (N, D), without a wide copy of all of these."""
    products = np.zeros((len(rows), len(rows)))
    for start in range(0, vectors.shape[1], PART):
        part = vectors[rows, start : start + PART].astype(np.float64)
        products += part @ part.T
    return products


def ranked(distances: Float64, k: int) -> Ranked:
    """Rank the neighbours of S <= 65536 images by distances (S, S); those equal as float32 are in order of index."""
    count = len(distances)
    ranks = np.empty((count, count), np.uint16)
    nearest = np.empty((count, k), np.int64)
    places = np.arange(count, dtype=np.uint16)
    for start in range(0, count, BLOCK):
        rows = slice(start, min(start + BLOCK, count))
        order = order_of(distances[rows], start)
        nearest[rows] = order[:, 1 : k + 1]
        np.put_along_axis(ranks[rows], order, places[None], axis=1)
    return Ranked(ranks, nearest)


def order_of(distances: Float64, first: int) -> NDArray[np.int64]:
    """Images by distance from images `first` on (B, S), each itself in front, equal ones in order of index."""
    # Distances have no sign, so their bits above an index sort by distance and then by index, and fast.
    keys = np.maximum(distances, 0).astype(np.float32).view(np.uint32).astype(np.uint64)
    keys += 1
    own = np.arange(len(keys))
    keys[own, first + own] = 0
    keys <<= np.uint64(32)
    keys |= np.arange(keys.shape[1], dtype=np.uint64)
    keys.sort(axis=1)
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def shared_neighbours(one: Ranked, other: Ranked) -> Float32:
    """Share (S,) of the k nearest neighbours of each image that are the same in both."""
    k = one.nearest.shape[1]
    places = np.take_along_axis(other.ranks, one.nearest, axis=1)
    return np.asarray((places <= k).mean(axis=1), np.float32)


def trustworthiness(space: Ranked, layout: Ranked) -> float:
    """Whether neighbours in the layout are neighbours in space, 0 to 1; k must be below S / 2."""
    return preserved(space, layout.nearest)


def continuity(space: Ranked, layout: Ranked) -> float:
    """Whether neighbours in space are neighbours in the layout, 0 to 1; k must be below S / 2."""
    return preserved(layout, space.nearest)


def preserved(truth: Ranked, claimed: NDArray[np.int64]) -> float:
    """One less the mean of how far beyond the k-th neighbour claimed neighbours (S, k) are, in parts of the worst."""
    count, k = claimed.shape[0], claimed.shape[1]
    beyond = np.take_along_axis(truth.ranks, claimed, axis=1).astype(np.int64) - k
    worst = count * k * (2 * count - 3 * k - 1) / 2
    return float(1 - beyond[beyond > 0].sum() / worst)
