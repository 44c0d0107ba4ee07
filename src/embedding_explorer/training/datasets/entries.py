"""Making the entries of a set, in groups, by any thread."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import LimitExceeded, UnreadableImage
from embedding_explorer.training.datasets.encoding import encode
from embedding_explorer.training.datasets.recipe import Recipe
from embedding_explorer.training.datasets.records import Shape

# Entries are handed to threads in groups of so many values, at most so many entries: one by one, small images would
# cost as much to hand over as to make.
GROUP_VALUES, GROUP = 4 << 20, 64


class Array(NamedTuple):
    """An array as it is stored."""

    data: bytes
    shape: Shape


class Made(NamedTuple):
    """One entry, ready to be stored."""

    line: int
    features: Array
    labels: Array | None


class Failed(NamedTuple):
    """One entry that is left out."""

    line: int
    reason: str


class Group(NamedTuple):
    """Consecutive entries, and the sum of their features where it is wanted and all have one shape."""

    entries: list[Made | Failed]
    total: NDArray[np.uint64] | None


def groups(recipe: Recipe, begin: int) -> Iterator[NDArray[np.int64]]:
    """Consecutive line numbers of the recipe's order, from place `begin` on."""
    size = max(1, min(GROUP, GROUP_VALUES // recipe.pixels))
    return (recipe.order[start : start + size] for start in range(begin, len(recipe.order), size))


def make_group(recipe: Recipe, lines: NDArray[np.int64]) -> Group:
    """Make the entries of some lines, ready to be stored."""
    entries: list[Made | Failed] = []
    total: NDArray[np.uint64] | None = None
    for line in lines.tolist():
        try:
            features, labels = recipe.make(line)
        except (UnreadableImage, LimitExceeded) as error:
            entries.append(Failed(line, error.message))
            continue
        packed = None if labels is None else Array(encode(labels, recipe.label_encoding), _shape(labels))
        entries.append(Made(line, Array(encode(features, recipe.encoding), _shape(features)), packed))
        if recipe.mean:
            total = _added(total, features)
    return Group(entries, total)


def _added(total: NDArray[np.uint64] | None, features: NDArray[Any]) -> NDArray[np.uint64]:
    if total is None:
        return features.astype(np.uint64)
    # Of different shapes there is no sum: whoever stores them ends the work.
    return np.add(total, features, out=total) if total.shape == features.shape else total


def _shape(values: NDArray[Any]) -> Shape:
    height, width, channels = values.shape
    return height, width, channels
