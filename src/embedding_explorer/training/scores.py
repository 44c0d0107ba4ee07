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


def judge_scores(scores: Scores, classes: Sequence[int | None], count: int) -> Judgement:
    """Compare scores float32 (N, ≥ `count`) with true classes; those that are None or no class are left out."""
    true = np.array([-1 if each is None else each for each in classes], np.int64)
    known = (true >= 0) & (true < count)
    true, labelled = true[known], scores[known, :count]
    order = np.argsort(-labelled, axis=1, kind="stable")
    matrix = np.zeros((count, count), np.int64)
    if not len(true):
        return Judgement(None, None, matrix, [None] * count)
    np.add.at(matrix, (true, order[:, 0]), 1)
    totals, right = matrix.sum(1), matrix.diagonal()
    each = [percent(r / t) if t else None for r, t in zip(right, totals, strict=True)]
    top5 = (order[:, :TOP] == true[:, None]).any(1).mean()
    return Judgement(percent(right.sum() / len(true)), percent(top5), matrix, each)


def best_pictures(scores: Scores, count: int) -> list[list[tuple[int, float]]]:
    """For every class the pictures with its highest scores, best first: rows of `scores` (N, K) and percent."""
    order = np.argsort(-scores, axis=0, kind="stable")[:count]
    return [[(int(row), percent(scores[row, column])) for row in order[:, column]] for column in range(scores.shape[1])]
