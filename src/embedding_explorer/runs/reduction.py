"""The points of an embedding in a few dimensions, for drawing (contract, 7.6). Heavy packages load when they are needed.

t-SNE: van der Maaten, Hinton: Visualizing Data using t-SNE, 2008; computed by openTSNE (Poličar, Stražar, Zupan, 2019).
UMAP is this project's own addition to the contract's two methods.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadLogParameter
from embedding_explorer.reducers.base import no_progress, one_blas_thread
from embedding_explorer.reducers.knn import nearest

Float64 = NDArray[np.float64]
MOST_ROWS = 1000  # what follows is left out
PCA, TSNE, UMAP = "pca", "tsne", "umap"
DRAWN = (2, 3)
MOST_DIMS = 4000  # of principal components; more than 999 of 1000 rows are zeros
FEWEST = 4  # rows; fewer have no neighbourhoods
PERPLEXITY, FEW = 25, 100
SEED = 42
# Of 1000 digits, the library's 250 + 500 iterations at 0.5 take 5 s of a core in two dimensions and 11 s in three; these
# take 1.5 and 2 s, and trustworthiness (10 neighbours) is 0.993 instead of 0.992.
EXAGGERATED, ITERATIONS, THETA = 100, 400, 0.8
EPSILON = float(np.finfo(np.float64).eps)
START_SPREAD = 1e-4  # standard deviation of the first column at the start, as t-SNE's authors have it
UMAP_COMPONENTS = 50
UMAP_NEIGHBORS, UMAP_MIN_DIST, UMAP_EPOCHS = 15, 0.1, 500


def check_method(method: str, reducer: str = "") -> str:
    """The method in lower case; raises BadLogParameter unless it is one of the contract's.

    The contract refuses any other `method`, so UMAP is asked for beside it: `reducer=umap` overrides it.
    """
    if method.lower() not in (PCA, TSNE):
        raise BadLogParameter("Parameter error, 'method' must be pca or tsne")
    chosen = reducer.lower() or method.lower()
    if chosen not in METHODS:
        raise BadLogParameter(f"Parameter error, 'reducer' must be one of {', '.join(METHODS)}")
    return chosen


def check_dims(method: str, dims: int, columns: int) -> None:
    """Raise BadLogParameter unless rows of so many columns can be reduced to `dims`."""
    if method != PCA and dims not in DRAWN:
        raise BadLogParameter(f"Parameter error, 'dims' must be 2 or 3 for {method}")
    most = 3 if columns == 2 else min(columns, MOST_DIMS)
    if method == PCA and not 1 <= dims <= most:
        raise BadLogParameter(f"Parameter error, 'dims' must be from 1 to {most}: the embedding has {columns} columns")


def reduce(rows: NDArray[Any], method: str, dims: int) -> Float64:
    """Rows (N, M) as (N, dims); raises BadLogParameter. The same rows give the same numbers.

    NaN and infinities count as 0.
    """
    check_dims(method, dims, rows.shape[1])
    finite = np.nan_to_num(rows[:MOST_ROWS].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(np.abs(finite).max(initial=0.0)) or 1.0  # so that no square is too large or too small
    with one_blas_thread():
        return METHODS[method](finite / largest, dims) * (largest if method == PCA else 1.0)


def pca(rows: Float64, dims: int) -> Float64:
    """The leading principal components (N, dims), in order of decreasing variance; zeros beyond the rank."""
    points = np.zeros((len(rows), dims))
    if rows.size:
        found = principal(rows)[:, :dims]
        points[:, : found.shape[1]] = found
    return points


def principal(rows: Float64) -> Float64:
    """All principal components (N, rank) of rows (N, M), the largest entry of each positive.

    Of the centred rows U S V^T they are U S. What is no larger than rounding makes it is none of them, by the rule of
    `numpy.linalg.matrix_rank`; measured by the rows before they are centred: of equal rows nothing but rounding is left.
    """
    vectors, sizes = left_singular(rows - rows.mean(axis=0))
    rank = np.count_nonzero(sizes > EPSILON * max(rows.shape) * np.linalg.norm(rows))
    found = vectors[:, :rank] * sizes[:rank]
    signs: Float64 = np.sign(found[np.abs(found).argmax(axis=0), np.arange(rank)])
    return found * signs


def left_singular(rows: Float64) -> tuple[Float64, Float64]:
    """Left singular vectors (N, K) and singular values (K), in descending order, of rows (N, M); K = min(N, M).

    Of more columns than rows, those of the triangle L in rows = L Q, which is smaller. The eigenvectors of rows rows^T
    would be quicker, and wrong for components below 1e-8 of the first, as the product squares them.
    """
    turned: Any = np.linalg.qr(rows.T, mode="r") if rows.shape[1] > len(rows) else rows.T
    vectors, sizes, _ = np.linalg.svd(turned.T, full_matrices=False)
    return vectors, sizes


def tsne(rows: Float64, dims: int) -> Float64:
    """t-SNE from the principal components, seeded; of fewer than four rows those components themselves."""
    if len(rows) < FEWEST:
        return pca(rows, dims)
    from openTSNE import TSNE as OpenTSNE

    components = pca(rows, max(min(rows.shape), dims))  # distances are the same, and there are fewer columns
    fitted = OpenTSNE(
        n_components=dims,
        early_exaggeration_iter=EXAGGERATED,
        n_iter=ITERATIONS,
        theta=THETA,
        negative_gradient_method="bh",
        n_jobs=1,
        random_state=SEED,
    ).fit(affinities=affinities(components), initialization=start(components, dims))
    return np.asarray(fitted, dtype=np.float64)


def affinities(components: Float64) -> Any:
    """How near the rows are to each other, as t-SNE has it.

    The neighbours are ours: openTSNE's search compiles an approximate one, which takes half a minute, before it decides
    on the exact one.
    """
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    count = len(components)
    perplexity = PERPLEXITY if count >= FEW else max(count // 4, 1)
    found, distances = nearest(components, components, min(3 * perplexity, count - 1), exclude=np.arange(count))
    index = PrecomputedNeighbors(found, distances.astype(np.float64))
    return PerplexityBasedNN(knn_index=index, perplexity=perplexity, n_jobs=1)


def start(components: Float64, dims: int) -> Float64:
    """Where t-SNE begins: the leading components, shaken so that equal points part."""
    spread = components[:, 0].std() or 1.0
    shaken = np.random.default_rng(SEED).normal(scale=0.01, size=(len(components), dims))
    made: Float64 = (components[:, :dims] / spread + shaken) * START_SPREAD
    return made


def umap(rows: Float64, dims: int) -> Float64:
    """UMAP on the leading principal components, seeded; of fewer than four rows those components themselves."""
    if len(rows) < FEWEST:
        return pca(rows, dims)
    from embedding_explorer.reducers import umap_learn

    components = pca(rows, max(min(*rows.shape, UMAP_COMPONENTS), dims))
    with umap_learn.threads(1):
        points, _ = umap_learn.embed(
            np.ascontiguousarray(components, dtype=np.float32),
            neighbors=min(UMAP_NEIGHBORS, len(rows) - 1),
            epochs=UMAP_EPOCHS,
            curve=umap_learn.curve(UMAP_MIN_DIST),
            random=np.random.RandomState(SEED),
            parallel=False,
            progress=no_progress,
            dimensions=dims,
        )
    return points.astype(np.float64)


METHODS: dict[str, Callable[[Float64, int], Float64]] = {PCA: pca, TSNE: tsne, UMAP: umap}
