"""The steps of UMAP, by the building blocks of umap-learn: the only module that touches that library.

`umap.UMAP` itself would do, but for three things: it compiles much that is not needed here, warns where there is nothing
to mend, and transforms new rows only with objects that must be pickled.
"""

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.processes import allowed_cpus
from embedding_explorer.reducers.base import Float32, Progress, first_three, one_blas_thread
from embedding_explorer.reducers.knn import nearest

# umap-learn's own choices: where a set counts as small, the epochs of a fit and of a transform of it or of more, and
# what its optimizer takes. But for one: a small fit takes 500 epochs there. 300 take 0.25 s less for 1000 pictures, and
# of the neighbours of digits, photos and CIFAR-10 lose 0.003 to 0.006, about what another seed changes.
SMALL = 10_000
FIT_EPOCHS = 300, 200
TRANSFORM_EPOCHS = 100, 30
LEARNING_RATE = 1.0
# Where a layout goes on from another one. On digits whose features changed a little, images then move 0.9 instead of 1.4
# by full steps (and 2.8 from a start of its own; all after turning), while trustworthiness is 0.990 instead of 0.987;
# begun at places drawn by chance, it is as good as by full steps.
CONTINUED_RATE = 0.1
REPULSION = 1.0
NEGATIVE_SAMPLES = 5
SEED_RANGE = np.iinfo(np.int32).min + 1, np.iinfo(np.int32).max - 1
TRANSFORM_SEED = 42

# From here on the eigenvectors of the graph are the start; for fewer rows the solver has too little room.
FEWEST_SPECTRAL = 32

# Rows whose neighbours are searched between two looks at the progress callback.
SEARCH_ROWS = 4096


@cache
def library() -> Any:
    """Import umap-learn and have numba keep its machine code on disk: the module `umap.umap_`.

    umap-learn does not ask for that itself, and compiles for six seconds in every process. The parallel optimizer must
    not be kept: numba would file it under the same name as the sequential one, and load the one for the other.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # it misses TensorFlow, for a part that is not used here
        from umap import layouts, umap_

    optimizer = getattr(layouts, "_nb_optimize_layout_euclidean_single_epoch", None)
    for function in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, optimizer):
        if function is not None:
            function.enable_caching()
    return umap_


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Keep numba to so many threads, None for as many as it likes, and BLAS to one."""
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(count or before)
    try:
        with one_blas_thread():
            yield
    finally:
        numba.set_num_threads(before)


def curve(min_dist: float) -> Float32:
    """Fit the two numbers, `a` and `b`, of the curve that keeps points `min_dist` apart: (2,).

    float32 and not float64 saves a sixth of a fit's time: the optimizer's powers are then float32. Over ten seeds and
    1000 pictures each of digits, photos and CIFAR-10, trustworthiness and neighbours kept are the same within 0.001.
    """
    return np.asarray(library().find_ab_params(1.0, min_dist), dtype=np.float32)


def embed(
    rows: Float32,
    *,
    neighbors: int,
    epochs: int,
    curve: Float32,
    random: np.random.RandomState,
    parallel: bool,
    progress: Progress,
    start: Float32 | None = None,
    dimensions: int = 3,
) -> tuple[Float32, str]:
    """Lay rows (N, K) out in two or three dimensions.

    Returns:
        The points (N, dimensions), and the name of the start they came from: "spectral", "pca", or "given" for `start`.
    """
    indices, distances = _neighbors(rows, neighbors, parallel, lambda: progress(0, epochs))
    graph, _, _ = library().fuzzy_simplicial_set(
        rows, neighbors, random, "euclidean", knn_indices=indices, knn_dists=distances
    )
    # As umap-learn does before it computes the start: drop the edges that no epoch would sample.
    graph.data[graph.data < graph.data.max() / epochs] = 0
    graph.eliminate_zeros()
    if start is not None and np.isfinite(start).all():
        return _continued(start, graph, epochs, curve, random, parallel, progress), "given"
    name, begin = _start(rows, graph, random, dimensions)
    points, _ = library().simplicial_set_embedding(
        data=rows,
        graph=graph,
        n_components=dimensions,
        initial_alpha=LEARNING_RATE,
        a=curve[0],
        b=curve[1],
        gamma=REPULSION,
        negative_sample_rate=NEGATIVE_SAMPLES,
        n_epochs=epochs,
        init=begin,
        random_state=random,
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=parallel,
        tqdm_kwds=_counted(progress, epochs),
    )
    return points, name


def place(rows: Float32, leading: Float32, points: Float32, *, neighbors: int, curve: Float32) -> Float32:
    """Place rows (M, K) among the points (N, 3) of fitted ones (N, K): (M, 3).

    Follows `umap.UMAP.transform` of umap-learn 0.5.12 step by step, with exact neighbours, seeded and sequential.
    """
    epochs = TRANSFORM_EPOCHS[len(rows) > SMALL]
    found, distances = nearest(rows, leading, neighbors)
    sigmas, rhos = library().smooth_knn_dist(distances, float(neighbors), local_connectivity=0.0)
    heads, tails, strengths, _ = library().compute_membership_strengths(
        found.astype(np.int32), distances, sigmas, rhos, bipartite=True
    )
    sampled = strengths >= strengths.max() / epochs
    placed: Float32 = library().optimize_layout_euclidean(
        head_embedding=_means(found, strengths.reshape(found.shape), points),
        tail_embedding=points.copy(),
        head=heads[sampled],
        tail=tails[sampled],
        n_epochs=epochs,
        n_vertices=len(points),
        epochs_per_sample=library().make_epochs_per_sample(strengths[sampled], epochs),
        a=curve[0],
        b=curve[1],
        rng_state=np.random.RandomState(TRANSFORM_SEED).randint(*SEED_RANGE, 3).astype(np.int64),
        gamma=REPULSION,
        initial_alpha=LEARNING_RATE / 4,
        negative_sample_rate=NEGATIVE_SAMPLES,
    )
    return placed


