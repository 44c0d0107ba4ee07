"""How far two datasets of the same pictures agree: on the neighbours of an image, and each with its own map."""

import json
import math
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.matching import NO_ROW, Rows, matches
from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.reducers.base import Float32
from embedding_explorer.reducers.ranks import (
    Ranked,
    continuity,
    cosine,
    euclidean,
    ranked,
    shared_neighbours,
    trustworthiness,
)

METRIC, LAYOUT = "cosine", "umap"
MOST_K = 100
# Every image is compared with every other one: of larger datasets so many, drawn at random, stand for all.
MOST_SAMPLE = 3000
# Products of two numbers in one comparison of all: with very many features the sample is smaller.
MOST_WORK = MOST_SAMPLE**2 * 2048
SEED = 0
# Part of the names of what is kept: what an older program computed otherwise is computed anew.
VERSION = 1


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two datasets compared.

    figures: JSON values. overlap: (N of a,) float32, the share of the k nearest neighbours of each image that it has in
    both; NaN for images without a match, or outside the sample.
    """

    figures: dict[str, Any]
    overlap: Float32

    def write(self, path: Path) -> None:
        """Keep it as an .npz."""
        target = BytesIO()
        np.savez(target, figures=np.array(json.dumps(self.figures)), overlap=self.overlap)
        path.write_bytes(target.getvalue())

    @classmethod
    def read(cls, path: Path) -> "Agreement":
        """The one that `write` kept."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(json.loads(str(arrays["figures"])), arrays["overlap"])


def agreement(a: Dataset, b: Dataset, k: int) -> Agreement:
    """Compare two datasets of the same pictures by the `k` nearest of each image among a sample of the common ones.

    In seconds and some 200 MB for datasets of any size. Fewer neighbours are asked for where there are few images.

    Raises BadInput or LimitExceeded for `k`, Conflict where they are not of the same pictures, NoFeatures.
    """
    check_k(k)
    found = matches(a, b)
    common = np.flatnonzero(found != NO_ROW)
    sample = drawn(common, max(each.features().shape[1] for each in (a, b)))
    k = min(k, (len(sample) - 1) // 2)
    others = found[sample]
    spaces = space_of(a, sample, k), space_of(b, others, k)
    layouts = layout_of(a, sample, k), layout_of(b, others, k)
    overlap = np.full(a.total, np.nan, np.float32)
    overlap[sample] = shared_neighbours(*spaces)
    figures = {
        "a": a.id,
        "b": b.id,
        "matched": len(common),
        "sample": len(sample),
        "k": k,
        "metric": METRIC,
        "overlap": float(np.mean(overlap[sample], dtype=np.float64)),
        "by_chance": k / (len(sample) - 1),
        **faithfulness(spaces, layouts),
    }
    return Agreement(figures, overlap)


def check_k(k: int) -> None:
    """Raise BadInput or LimitExceeded unless `k` is from 1 to MOST_K."""
    if k < 1:
        raise BadInput(f"k={k} asks for no neighbors. Ask for 1 to {MOST_K}.", k=k)
    if k > MOST_K:
        raise LimitExceeded(f"k={k} is over the limit of {MOST_K} neighbors.", limit=MOST_K, k=k)


def drawn(common: NDArray[np.int64], dimension: int) -> NDArray[np.int64]:
    """The rows to compare, ascending: all, or as many, drawn with a fixed seed, as the work is bound to."""
    most = min(MOST_SAMPLE, math.isqrt(MOST_WORK // max(1, dimension)))
    if len(common) <= most:
        return common
    return np.sort(np.random.default_rng(SEED).choice(common, most, replace=False))


def space_of(dataset: Dataset, rows: NDArray[np.int64] | Rows, k: int) -> Ranked:
    """Neighbours among some rows by their features."""
    return ranked(cosine(dataset.features(), rows), k)


def layout_of(dataset: Dataset, rows: NDArray[np.int64] | Rows, k: int) -> Ranked | None:
    """Neighbours among some rows on the map, None where there is none by LAYOUT."""
    return ranked(euclidean(dataset.reduction(LAYOUT), rows), k) if LAYOUT in dataset.reducers else None


def faithfulness(
    spaces: tuple[Ranked, Ranked], layouts: tuple[Ranked | None, Ranked | None]
) -> dict[str, dict[str, float | None]]:
    """Each map against the features of each: `a_by_b` is the map of `a` by the features of `b`."""
    pairs = {"a": (0, 0), "b": (1, 1), "a_by_b": (1, 0), "b_by_a": (0, 1)}
    scores: dict[str, dict[str, float | None]] = {"trustworthiness": {}, "continuity": {}}
    for name, (space, layout) in pairs.items():
        drawn_map = layouts[layout]
        for measure in (trustworthiness, continuity):
            scores[measure.__name__][name] = None if drawn_map is None else measure(spaces[space], drawn_map)
    return scores
