"""Clusters of features: HDBSCAN, made to leave little out, and bounded in time and memory for any number of images.

Campello, Moulavi, Sander: Density-Based Clustering Based on Hierarchical Density Estimates, 2013; as in scikit-learn.

HDBSCAN on features as they are calls most images noise: distances in many dimensions hardly differ. Of 1797 handwritten
digits (256 features) it left out 40 to 80 per cent, whatever the number of components and the scale of each. So
1. rows are scaled to unit length, because neighbours are by cosine, and projected to 50 principal components;
2. each becomes the mean of itself and its 15 nearest rows (of fewer than 300 images, a twentieth of them), which draws
   groups together and apart from each other (one step of mean shift: Fukunaga, Hostetler, 1975); with it 11 per cent of
   the digits are left out, in 13 clusters;
3. HDBSCAN finds clusters of these;
4. an image left out joins the cluster that holds more than half of its 15 nearest: 8 per cent stay out, and 92 per cent
   of the others are in a cluster where most have their label. Of 1000 photographs, one for each class of ImageNet, 51 per
   cent stay out, and rightly so;
5. an image that is twice as far from its nearest as half of its cluster are from theirs is like no other, and leaves it:
   steps 2 and 4 would give it to somebody.

Above `MOST_EXACT` images this is done with a random sample of so many, and the others join by steps 4 and 5.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers.base import Float32, Floats, one_blas_thread
from embedding_explorer.reducers.knn import nearest
from embedding_explorer.reducers.pca import FittedPca, fit_pca

NOISE = -1
# Images that are all compared with each other: 20 000 take about half a minute of one core, and the time is quadratic.
MOST_EXACT = 20_000
# Rows that the principal components are fitted on: more do not change the leading ones.
PCA_ROWS = 5_000
COMPONENTS = 50
NEIGHBORS = 15
# Of few images the 15 nearest would reach into other groups.
SHARE, FEWEST_NEIGHBORS = 20, 2
SEED = 0
# How much farther from its nearest than the median of its cluster an image may be.
REACH = 2.0
# Of rows of unit length.
DECIMALS = 4
# Fewer images than this make no cluster unless asked for.
LEAST = 5
# Features in memory at once.
CHUNK_BYTES = 32 << 20
SEARCH_ROWS = 1024

Labels = NDArray[np.int32]
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of N rows.

    Attributes:
        labels: (N,) int32, 0 for the largest cluster and so on, `NOISE` for none.
        params: How they were made; JSON values.
    """

    labels: Labels
    params: dict[str, Any]


class Nearby(NamedTuple):
    """The nearest rows of M queries: their numbers (M, k), and their mean distance (M,)."""

    rows: NDArray[np.int64]
    distances: Float32


class Space(NamedTuple):
    """Where a sample was clustered: its axes, its components, its labels, and how far each cluster reaches."""

    pca: FittedPca
    leading: Float32
    known: Labels
    reach: Float32
    neighbors: int


def default_least(count: int) -> int:
    """The smallest cluster of `count` images unless somebody asks for another: a little under the root."""
    return max(LEAST, round(0.8 * math.sqrt(count)))


def find_clusters(features: Floats, least: int, report: Report) -> Clusters:
    """Find clusters of at least about `least` rows among features (N, D).

    The same features give the same clusters. Time is bounded by `MOST_EXACT` squared and N times `MOST_EXACT`, memory by
    `CHUNK_BYTES` and the components of the sample.

    Args:
        features: Finite; may be memory-mapped.
        least: 2 or more; of a sample, its share.
        report: Called with a stage, what is done of it and the total; what it raises ends the work.

    Raises:
        BadInput: The features are not finite.
    """
    sample = sampled(len(features))
    neighbors = min(NEIGHBORS, max(FEWEST_NEIGHBORS, len(sample) // SHARE))
    params = describe(len(features), len(sample), least, neighbors)
    smallest = max(2, round(least * len(sample) / len(features)))
    if len(sample) < 2 * smallest:  # a single cluster is none
        return Clusters(np.full(len(features), NOISE, np.int32), params | {"assigned": 0})
    pca = fitted(features, sample)
    leading = np.concatenate([pca.project(rows) for _, rows in unit_chunks(features, sample)])
    near = nearby(leading, leading, counted(report, "neighbors", len(sample)), neighbors, own=True)
    report("clusters", 0, 1)
    found = hdbscan(smoothed(leading, near.rows), smallest)
    report("clusters", 1, 1)
    known = joined(found, found, near)
    reach = reaches(known, near)
    labels = np.full(len(features), NOISE, np.int32)
    labels[sample] = within(known, near, reach)
    if len(sample) < len(features):
        join_others(features, labels, sample, Space(pca, leading, known, reach, neighbors), report)
    return Clusters(by_size(labels), params | {"assigned": int((labels >= 0).sum() - (found >= 0).sum())})


def sampled(count: int) -> NDArray[np.int64]:
    """Numbers of the rows that are compared with each other, ascending."""
    if count <= MOST_EXACT:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).choice(count, MOST_EXACT, replace=False))


def describe(count: int, sample: int, least: int, neighbors: int) -> dict[str, Any]:
    """What is to be known of the making."""
    return {
        "method": "HDBSCAN",
        "min_cluster_size": least,
        "components": COMPONENTS,
        "neighbors": neighbors,
        "sample": sample if sample < count else None,
        "seed": SEED,
        "scikit_learn": version("scikit-learn"),
    }


