"""Exact nearest rows by brute force, in bounded memory. Imports numpy alone: the web process searches with it."""

from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers.base import Float32, Float64, Floats

Metric = Literal["euclidean", "cosine"]
Indices = NDArray[np.integer[Any]]

# A block of rows as float32: it stays in the second-level cache of a core while it is widened, multiplied and normed.
BLOCK_BYTES = 1 << 20

# A block of distances (queries x rows), float32; whatever else a search holds is a small multiple of this.
DISTANCE_BYTES = 4 << 20

# A distance's bits above an index, so that one sort orders by distance and then by index; distances have no sign.
Keys = NDArray[np.uint64]
EMPTY = np.uint64(0x7F800000_FFFFFFFF)  # an infinite distance


def nearest(
    queries: Floats, rows: Floats, k: int, metric: Metric = "euclidean", exclude: Indices | None = None
) -> tuple[NDArray[np.int64], Float32]:
    """Find the k nearest rows of each query, exactly.

    Candidates come from float32 matrix products, with a bound on their rounding; their distances from float64. Equal
    distances are in order of index. The cosine distance of a zero row is 1, but 0 to another zero row.

    Args:
        queries: (M, K).
        rows: (N, K), finite, N < 2**32; float16 or float32, may be memory-mapped.
        k: Neighbours wanted; fewer come back where there are not as many rows.
        metric: "euclidean", or "cosine": 1 less the cosine, 0 to 2.
        exclude: (M,) index of a row that a query must not find, usually itself; -1 for none.

    Returns:
        Indices (M, k) int64 and distances (M, k) float32, ascending.

    Raises:
        BadInput: A query is not finite.
    """
    queries = np.asarray(queries, dtype=np.float32)
    if not np.isfinite(queries).all():
        raise BadInput("The features of the query hold infinite or undefined numbers.")
    k = max(0, min(k, len(rows) - (exclude is not None)))
    excluded = np.full(len(queries), -1) if exclude is None else exclude
    keys = np.empty((len(queries), k), dtype=np.uint64)
    step = max(1, DISTANCE_BYTES // (4 * _block_rows(rows)))
    for start in range(0, len(queries) if k else 0, step):
        part = slice(start, start + step)
        keys[part] = _search(METRICS[metric](queries[part]), rows, k, excluded[part])
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64), _distances(keys)


class _Queries(Protocol):
    """Some queries under a metric; an estimate is a float32 number that orders rows as their distance does."""

    def estimate(self, block: Float32) -> tuple[Float32, Float32]:
        """Give estimates (M, R) for a block of rows, and a bound on their rounding (M,)."""

    def estimate_of(self, distances: Float32) -> Float32:
        """Give the estimate (M,) that belongs to a distance from each query."""

    def measure(self, found: Indices, rows: Float32) -> Float64:
        """Give the distances (P,) of the queries numbered `found` (P,) to as many rows (P, K)."""


def _search(queries: _Queries, rows: Floats, k: int, excluded: Indices) -> Keys:
    """Give the keys (M, k) of the nearest rows, ascending."""
    best = np.full((len(excluded), k), EMPTY)
    for start, block in _blocks(rows, first=4 * k + 1):
        estimates, rounding = queries.estimate(block)
        own = np.flatnonzero((excluded >= start) & (excluded < start + len(block)))
        estimates[own, excluded[own] - start] = np.nan
        worst = _distances(best[:, -1])
        # The first k of identical rows are final: no later row is nearer, and those as near come after them.
        limits = np.where(worst > 0, queries.estimate_of(worst), -np.inf)
        if start == 0 and len(block) > k:
            limits = np.partition(estimates, k - 1)[:, k - 1]
        # Ten times as fast as np.nonzero of the table.
        found, columns = np.divmod(np.flatnonzero(estimates <= (limits + 2 * rounding)[:, None]), len(block))
        if len(found):
            _merge(best, found, _keys(_measure(queries, found, block, columns), columns + start))
    return best


