"""Turning one map onto another of the same images, so that it does not spin from one to the next.

Schönemann: A generalized solution of the orthogonal Procrustes problem, Psychometrika 31, 1966.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from embedding_explorer.reducers.base import Float32, Float64, Floats, one_blas_thread


@dataclass(frozen=True, eq=False)
class Turn:
    """A rotation or reflection, and a shift: distances stay as they are.

    Attributes:
        rotation: (3, 3) float64, orthogonal.
        offset: (3,) float64, added afterwards.
    """

    rotation: Float64
    offset: Float64

    def __call__(self, points: Floats) -> Float32:
        """Points (N, 3) where they belong: (N, 3) float32."""
        return np.asarray(np.asarray(points, np.float64) @ self.rotation + self.offset, np.float32)

    def save(self, path: Path) -> None:
        """Write a .npz of plain arrays."""
        np.savez(path, rotation=self.rotation, offset=self.offset)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; nothing in it is executed."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["rotation"], arrays["offset"])


def fit_turn(points: Floats, target: Floats) -> Turn:
    """The turn that brings points (N, 3) nearest to their counterparts (N, 3), by the sum of squared distances.

    With A and B the centred points, the rotation is U Vᵀ for the singular value decomposition U S Vᵀ of Aᵀ B. The scale
    is kept: how far a network spreads its features is part of what a map shows. The same points give the same turn.
    """
    own, other = np.asarray(points, np.float64), np.asarray(target, np.float64)
    middle, goal = own.mean(0), other.mean(0)
    with one_blas_thread():
        u, _, vt = np.linalg.svd((own - middle).T @ (other - goal))
    rotation = u @ vt
    return Turn(rotation, goal - middle @ rotation)
