"""Principal components of features that need not fit in memory, exact and with deterministic signs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers.base import (
    Float32,
    Float64,
    Floats,
    Progress,
    Transform,
    first_three,
    no_progress,
    one_blas_thread,
)
from embedding_explorer.reducers.procrustes import Turn

TURN = "pca_turn.npz"  # in the folder of the reductions, where the axes were turned onto another map's

Chunks = Callable[[], Iterable[Floats]]
Blocks = Iterable[tuple[slice, Float64]]

# Rows of the dual form are held in memory up to here, and read again block by block above it.
HELD_BYTES = 256 << 20

# Below this share of the largest variance a component is rounding: eigenvalues of a Gram matrix in float64 are exact to
# 1e-16 of the largest, their vectors to the ratio of the two.
RANK_TOLERANCE = 1e-11
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class FittedPca:
    """Principal axes of features with D columns; K of them, at least three, zeros past the rank.

    Attributes:
        mean: (D,) float64.
        components: (K, D) float64, unit rows, the largest absolute entry of each positive.
        variance: (K,) float64, with N - 1 in the denominator.
        variance_ratio: (K,) float64, shares of the total variance.
    """

    mean: Float64
    components: Float64
    variance: Float64
    variance_ratio: Float64

    def project(self, features: Floats) -> Float32:
        """Give the leading components of features (M, D): (M, K) float32."""
        centred = np.subtract(features, self.mean, dtype=np.float32)
        with one_blas_thread():
            return centred @ self.components.astype(np.float32).T

    def transform(self, features: Floats) -> Float32:
        """Give the first three components of features (M, D): (M, 3) float32."""
        return first_three(self.project(features))

    def save(self, path: Path) -> None:
        """Write a .npz of plain arrays."""
        np.savez(path, **{item.name: getattr(self, item.name) for item in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; nothing in it is executed."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{item.name: arrays[item.name] for item in fields(cls)})


@dataclass(frozen=True)
class PcaAxes:
    """The reduction `pca`: the first three leading components as they are, or turned onto another map."""

    points: Float32
    params: dict[str, Any] = field(default_factory=dict)
    turn: Turn | None = None

    def transform(self, leading: Floats) -> Float32:
        """Give the first three columns of leading components (M, K): (M, 3)."""
        return first_three(leading) if self.turn is None else self.turn(first_three(leading))

    def turned(self, turn: Turn) -> Self:
        """See `Fitted`."""
        return replace(self, points=turn(self.points), turn=turn)

    def save(self, folder: Path) -> None:
        """Write the turn, if there is one: the principal components are kept with the dataset anyway."""
        if self.turn is not None:
            self.turn.save(folder / TURN)


def fit_axes(leading: Floats, *, progress: Progress | None = None) -> PcaAxes:
    """Reduce leading components (N, K) to the first three."""
    (progress or no_progress)(len(leading), len(leading))
    return PcaAxes(first_three(leading))


def load_axes(folder: Path) -> Transform:
    """Give the transform of the reduction `pca`, with the turn in the folder if there is one."""
    if not (folder / TURN).exists():
        return first_three
    return PcaAxes(np.empty((0, 3), np.float32), turn=Turn.load(folder / TURN)).transform


def fit_pca(
    chunks: Chunks, *, count: int, dimension: int, components: int = 50, progress: Progress | None = None
) -> FittedPca:
    """Find the leading principal components of N = `count` rows of D = `dimension` features.

    Sums are float64, shifted by the first chunk's mean, so that large offsets cost no digits. With N <= D the
    eigenvectors of the Gram matrix (N, N) give the axes, otherwise those of the covariance (D, D); memory is bounded
    by that matrix and by HELD_BYTES.

    Args:
        chunks: Gives an iterator over all rows, in order, as float arrays (M, D); called up to several times.
        count: Rows in all.
        dimension: Columns.
        components: Most components to keep.
        progress: Called with rows done and `count`.

    Raises:
        BadInput: The features are not finite.
    """
    rows = _Rows(chunks, count, dimension, progress or no_progress)
    keep = min(components, count, dimension)
    with one_blas_thread():
        mean, scatter, axes, total = (_from_gram if count <= dimension else _from_covariance)(rows, keep)
    # What is left of identical rows is the rounding of their mean.
    rounding = count * float(mean @ mean) * EPSILON**2
    real = scatter > max(RANK_TOLERANCE * total, rounding)
    padded = max(3, keep)
    return FittedPca(
        mean=mean,
        components=_padded(_signed(axes[real]), padded),
        variance=_padded(scatter[real] / max(1, count - 1), padded),
        variance_ratio=_padded(scatter[real] / (total or 1.0), padded),
    )


class _Rows:
    """All rows as float64 less the first chunk's mean: iterates over (their numbers, the rows), chunk by chunk."""

    def __init__(self, chunks: Chunks, count: int, dimension: int, progress: Progress) -> None:
        self.chunks, self.count, self.dimension, self.progress = chunks, count, dimension, progress
        self.shift = next(iter(chunks())).mean(axis=0, dtype=np.float64)
        self.reported = 0

    def __iter__(self) -> Iterator[tuple[slice, Float64]]:
        stop = 0
        for chunk in self.chunks():
            start, stop = stop, stop + len(chunk)
            yield slice(start, stop), np.subtract(chunk, self.shift, dtype=np.float64)
            if stop > self.reported:
                self.reported = stop
                self.progress(stop, self.count)
        if stop != self.count:
            raise ValueError(f"The chunks hold {stop} rows where {self.count} were announced.")


