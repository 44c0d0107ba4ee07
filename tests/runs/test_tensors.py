"""Matrices, boxes, buckets and outliers of tensors, against figures computed otherwise (contract, 7.4 and 7.5)."""

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from embedding_explorer.errors import LimitExceeded
from embedding_explorer.runs import tensors
from embedding_explorer.runs.tensors import box, buckets, grid, matrix, outliers, summary


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, (1, 0)), (1, (1, 1)), (2, (1, 2)), (7, (1, 7)), (8, (2, 4)), (160, (8, 20)), (96, (6, 16))],
)
def test_grids_are_twice_as_wide_as_high(count: int, expected: tuple[int, int]) -> None:
    assert grid(count) == expected


def test_a_tensor_of_rank_four_is_tiled_channel_by_channel() -> None:
    values = np.arange(2 * 3 * 4 * 4).reshape(
        2, 3, 4, 4
    )  # B, W, H, C: eight small matrices of 3 x 4, in a grid of 2 x 4
    flat = matrix(values)
    assert flat.shape == (6, 16)
    for b, w, h, c in product(range(2), range(3), range(4), range(4)):
        q = b * 4 + c
        assert flat[q // 4 * 3 + w, q % 4 * 4 + h] == values[b, w, h, c]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((), (1,)),
        ((5,), (5,)),
        ((2, 3), (2, 3)),
        ((8, 2, 3), (4, 12)),
        ((2, 3, 4, 5, 6), (2, 360)),
        ((0, 3, 4), (3, 0)),
    ],
)
def test_shapes_of_other_ranks(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert matrix(np.zeros(shape)).shape == expected


def midpoint(values: list[float], percent: int) -> float:
    """By the book: the mean of the two order statistics around a rank that is not whole."""
    rank = Fraction(percent, 100) * (len(values) - 1)
    ordered = sorted(values)
    return (ordered[math.floor(rank)] + ordered[math.ceil(rank)]) / 2


@pytest.mark.parametrize("count", [1, 2, 3, 10, 41, 100])
def test_boxes(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count) ** 3
    five, six = box(np.append(values, np.nan))
    known = values.tolist()
    q1, q2, q3 = (midpoint(known, p) for p in (25, 50, 75))
    up, down = min(q3 + 1.5 * (q3 - q1), max(known)), max(q1 - 1.5 * (q3 - q1), min(known))
    assert five == pytest.approx([up, q3, q2, q1, down])
    assert six == pytest.approx([midpoint(known, p) for p in (0, 5, 10, 90, 95, 100)])


def test_figures_leave_nan_out_and_the_matrix_keeps_it() -> None:
    shape, least, most, mean, flat = summary(np.array([[1, np.nan], [3, 8]], np.float32))
    assert (shape, least, most, mean) == ([2, 2], 1.0, 8.0, 4.0)
    assert flat.dtype == np.float64
    assert np.isnan(flat[0, 1])


@pytest.mark.parametrize("values", [np.full(3, np.nan), np.zeros((0, 3)), np.zeros((0, 2, 2, 2))])
def test_nothing_to_count_gives_no_figures(values: Any) -> None:
    assert summary(values)[1:4] == [None, None, None]
    assert box(values) == ([None] * 5, [None] * 6)
    assert buckets(values) == [None, None, []]
    assert outliers(np.zeros(0), 1.0, -1.0)[0].size == 0


@pytest.mark.parametrize(
    "values",
    [
        [3.0, 3.0],
        [1.0, 1.0000000000000002],
        [-1.7e308, 1.7e308, 0.0],
        [1e300, 1e300],
        [5e-324, 0.0],
        [np.inf, 1.0, 2.0, -np.inf, np.nan],
    ],
)
def test_buckets_of_any_range_hold_every_finite_value(values: list[float]) -> None:
    finite = [value for value in values if math.isfinite(value)]
    least, most, rows = buckets(np.array(values))
    assert (least, most) == (min(finite), max(finite))
    assert len(rows) == 100
    assert sum(count for _, _, count in rows) == len(finite)
    assert all(math.isfinite(edge) for left, right, _ in rows for edge in (left, right))


def test_integers_stay_integers_and_truth_counts() -> None:
    assert summary(np.array([2**53 + 1, 0]))[2] == 2**53 + 1
    assert summary(np.array([True, False]))[1:3] == [0, 1]
    assert summary(np.array([True, False]))[4].tolist() == [1, 0]


def test_outliers_are_beyond_the_limits_in_either_order_or_nan() -> None:
    values = np.array([[1.0, np.nan, 9.0], [5.0, -4.0, 2.0]])
    for one, other in ((5.0, 1.0), (1.0, 5.0)):
        found, places = outliers(values, one, other)
        assert places.tolist() == [[0, 1], [0, 2], [1, 1]]
        assert found[1:].tolist() == [9.0, -4.0]
        assert np.isnan(found[0])
    assert outliers(values, 9.0, -4.0) == [[], []]
    assert outliers(np.array([1.0, 9.0]), 5.0, 0.0)[1].tolist() == [[1]]


def test_what_is_too_large_for_an_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors.check_count, "__defaults__", (3,))
    with pytest.raises(LimitExceeded, match="4 values"):
        summary(np.zeros(4))
