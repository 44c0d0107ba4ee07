"""UMAP to three dimensions, on leading principal components; a fitted one is arrays, not a pickle.

McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction, 2018.
"""

import json
import os
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers import umap_learn
from embedding_explorer.reducers.base import Float32, Floats, Progress, Transform, first_three, no_progress
from embedding_explorer.reducers.procrustes import Turn

# Up to this many rows the fit is seeded and runs on one thread; above, on all of them, which cannot be reproduced.
SEEDED_LIMIT = 20_000
SEED = 42

# Fewer rows have no neighbourhoods to speak of.
FEWEST = 4


@dataclass(frozen=True)
class FittedUmap:
    """A fitted UMAP of N rows.

    Attributes:
        leading: (N, K) float32, the rows it was fitted on; memory-mapped after `load`.
        points: (N, 3) float32.
        curve: (2,) float32, umap-learn's `a` and `b`.
        params: How it was made; JSON values.
    """

    leading: Float32
    points: Float32
    curve: Float32
    params: dict[str, Any]

    def transform(self, leading: Floats) -> Float32:
        """Place new rows (M, K) among the fitted points, as `umap.UMAP.transform` does: (M, 3) float32.

        The same rows give the same places; the fitted points do not move.

        Raises:
            BadInput: The rows are not finite.
        """
        rows = _checked(leading)
        if self.params["fallback"] or not len(rows):
            return first_three(rows)
        with umap_learn.threads(1):
            return umap_learn.place(
                rows, self.leading, self.points, neighbors=self.params["n_neighbors"], curve=self.curve
            )

    def turned(self, turn: Turn) -> Self:
        """See `Fitted`. The principal components that stand in for few rows stay as they are."""
        return self if self.params["fallback"] else replace(self, points=turn(self.points))

    def save(self, folder: Path) -> None:
        """Write `umap.npz` and, to be memory-mapped, `umap_space.npy` into a folder."""
        np.save(folder / "umap_space.npy", self.leading, allow_pickle=False)
        np.savez(folder / "umap.npz", points=self.points, curve=self.curve, params=np.array(json.dumps(self.params)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing in it is executed."""
        space = np.load(folder / "umap_space.npy", mmap_mode="r", allow_pickle=False)
        with np.load(folder / "umap.npz", allow_pickle=False) as arrays:
            return cls(space, arrays["points"], arrays["curve"], json.loads(str(arrays["params"])))


def load_umap(folder: Path) -> Transform:
    """Give the transform of the UMAP that was saved in a folder."""
    return FittedUmap.load(folder).transform


def fit_umap(
    leading: Floats,
    *,
    seed: int = SEED,
    seeded_limit: int = SEEDED_LIMIT,
    neighbors: int = 15,
    min_dist: float = 0.1,
    start: Float32 | None = None,
    progress: Progress | None = None,
) -> FittedUmap:
    """Reduce leading components (N, K) to three dimensions.

    Up to `seeded_limit` rows the same input gives the same bits, on one thread; above, all threads work without a seed.
    Fewer than four rows fall back to the first three components. `params` says which it was.

    Args:
        leading: (N, K), finite.
        seed: Of the random numbers.
        seeded_limit: Most rows of a reproducible fit.
        neighbors: Size of a neighbourhood, its centre included; clipped to N - 1.
        min_dist: How close points may be packed.
        start: (N, 3), where the layout begins instead of at eigenvectors of the graph, so that it stays like another.
        progress: Called with epochs done and in all, and with 0 while neighbours are searched; what it raises ends
            the fit.

    Raises:
        BadInput: The rows are not finite.
    """
    rows = _checked(leading)
    params = _params(len(rows), seed if len(rows) <= seeded_limit else None, neighbors, min_dist)
    if params["fallback"]:
        return FittedUmap(rows, first_three(rows), np.zeros(2, np.float32), params)
    with umap_learn.threads(None if params["parallel"] else 1):
        curve = umap_learn.curve(min_dist)
        points, params["init"] = umap_learn.embed(
            rows,
            neighbors=params["n_neighbors"],
            epochs=params["epochs"],
            curve=curve,
            random=np.random.RandomState(params["seed"]),
            parallel=params["parallel"],
            start=start,
            progress=progress or no_progress,
        )
    return FittedUmap(rows, points, curve, params)


def warm_up(compiled: Path | None = None) -> None:
    """Import umap-learn and compile what seeded fits and transforms need, the slow part of a first fit.

    Args:
        compiled: Writable folder for machine code, which spares the next process most of it; give it before anything
            else imports numba. Without one numba takes a folder beside umap-learn or, failing that, in the home.
    """
    if compiled is not None:
        os.environ["NUMBA_CACHE_DIR"] = str(compiled)
    rows = np.random.default_rng(0).normal(size=(2 * umap_learn.FEWEST_SPECTRAL, 8)).astype(np.float32)
    fit_umap(rows).transform(rows[:2] + 1)


def _params(count: int, seed: int | None, neighbors: int, min_dist: float) -> dict[str, Any]:
    few = f"UMAP needs {FEWEST} images or more: these are the principal components."
    return {
        "n_neighbors": min(neighbors, count - 1),
        "min_dist": min_dist,
        "epochs": umap_learn.FIT_EPOCHS[count > umap_learn.SMALL],
        "seed": seed,
        "reproducible": seed is not None,
        "parallel": seed is None,
        "init": None,
        "fallback": few if count < FEWEST else None,
        "umap_version": version("umap-learn"),
    }


def _checked(leading: Floats) -> Float32:
    rows = np.ascontiguousarray(leading, dtype=np.float32)
    if not np.isfinite(rows).all():
        raise BadInput("The features hold infinite or undefined numbers; try the precision float32.")
    return rows