def _neighbors(rows: Float32, k: int, parallel: bool, look: Callable[[], None]) -> tuple[NDArray[np.int32], Float32]:
    """Give the indices and distances (N, k) of each row's nearest, itself first."""
    own = np.arange(len(rows))
    indices, distances = np.empty((len(rows), k), np.int32), np.zeros((len(rows), k), np.float32)
    indices[:, 0] = own

    def search(part: slice) -> None:
        indices[part, 1:], distances[part, 1:] = nearest(rows[part], rows, k - 1, exclude=own[part])

    pool = ThreadPoolExecutor(allowed_cpus() if parallel else 1)
    try:
        for _ in pool.map(search, [slice(start, start + SEARCH_ROWS) for start in range(0, len(rows), SEARCH_ROWS)]):
            look()
    finally:
        pool.shutdown(cancel_futures=True)
    return indices, distances


def _continued(
    start: Float32,
    graph: Any,
    epochs: int,
    curve: Float32,
    random: np.random.RandomState,
    parallel: bool,
    progress: Progress,
) -> Float32:
    """Lay out a graph from a given layout on: (N, 3).

    `simplicial_set_embedding` would stretch that to a cube of side 10 first, and its full steps forget where it began.
    """
    edges = graph.tocoo()
    edges.sum_duplicates()
    points = np.array(start, np.float32, order="C")
    laid: Float32 = library().optimize_layout_euclidean(
        head_embedding=points,
        tail_embedding=points,
        head=edges.row,
        tail=edges.col,
        n_epochs=epochs,
        n_vertices=len(points),
        epochs_per_sample=library().make_epochs_per_sample(edges.data, epochs),
        a=curve[0],
        b=curve[1],
        rng_state=random.randint(*SEED_RANGE, 3).astype(np.int64),
        gamma=REPULSION,
        initial_alpha=CONTINUED_RATE,
        negative_sample_rate=NEGATIVE_SAMPLES,
        parallel=parallel,
        tqdm_kwds=_counted(progress, epochs),
        move_other=True,
    )
    return laid


def _start(rows: Float32, graph: Any, random: np.random.RandomState, dimensions: int) -> tuple[str, Float32]:
    """Give a start of the layout (N, dimensions) and its name: eigenvectors of the graph where it is in one piece.

    For a graph in several, umap-learn lays each out by itself; the principal components keep their places to each
    other, and are at hand.
    """
    from scipy.sparse.csgraph import connected_components

    if len(rows) >= FEWEST_SPECTRAL and connected_components(graph, directed=False, return_labels=False) == 1:
        with warnings.catch_warnings(), suppress(UserWarning):
            # umap-learn warns when the solver does not converge, and goes on with random numbers.
            warnings.simplefilter("error", UserWarning)
            layout = library().spectral_layout(rows, graph, dimensions, random, metric="euclidean")
            return "spectral", library().noisy_scale_coords(layout, random)
    axes = np.ascontiguousarray(first_three(rows)[:, :dimensions])
    if not axes.any():
        axes[:] = random.normal(size=axes.shape)
    return "pca", library().noisy_scale_coords(axes, random)


class _EpochCounter:
    """The file that tqdm writes to: each write is the number of epochs done."""

    def __init__(self, progress: Progress, epochs: int) -> None:
        self.progress, self.epochs, self.silent = progress, epochs, False

    def write(self, text: str) -> None:
        """Report a count; after an exception, which ends the fit, say nothing while tqdm closes."""
        if text.strip().isdigit() and not self.silent:
            self.silent = True
            self.progress(int(text), self.epochs)
            self.silent = False

    def flush(self) -> None:
        """Do nothing; tqdm asks for it."""


def _counted(progress: Progress, epochs: int) -> dict[str, Any]:
    """Give umap-learn's `tqdm_kwds` that make each epoch known."""
    file = _EpochCounter(progress, epochs)
    return {"disable": False, "file": file, "bar_format": "{n}", "mininterval": 0, "miniters": 1}


def _means(found: NDArray[np.int64], strengths: Float32, points: Float32) -> Float32:
    """Average the neighbours' points by strength; a row that equals a fitted one starts at its point: (M, 3).

    Sums run in the order of `umap_.init_graph_transform`, because the optimizer takes its random numbers from the bits
    of these coordinates.
    """
    order = np.argsort(found, axis=1)
    found, strengths = np.take_along_axis(found, order, axis=1), np.take_along_axis(strengths, order, axis=1)
    totals = strengths.sum(axis=1)
    means = np.zeros((len(found), 3), dtype=np.float32)
    for neighbor, column in zip(found.T, strengths.T, strict=True):
        means += (column / totals)[:, None] * points[neighbor]
    equal = (strengths == 1).any(axis=1)
    means[equal] = points[found[equal, (strengths[equal] == 1).argmax(axis=1)]]
    return means
