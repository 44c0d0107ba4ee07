"""Reductions of embeddings: exact, repeatable, for any rows (contract, 7.6)."""

from typing import Any

import numpy as np
import pytest

from embedding_explorer.errors import BadLogParameter
from embedding_explorer.runs import reduction
from embedding_explorer.runs.reduction import METHODS, check_dims, check_method, reduce


def clusters(count: int, columns: int = 10) -> Any:
    """Three far groups of points, in turns."""
    chance = np.random.default_rng(1)
    return chance.normal(size=(count, columns)) + 50 * np.eye(3, columns)[np.arange(count) % 3]


@pytest.mark.parametrize("shape", [(200, 12), (12, 200)])
def test_principal_components_are_those_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32) * np.arange(1, shape[1] + 1)
    points = reduce(rows, "pca", 5)
    u, s, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(points), np.abs(u * s)[:, :5], rtol=1e-6, atol=1e-6)
    assert (np.diff(points.var(axis=0)) <= 0).all()
    assert (points == reduce(rows, "pca", 5)).all()


def of_rank(rank: int, shape: tuple[int, int]) -> Any:
    """Rows whose components are of so many directions once they are centred."""
    chance = np.random.default_rng(rank)
    left, right = chance.normal(size=(shape[0], rank)), chance.normal(size=(rank, shape[1]))
    return (left * 0.1 ** np.arange(rank)) @ right + 7


def distances(points: Any) -> Any:
    return np.linalg.norm(points[:, None] - points, axis=2)


@pytest.mark.parametrize(
    ("rank", "shape"),
    [(1, (10, 50)), (2, (10, 50)), (9, (10, 50)), (2, (3, 4)), (1, (50, 10)), (1, (10, 10)), (3, (100, 300))],
)
def test_beyond_the_rank_there_is_nothing(rank: int, shape: tuple[int, int]) -> None:
    rows = of_rank(rank, shape)
    points = reduce(rows, "pca", min(rank + 2, shape[1]))
    np.testing.assert_allclose(distances(points), distances(rows), rtol=1e-7, atol=1e-7)
    assert points[:, :rank].any(axis=0).all()
    assert not points[:, rank:].any()


def test_components_that_are_small_beside_the_first_are_right() -> None:
    chance = np.random.default_rng(0)
    left, right = (np.linalg.qr(chance.normal(size=(size, 3)))[0] for size in (20, 60))
    left = np.linalg.qr(left - left.mean(axis=0))[0]  # centred already
    sizes = np.array([1.0, 1e-9, 1e-10])
    points = reduce((left * sizes) @ right.T, "pca", 3)
    np.testing.assert_allclose(np.linalg.norm(points, axis=0), sizes, rtol=1e-4)
    np.testing.assert_allclose(np.abs(points / sizes), np.abs(left), atol=1e-4)


def test_equal_rows_are_one_point_however_their_numbers_are_rounded() -> None:
    for count in (5, 50, 300):
        row = np.random.default_rng(count).normal(size=(1, 64)).astype(np.float32)
        assert not reduce(np.repeat(row, count, axis=0), "pca", 3).any()
    assert np.isfinite(reduce(np.repeat(row, 50, axis=0), "tsne", 2)).all()


@pytest.mark.parametrize(("rank", "shape"), [(1, (10, 50)), (5, (10, 50)), (3, (4, 4))])
def test_t_sne_begins_from_the_distances_of_the_rows(
    rank: int, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    affinities = reduction.affinities
    monkeypatch.setattr(reduction, "affinities", lambda components: given.append(components) or affinities(components))
    rows = of_rank(rank, shape)
    reduce(rows, "tsne", 2)
    np.testing.assert_allclose(distances(given[0]), distances(rows / np.abs(rows).max()), rtol=1e-7, atol=1e-7)


def test_two_columns_in_three_dimensions_get_one_of_zeros() -> None:
    points = reduce(np.array([[0.0, 1.0], [2.0, 5.0], [4.0, 0.0]]), "pca", 3)
    assert points.shape == (3, 3)
    assert not points[:, 2].any()


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.parametrize("dims", [2, 3])
def test_neighbours_stay_neighbours(method: str, dims: int) -> None:
    rows = clusters(90)
    points = reduce(rows, method, dims)
    assert points.shape == (90, dims)
    assert (points == reduce(rows, method, dims)).all()
    distances = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(90, np.inf))
    nearest = distances.argmin(axis=1)
    assert (nearest % 3 == np.arange(90) % 3).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((0, 3)),
        np.ones((1, 4)),
        np.ones((3, 4)),
        np.ones((9, 4)),
        np.full((5, 4), np.nan),
        np.array([[np.inf, 1, 2], [0, -np.inf, 1], [3, 4, 5], [1e300, 2, 3], [0, 0, 0]]),
        np.arange(60, dtype=np.uint8).reshape(20, 3),
    ],
    ids=lambda rows: str(rows.shape),
)
def test_whatever_the_rows_are_the_points_are_numbers(method: str, rows: Any) -> None:
    points = reduce(rows, method, 2)
    assert points.shape == (len(rows), 2)
    assert np.isfinite(points).all()


def test_infinities_count_as_zero() -> None:
    rows = np.array([[np.inf, 1.0, 2.0], [3.0, np.nan, 1.0], [1.0, 1.0, 7.0]])
    np.testing.assert_array_equal(reduce(rows, "pca", 2), reduce(np.where(np.isfinite(rows), rows, 0), "pca", 2))


def test_only_the_first_thousand_rows_count() -> None:
    rows = np.random.default_rng(0).normal(size=(1200, 4))
    np.testing.assert_array_equal(reduce(rows, "pca", 2), reduce(rows[:1000], "pca", 2))


@pytest.mark.parametrize(
    ("method", "dims", "columns"),
    [("pca", 0, 4), ("pca", -1, 4), ("pca", 5, 4), ("pca", 3, 1), ("tsne", 1, 9), ("tsne", 4, 9)],
)
def test_impossible_dimensions_are_named(method: str, dims: int, columns: int) -> None:
    with pytest.raises(BadLogParameter, match="dims"):
        check_dims(method, dims, columns)


def test_methods() -> None:
    assert check_method("TSNE") == "tsne"
    assert check_method("pca", "UMAP") == "umap"
    for method, reducer in (("umap", ""), ("", ""), ("pca", "lda")):
        with pytest.raises(BadLogParameter, match=r"method|reducer"):
            check_method(method, reducer)
