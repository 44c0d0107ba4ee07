"""What the exception endpoints say of one tensor: its matrix, its box, its buckets, its outliers.

Numbers are the stored ones, widened, never rounded. NaN and infinities become null when an answer is written.
"""

from math import isqrt, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import LimitExceeded

Array = NDArray[Any]
Box = tuple[list[Any], list[Any]]
BUCKETS = 100
PERCENTILES = (0, 5, 10, 25, 50, 75, 90, 95, 100)
WHISKER = 1.5  # inter-quartile ranges beyond which a value is an outlier (Tukey)
MAX_VALUES = 8_000_000  # numbers in one answer: about 160 MB as JSON


def matrix(values: Array) -> Array:
    """A tensor of any rank as (rows, columns); of rank 0 or 1 as (length,)."""
    if values.ndim == 0:
        return values.reshape(1)
    if values.ndim <= 2:
        return values
    if values.ndim > 4:
        return values.reshape(len(values), prod(values.shape[1:]))
    if values.ndim == 4:  # (B, W, H, C): every channel is a matrix of its own
        values = values.transpose(0, 3, 1, 2).reshape(values.shape[0] * values.shape[3], *values.shape[1:3])
    return tiled(values)


def tiled(matrices: Array) -> Array:
    """Matrices (K, W, H) side by side in a grid, row by row: (n * W, m * H) with n * m = K."""
    rows, columns = grid(len(matrices))
    _, width, height = matrices.shape
    parted = matrices.reshape(rows, columns, width, height).transpose(0, 2, 1, 3)
    return parted.reshape(rows * width, columns * height)


def grid(count: int) -> tuple[int, int]:
    """Rows and columns for `count` matrices, about twice as many columns as rows."""
    rows = isqrt(count // 2)
    while rows > 1 and count % rows:
        rows -= 1
    return (rows, count // rows) if rows else (1, count)


def summary(values: Array) -> list[Any]:
    """`[shape, minimum, maximum, mean, matrix]`; NaN counts nowhere but in the matrix.

    Raises LimitExceeded over `MAX_VALUES`.
    """
    check_size(values)
    known = without_nan(values)
    figures = (known.min(), known.max(), mean(known)) if known.size else (None, None, None)
    return [list(values.shape), *map(plain, figures), widened(matrix(values))]


def box(values: Array) -> Box:
    """`[up, q3, q2, q1, down]` and the percentiles 0, 5, 10, 90, 95, 100 of all elements, NaN left out."""
    known = without_nan(values).astype(np.float64)
    if not known.size:
        return [None] * 5, [None] * 6
    with np.errstate(invalid="ignore", over="ignore"):  # the middle of two infinities, and sums beyond the range
        p0, p5, p10, q1, q2, q3, p90, p95, p100 = np.percentile(known, PERCENTILES, method="midpoint").tolist()
        reach = WHISKER * (q3 - q1)
        up, down = min(p100, q3 + reach), max(p0, q1 - reach)
    return [up, q3, q2, q1, down], [p0, p5, p10, p90, p95, p100]


def buckets(values: Array) -> list[Any]:
    """`[minimum, maximum, [[left, right, count], …]]` of the finite elements: 100 buckets of equal width."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not known.size:
        return [None, None, []]
    counts, edges = histogram(known)
    rows = [[left, right, count] for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True)]
    return [float(known.min()), float(known.max()), rows]


def histogram(known: NDArray[np.float64]) -> tuple[list[int], list[float]]:
    """Counts and edges; numpy's, except where it refuses a range as too narrow or too wide for its arithmetic."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            counts, edges = np.histogram(known, bins=BUCKETS)
    except ValueError:
        low, high = known.min() / 4, known.max() / 4
        edges = low + (high - low) * (np.arange(BUCKETS + 1) / BUCKETS)
        places = np.searchsorted(edges, known / 4, side="right") - 1
        counts = np.bincount(np.clip(places, 0, BUCKETS - 1), minlength=BUCKETS)
        edges = np.clip(edges, low, high) * 4
    return counts.tolist(), edges.tolist()


def outliers(values: Array, one: float, other: float) -> list[Any]:
    """`[values, positions]` in the matrix of what is over the larger limit, under the smaller one, or NaN.

    Nothing where the limits are exactly the maximum and the minimum. Raises LimitExceeded over `MAX_VALUES`.
    """
    low, high = sorted((one, other))
    known = without_nan(values)
    if known.size and (low, high) == (float(known.min()), float(known.max())):
        return [[], []]
    flat = widened(matrix(values))
    found = (flat > high) | (flat < low) | np.isnan(flat)
    check_size(flat[found])
    return [flat[found], np.argwhere(found)]


def without_nan(values: Array) -> Array:
    """All elements that are numbers, as (N,)."""
    flat: Array = values.reshape(-1)
    return flat[~np.isnan(flat)]


def mean(known: Array) -> float:
    """In 64 bit; the mean of opposite infinities is none."""
    with np.errstate(invalid="ignore", over="ignore"):
        return float(known.mean(dtype=np.float64))


def plain(value: Any) -> Any:
    """One number as Python has it, truth as 0 and 1."""
    found = value.item() if isinstance(value, np.generic) else value
    return int(found) if isinstance(found, bool) else found


def widened(values: Array) -> Array:
    """The same numbers in 64 bit, in order in memory: floats as float64, integers as they are, truth as 0 and 1."""
    kind = np.uint8 if values.dtype.kind == "b" else np.float64 if values.dtype.kind == "f" else values.dtype
    return np.ascontiguousarray(values, dtype=np.dtype(kind).newbyteorder("="))


def check_size(values: Array) -> None:
    """Raise LimitExceeded for more numbers than one answer takes."""
    check_count(values.size)


def check_count(count: int, most: int = MAX_VALUES) -> None:
    """The same for so many numbers."""
    if count > most:
        raise LimitExceeded(f"There are {count} values; at most {most} are handled at once.", limit=most)