def _from_covariance(rows: _Rows, keep: int) -> tuple[Float64, Float64, Float64, float]:
    """Give mean (D,), leading eigenvalues of the scatter matrix (K,), their axes (K, D), and its trace."""
    products, sums = np.zeros((rows.dimension, rows.dimension)), np.zeros(rows.dimension)
    for _, block in rows:
        products += block.T @ block
        sums += block.sum(axis=0)
    products -= np.outer(sums, sums / rows.count)
    total = float(np.trace(products))
    values, vectors = _leading(products, keep)
    return rows.shift + sums / rows.count, values, vectors.T, total


def _from_gram(rows: _Rows, keep: int) -> tuple[Float64, Float64, Float64, float]:
    """Give the same as `_from_covariance`, by way of the products of the rows with each other."""
    held = 8 * rows.count * rows.dimension <= HELD_BYTES
    blocks = [(slice(0, rows.count), np.concatenate([block for _, block in rows]))] if held else rows
    gram = _gram(blocks, rows.count, max(1, HELD_BYTES // (8 * rows.dimension)))
    means = gram.mean(axis=0)
    gram -= means + means[:, None] - means.mean()
    total = float(np.trace(gram))
    values, vectors = _leading(gram, keep)
    axes, sums = np.zeros((keep, rows.dimension)), np.zeros(rows.dimension)
    for place, block in blocks:
        axes += vectors[place].T @ block
        sums += block.sum(axis=0)
    return rows.shift + sums / rows.count, values, axes, total


def _gram(blocks: Blocks, count: int, step: int) -> Float64:
    """Multiply all rows with each other, holding `step` of them at a time: (N, N)."""
    gram = np.empty((count, count))
    for start in range(0, count, step):
        held = _take(blocks, start, start + step)
        for place, block in blocks:
            gram[start : start + step, place] = held @ block.T
    return gram


def _take(blocks: Blocks, start: int, stop: int) -> Float64:
    """Give rows `start` to `stop`, as a view where one block has them all: numpy halves the work of A @ A.T."""
    parts = [
        block[max(0, start - place.start) : stop - place.start]
        for place, block in blocks
        if place.start < stop and place.stop > start
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _leading(matrix: Float64, keep: int) -> tuple[Float64, Float64]:
    """Give the largest eigenvalues (K,) of a symmetric matrix, descending, and their vectors (n, K)."""
    from scipy.linalg import eigh

    if not np.isfinite(matrix).all():
        raise BadInput("The features hold infinite or undefined numbers; try the precision float32.")
    size = len(matrix)
    values, vectors = eigh(matrix, subset_by_index=(size - keep, size - 1), overwrite_a=True, check_finite=False)
    return values[::-1], vectors[:, ::-1]


def _signed(axes: Float64) -> Float64:
    """Scale rows to unit length, with a positive sign where they are largest."""
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return np.asarray(axes * np.sign(largest) / np.linalg.norm(axes, axis=1, keepdims=True))


def _padded(values: Float64, rows: int) -> Float64:
    """Append zeros up to so many rows."""
    return np.concatenate([values, np.zeros((rows - len(values), *values.shape[1:]))])
