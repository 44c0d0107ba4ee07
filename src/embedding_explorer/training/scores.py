"""What is read off the scores of a classification: best classes, accuracies, confusions (contract, 6.2 to 6.4). No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOP = 5
Scores = NDArray[np.float32]


def percent(share: float) -> float:
    """A share from 0 to 1 as percent with two decimals."""
    return round(100 * float(share), 2)


def best(scores: Scores, labels: Sequence[str], count: int = TOP) -> list[list[tuple[str, float]]]:
    """The best classes of every picture, best first.

    Args:
        scores: float32 (N, K), softmax.
        labels: of the first classes; outputs without a label are left out.
        count: most pairs for a picture.

    Returns:
        N lists of label and percent, two decimals; equal scores in the order of the classes.
    """
    labelled = scores[:, : len(labels)]
    order = np.argsort(-labelled, axis=1, kind="stable")[:, :count]
    return [
        [(labels[column], percent(row[column])) for column in columns]
        for row, columns in zip(labelled, order, strict=True)
    ]


@dataclass(frozen=True)
class Judgement:
    """How a labelled list was classified.

    Attributes:
        top1_accuracy, top5_accuracy: percent, two decimals; None without a picture of a known class.
        confusion_matrix: int64 (K, K); rows are true classes, columns predicted ones.
        per_class_accuracy: percent, or None for a class without pictures.
    """

    top1_accuracy: float | None
    top5_accuracy: float | None
    confusion_matrix: NDArray[np.int64]
    per_class_accuracy: list[float | None]

    def to_json(self) -> dict[str, Any]:
        """The keys of `classify_many`."""
        return {
            "top1_accuracy": self.top1_accuracy,
            "top5_accuracy": self.top5_accuracy,
            "confusion_matrix": self.confusion_matrix.tolist(),
            "per_class_accuracy": self.per_class_accuracy,
        }


class Tally:
    """Adds up how a labelled list was classified, batch by batch."""

    def __init__(self, count: int, most: int | None = None) -> None:
        """`count`: of the classes; of more than `most` there is no confusion matrix."""
        kept = count if most is None or count <= most else 0
        self.matrix = np.zeros((kept, kept), np.int64)
        self._totals, self._right = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._in_top = 0

    def add(self, scores: Scores, classes: Sequence[int | None]) -> None:
        """Compare scores float32 (N, at least K) with true classes; those that are None or no class are left out."""
        count = len(self._totals)
        true = np.array([-1 if each is None else each for each in classes], np.int64)
        known = (true >= 0) & (true < count)
        if not known.any():
            return
        true, order = true[known], np.argsort(-scores[known, :count], axis=1, kind="stable")
        np.add.at(self._totals, true, 1)
        np.add.at(self._right, true[order[:, 0] == true], 1)
        if len(self.matrix):
            np.add.at(self.matrix, (true, order[:, 0]), 1)
        self._in_top += int((order[:, :TOP] == true[:, None]).any(1).sum())

    def judgement(self) -> Judgement:
        """What came out."""
        each = [percent(r / t) if t else None for r, t in zip(self._right, self._totals, strict=True)]
        if not (known := int(self._totals.sum())):
            return Judgement(None, None, self.matrix, each)
        return Judgement(percent(self._right.sum() / known), percent(self._in_top / known), self.matrix, each)


class BestPictures:
    """For every class the pictures with its highest scores, found batch by batch.

    Attributes:
        names: number of a picture → its name; only of those that are among the best so far.
    """

    def __init__(self, classes: int, count: int) -> None:
        self._count = count
        self._scores = np.empty((0, classes), np.float32)
        self._numbers = np.empty((0, classes), np.int64)
        self._next = 0
        self.names: dict[int, str] = {}

    def add(self, scores: Scores, names: Sequence[str]) -> None:
        """Scores float32 (N, at least K) of the next pictures."""
        numbers = np.arange(self._next, self._next + len(names))
        self._next += len(names)
        self.names |= dict(zip(numbers.tolist(), names, strict=True))
        classes = self._scores.shape[1]
        all_scores = np.concatenate([self._scores, scores[:, :classes]])
        all_numbers = np.concatenate([self._numbers, np.repeat(numbers[:, None], classes, 1)])
        order = np.argsort(-all_scores, axis=0, kind="stable")[: self._count]
        self._scores = np.take_along_axis(all_scores, order, 0)
        self._numbers = np.take_along_axis(all_numbers, order, 0)
        kept = set(np.unique(self._numbers).tolist())
        self.names = {number: name for number, name in self.names.items() if number in kept}

    def of(self, label: int) -> list[tuple[str, float]]:
        """The best of one class, best first: names and percent."""
        columns = zip(self._numbers[:, label].tolist(), self._scores[:, label], strict=True)
        return [(self.names[number], percent(score)) for number, score in columns]
