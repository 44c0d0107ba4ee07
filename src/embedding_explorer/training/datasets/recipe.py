"""One set, before it is written: which entries it has, in which order, and how one is made."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.training.datasets.encoding import Encoding
from embedding_explorer.training.datasets.records import DataType

# Raised when the same images and options would give other records than before.
VERSION = 1

Values = tuple[NDArray[Any], NDArray[Any] | None]


@dataclass(frozen=True)
class Recipe:
    """How to make the entries of one set. `make` is called from several threads, for any line at any time.

    Attributes:
        plan: digest of all that decides on the records: a half-done attempt with another is begun anew.
        order: (N,) line numbers in the order of storing.
        make: line → features (H, W, C), and labels (H, W, C) where they are arrays; raises UnreadableImage or
            LimitExceeded for an entry that is left out.
        name: line → what the log calls the entry.
        classes: line → class index; None for arrays as labels.
        label_dtype: of labels that are arrays; None where there are none.
        mean: whether the mean of the features is wanted.
        same_shape: whether all features, and all labels, must have one shape.
        pixels: values of one entry, as far as they are known before: entries are made in groups of some megabytes.
    """

    plan: str
    order: NDArray[np.int64]
    make: Callable[[int], Values]
    name: Callable[[int], str]
    encoding: Encoding
    classes: NDArray[np.int32] | None = None
    label_encoding: Encoding = "none"
    label_dtype: DataType | None = None
    mean: bool = False
    same_shape: bool = True
    pixels: int = 1 << 20

    def label(self, line: int) -> int:
        """The class index of a line, -1 without classes."""
        return -1 if self.classes is None else int(self.classes[line])


def plan_of(*parts: object) -> str:
    """Digest of JSON values."""
    return hashlib.sha256(json.dumps([VERSION, *parts]).encode()).hexdigest()