def _measure(queries: _Queries, found: Indices, block: Float32, columns: Indices) -> Float32:
    """Give the distances (P,) between queries `found` and rows `columns` of a block, a few pairs at a time."""
    step = max(1, BLOCK_BYTES // (4 * block.shape[1]))
    parts = [slice(start, start + step) for start in range(0, len(found), step)]
    return np.concatenate([queries.measure(found[part], block[columns[part]]) for part in parts]).astype(np.float32)


def _merge(best: Keys, found: Indices, keys: Keys) -> None:
    """Put keys (P,) of the queries `found` (P,), ascending, among the best (M, k) of each."""
    touched, counts = np.unique(found, return_counts=True)
    k = best.shape[1]
    candidates = np.full((len(touched), k + counts.max()), EMPTY)
    candidates[:, :k] = best[touched]
    nth = np.arange(len(found)) - np.repeat(np.cumsum(counts) - counts, counts)
    candidates[np.repeat(np.arange(len(touched)), counts), k + nth] = keys
    candidates.sort(axis=1)
    best[touched] = candidates[:, :k]


def _keys(distances: Float32, indices: Indices) -> Keys:
    return distances.view(np.uint32).astype(np.uint64) << np.uint64(32) | indices.astype(np.uint64)


def _distances(keys: Keys) -> Float32:
    return (keys >> np.uint64(32)).astype(np.uint32).view(np.float32)


def _block_rows(rows: Floats) -> int:
    columns: int = rows.shape[1]
    return max(1, BLOCK_BYTES // (4 * max(1, columns)))


def _blocks(rows: Floats, first: int) -> Iterator[tuple[int, Float32]]:
    """Yield (number of the first row, rows as float32), in growing blocks so that few rows pass an early limit."""
    most = _block_rows(rows)
    buffer = np.empty((min(most, len(rows)), rows.shape[1]), dtype=np.int32)
    start, size = 0, min(first, most)
    while start < len(rows):
        part = rows[start : start + size]
        yield start, _widened(part, buffer[: len(part)])
        start, size = start + size, min(2 * size, most)


def _widened(rows: Floats, buffer: NDArray[np.int32]) -> Float32:
    """Give rows as float32; finite float16 ones by moving their bits, five times as fast as numpy's conversion.

    Sign, exponent and mantissa go to their places in the wider number; the product corrects the exponent's bias, for
    subnormal numbers too.
    """
    if rows.dtype != np.float16 or not rows.dtype.isnative:
        return np.asarray(rows, dtype=np.float32)
    np.copyto(buffer, rows.view(np.int16))
    np.left_shift(buffer, 13, out=buffer)
    np.bitwise_and(buffer, np.int32(0x8FFFE000 - (1 << 32)), out=buffer)
    widened = buffer.view(np.float32)
    np.multiply(widened, np.float32(2.0**112), out=widened)
    return widened


def _rounding(columns: int) -> np.float32:
    """Bound the relative rounding of a float32 sum of so many products, with room for the few steps around it."""
    return np.float32((columns + 8) * np.finfo(np.float32).eps)


class _Euclidean:
    """Estimate: the squared distance less the query's own square."""

    def __init__(self, queries: Float32) -> None:
        self.queries, self.doubled = queries, -2 * queries
        self.squares = np.vecdot(queries, queries)

    def estimate(self, block: Float32) -> tuple[Float32, Float32]:
        squares = np.vecdot(block, block)
        estimates = self.doubled @ block.T
        estimates += squares
        return estimates, _rounding(block.shape[1]) * (self.squares + squares.max())

    def estimate_of(self, distances: Float32) -> Float32:
        return np.asarray(distances * distances - self.squares)

    def measure(self, found: Indices, rows: Float32) -> Float64:
        difference = np.subtract(self.queries[found], rows, dtype=np.float64)
        return np.asarray(np.sqrt(np.vecdot(difference, difference)))


class _Cosine:
    """Estimate: the cosine distance less one."""

    def __init__(self, queries: Float32) -> None:
        self.units = _unit(queries)
        self.negated = -self.units.astype(np.float32)
        self.zero = np.logical_not(queries.any(axis=1))

    def estimate(self, block: Float32) -> tuple[Float32, Float32]:
        lengths = np.sqrt(np.vecdot(block, block))
        zero = lengths == 0
        estimates = self.negated @ block.T
        estimates /= np.where(zero, np.float32(1), lengths)
        if self.zero.any() and zero.any():
            estimates[np.ix_(self.zero, zero)] = -1
        return estimates, np.full(len(self.units), _rounding(block.shape[1]))

    def estimate_of(self, distances: Float32) -> Float32:
        return distances - np.float32(1)

    def measure(self, found: Indices, rows: Float32) -> Float64:
        # Half the squared distance of unit vectors is 1 - cosine, and exactly zero between equals.
        difference = self.units[found] - _unit(rows)
        return np.where(self.zero[found] != ~rows.any(axis=1), 1.0, np.vecdot(difference, difference) / 2)


def _unit(rows: Float32) -> Float64:
    """Scale rows (M, K) to unit length in float64; zero rows stay."""
    wide = rows.astype(np.float64)
    lengths = np.sqrt(np.vecdot(wide, wide))[:, None]
    np.divide(wide, lengths, out=wide, where=lengths > 0)
    return wide


METRICS: dict[Metric, Callable[[Float32], _Queries]] = {"euclidean": _Euclidean, "cosine": _Cosine}