def fitted(features: Floats, sample: NDArray[np.int64]) -> FittedPca:
    """Principal components of rows scaled to unit length."""
    rows = sample[:: -(-len(sample) // PCA_ROWS)]
    dimension: int = features.shape[1]

    def chunks() -> Iterator[Float32]:
        return (unit for _, unit in unit_chunks(features, rows))

    return fit_pca(chunks, count=len(rows), dimension=dimension, components=COMPONENTS)


def unit_chunks(features: Floats, rows: NDArray[np.int64]) -> Iterator[tuple[slice, Float32]]:
    """Some rows of (N, D) scaled to unit length, a few at a time, with their places in `rows`; zero rows stay.

    Raises BadInput for what is not finite.
    """
    step = max(1, CHUNK_BYTES // (4 * features.shape[1]))
    for start in range(0, len(rows), step):
        part = features[rows[start : start + step]].astype(np.float32)
        lengths = np.sqrt(np.vecdot(part, part))[:, None]
        if not np.isfinite(lengths).all():
            raise BadInput("The features hold infinite or undefined numbers, so there are no distances.")
        np.divide(part, lengths, out=part, where=lengths > 0)
        yield slice(start, start + len(part)), part


def nearby(queries: Float32, rows: Float32, report: Callable[[int], None], k: int, *, own: bool = False) -> Nearby:
    """The k rows (N, K) nearest to queries (M, K); `own`: these are the rows, and do not find themselves."""
    found, distances = np.empty((len(queries), k), np.int64), np.empty(len(queries), np.float32)
    for start in range(0, len(queries), SEARCH_ROWS):
        part = slice(start, min(start + SEARCH_ROWS, len(queries)))
        numbers = np.arange(part.start, part.stop) if own else None
        with one_blas_thread():
            found[part], away = nearest(queries[part], rows, k, exclude=numbers)
        distances[part] = away.mean(axis=1)
        report(part.stop)
    return Nearby(found, distances)


def smoothed(leading: Float32, near: NDArray[np.int64]) -> Float32:
    """Each row (N, K) as the mean of itself and its nearest (N, k)."""
    total = leading.copy()
    for column in near.T:
        total += leading[column]
    total /= near.shape[1] + 1
    # Copies of a picture differ by rounding, of which clusters must not be made.
    return np.round(total, DECIMALS)


def hdbscan(rows: Float32, least: int) -> Labels:
    """Labels (N,) of HDBSCAN, `NOISE` for none."""
    from sklearn.cluster import HDBSCAN

    # The tree of distances is built row by row: "brute" would hold all of them, 3 GB for 20 000 rows.
    model = HDBSCAN(min_cluster_size=least, min_samples=1, algorithm="kd_tree", copy=True)
    with one_blas_thread():
        labels: Labels = model.fit_predict(rows).astype(np.int32)
    return labels


def joined(labels: Labels, known: Labels, near: Nearby) -> Labels:
    """Labels (M,), where those without one have that of more than half of their nearest, whose are `known` (N,)."""
    result, open_rows = labels.copy(), np.flatnonzero(labels < 0)
    k = near.rows.shape[1]
    votes = np.sort(known[near.rows[open_rows]], axis=1)
    # Sorted, the one that has more than half is in the middle.
    middle = votes[:, k // 2]
    has_most = 2 * (votes == middle[:, None]).sum(axis=1) > k
    result[open_rows] = np.where(has_most, middle, NOISE)
    return result


def reaches(labels: Labels, near: Nearby) -> Float32:
    """How far from their nearest the images of each cluster may be: (clusters,)."""
    medians = [np.median(near.distances[labels == n]) for n in range(labels.max() + 1)]
    return np.array([REACH * median + 10.0**-DECIMALS for median in medians], np.float32)


def within(labels: Labels, near: Nearby, reach: Float32) -> Labels:
    """Labels (M,) of those that are within reach of their cluster."""
    limits = np.append(reach, np.inf)[labels]  # NOISE is -1, the last
    return np.where(near.distances <= limits, labels, NOISE).astype(np.int32)


def join_others(features: Floats, labels: Labels, sample: NDArray[np.int64], space: Space, report: Report) -> None:
    """Label the rows outside of the sample, in place."""
    others = np.setdiff1d(np.arange(len(features)), sample, assume_unique=True)
    for place, rows in unit_chunks(features, others):
        told = counted(report, "assign", len(others), place.start)
        near = nearby(space.pca.project(rows), space.leading, told, space.neighbors)
        open_rows = np.full(len(rows), NOISE, np.int32)
        labels[others[place]] = within(joined(open_rows, space.known, near), near, space.reach)


def counted(report: Report, stage: str, total: int, begun: int = 0) -> Callable[[int], None]:
    """What reports rows done of a stage, of which `begun` were done before."""
    return lambda done: report(stage, begun + done, total)


def by_size(labels: Labels) -> Labels:
    """The same clusters numbered by size, the largest 0."""
    sizes = np.bincount(labels[labels >= 0])
    numbers = np.empty(len(sizes) + 1, np.int32)
    numbers[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    numbers[NOISE] = NOISE
    return numbers[labels]
