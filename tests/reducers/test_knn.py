import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers import knn
from embedding_explorer.reducers.knn import Metric, nearest

Arrays = tuple[NDArray[np.int64], NDArray[np.float32]]


def by_definition(queries: NDArray, rows: NDArray, k: int, metric: Metric, exclude: NDArray | None = None) -> Arrays:
    wide, table = rows.astype(np.float64), []
    for query in queries.astype(np.float64):
        if metric == "euclidean":
            table.append(np.sqrt(((wide - query) ** 2).sum(axis=1)))
        else:
            lengths = np.linalg.norm(wide, axis=1) * np.linalg.norm(query)
            cosine = wide @ query / np.where(lengths > 0, lengths, 1)
            table.append(np.where(wide.any(axis=1) | query.any(), 1 - cosine, 0).round(12))
    distances = np.array(table, dtype=np.float32)
    if exclude is not None:
        distances[np.arange(len(queries)), exclude] = np.inf
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(
    ("queries", "count", "dimension", "k"), [(3, 700, 512, 20), (300, 2000, 20, 15), (2, 40, 12000, 30), (3, 7, 4, 5)]
)
def test_finds_what_the_definition_says(
    metric: Metric, dtype: type, queries: int, count: int, dimension: int, k: int
) -> None:
    random = np.random.default_rng(0)
    rows = (random.normal(size=(count, dimension)) * random.choice([1e-6, 1, 100], size=(count, 1))).astype(dtype)
    rows[3::10] = rows[3]
    rows[5::30] = 0
    exclude = random.integers(0, count, queries)
    asked = rows[exclude].astype(np.float32)
    asked[1] = 0
    for excluded in (None, exclude):
        indices, distances = nearest(asked, rows, k, metric, excluded)
        expected, expected_distances = by_definition(asked, rows, k, metric, excluded)
        np.testing.assert_array_equal(indices, expected)
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-6, atol=1e-12)


def test_rows_that_float32_products_cannot_tell_apart_are_in_order() -> None:
    random = np.random.default_rng(0)
    rows = (3000 + random.normal(size=(400, 30))).astype(np.float32)
    for metric in ("euclidean", "cosine"):
        indices, _ = nearest(rows[:20], rows, 10, metric)
        wide = rows / (np.linalg.norm(rows.astype(np.float64), axis=1)[:, None] if metric == "cosine" else 1.0)
        expected, _ = by_definition(wide[:20], wide, 10, "euclidean")
        np.testing.assert_array_equal(indices, expected)


def test_equal_distances_are_in_order_of_index() -> None:
    rows = np.tile(np.float32([3.3, -1.7]), (5000, 1))
    indices, distances = nearest(rows[:2], rows, 4, exclude=np.array([2, -1]))
    assert indices.tolist() == [[0, 1, 3, 4], [0, 1, 2, 3]]
    assert not distances.any()


def test_an_equal_row_is_at_cosine_distance_zero_exactly_and_an_opposite_one_at_two() -> None:
    rows = np.random.default_rng(0).normal(size=(2, 500)).astype(np.float16)
    rows[1] = -rows[0]
    indices, distances = nearest(rows[:1], rows, 2, "cosine")
    assert indices.tolist() == [[0, 1]] and distances.tolist() == [[0, 2]]


def test_a_zero_row_is_far_from_all_but_another_zero_row_by_cosine() -> None:
    rows = np.eye(3, dtype=np.float32) * [[0], [1], [0]]
    assert nearest(rows[:1], rows, 3, "cosine")[0].tolist() == [[0, 2, 1]]
    assert nearest(rows[:2], rows, 3, "cosine")[1].tolist() == [[0, 0, 1], [0, 1, 1]]


@pytest.mark.parametrize(("k", "exclude", "columns"), [(9, None, 5), (9, np.array([0, 4]), 4), (0, None, 0)])
def test_no_more_neighbours_come_back_than_there_are(k: int, exclude: NDArray | None, columns: int) -> None:
    rows = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    indices, distances = nearest(rows[[0, 4]], rows, k, exclude=exclude)
    assert indices.shape == distances.shape == (2, columns)
    assert all(len(set(found)) == columns for found in indices.tolist())


def test_every_finite_half_precision_number_is_widened_exactly() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)][None]
    np.testing.assert_array_equal(knn._widened(finite, np.empty(finite.shape, np.int32)), finite.astype(np.float32))


def test_a_memory_mapped_file_is_searched_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=(900, 64)).astype(np.float16)
    np.save(tmp_path / "features.npy", rows)
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    monkeypatch.setattr(knn, "BLOCK_BYTES", 64 * 4 * 10)
    monkeypatch.setattr(knn, "DISTANCE_BYTES", 4 * 10 * 3)
    sizes = [len(block) for _, block in knn._blocks(mapped, first=5)]
    assert max(sizes) == 10 and sum(sizes) == 900
    indices, _ = nearest(rows[:8], mapped, 12, "cosine")
    np.testing.assert_array_equal(indices, by_definition(rows[:8], rows, 12, "cosine")[0])


def test_a_query_that_is_not_finite_is_refused() -> None:
    with pytest.raises(BadInput, match="infinite or undefined"):
        nearest(np.float32([[1, np.nan]]), np.ones((3, 2), np.float32), 1)


def test_importing_it_loads_numpy_and_nothing_heavy() -> None:
    heavy = {"scipy", "sklearn", "umap", "numba", "torch"}
    code = f"import sys, embedding_explorer.reducers.knn; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
