import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers import pca
from embedding_explorer.reducers.pca import FittedPca, fit_pca


def correlated(count: int, dimension: int, seed: int = 0) -> NDArray[np.float32]:
    """Rows far from the origin, with a spectrum that falls as that of real features does."""
    random = np.random.default_rng(seed)
    spectrum = np.arange(1, dimension + 1) ** -0.7
    mixed = random.normal(size=(count, dimension)) * spectrum @ random.normal(size=(dimension, dimension))
    return (mixed + 100).astype(np.float32)


def fit(rows: NDArray[np.floating], chunk: int = 1000, **options: int) -> FittedPca:
    def chunks() -> Iterator[NDArray[np.floating]]:
        return (rows[start : start + chunk] for start in range(0, len(rows), chunk))

    return fit_pca(chunks, count=len(rows), dimension=rows.shape[1], **options)


@pytest.mark.parametrize(("count", "dimension"), [(300, 40), (40, 300), (100, 100), (61, 60), (60, 61), (5, 3)])
def test_agrees_with_scikit_learn(count: int, dimension: int) -> None:
    rows = correlated(count, dimension)
    expected = PCA(min(50, count - 1, dimension), svd_solver="full").fit(rows.astype(np.float64))
    fitted, kept = fit(rows), expected.n_components_
    np.testing.assert_allclose(fitted.mean, expected.mean_, rtol=1e-12)
    np.testing.assert_allclose(fitted.variance[:kept], expected.explained_variance_, rtol=1e-7)
    np.testing.assert_allclose(fitted.variance_ratio[:kept], expected.explained_variance_ratio_, rtol=1e-7)
    np.testing.assert_allclose(np.abs(fitted.components[:kept]), np.abs(expected.components_), atol=1e-7)
    scores = np.abs(expected.transform(rows.astype(np.float64)))
    np.testing.assert_allclose(np.abs(fitted.project(rows)[:, :kept]), scores, atol=1e-4 * scores.max())


@pytest.mark.parametrize("shape", [(40, 300), (300, 40)])
def test_the_largest_entry_of_each_component_is_positive(shape: tuple[int, int]) -> None:
    for rows in (correlated(*shape), -correlated(*shape)):
        components = fit(rows).components[:39]
        largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
        assert (largest > 0).all()


@pytest.mark.parametrize("shape", [(40, 300), (300, 40)])
@pytest.mark.parametrize("chunk", [1, 7, 299])
def test_the_chunks_do_not_matter(shape: tuple[int, int], chunk: int) -> None:
    rows = correlated(*shape)
    whole, pieces = fit(rows), fit(rows, chunk)
    np.testing.assert_allclose(pieces.mean, whole.mean, rtol=1e-13)
    np.testing.assert_allclose(pieces.components[:30], whole.components[:30], atol=1e-9)


def test_wide_rows_are_read_again_rather_than_held(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = correlated(40, 300)
    expected = fit(rows).components
    monkeypatch.setattr(pca, "HELD_BYTES", 8 * 300 * 11)
    np.testing.assert_allclose(fit(rows, 7).components, expected, atol=1e-9)


def test_memory_does_not_grow_with_the_rows() -> None:
    chunk = correlated(1000, 100).astype(np.float16)

    def peak(repeats: int) -> int:
        tracemalloc.start()
        fit_pca(lambda: (chunk for _ in range(repeats)), count=1000 * repeats, dimension=100)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # imports
    assert peak(40) < 1.1 * peak(2)


def test_half_precision_rows_lose_no_more_than_their_rounding() -> None:
    rows = correlated(300, 40)
    half = rows.astype(np.float16)
    np.testing.assert_array_equal(fit(half).components, fit(half.astype(np.float32)).components)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("dimension", [1, 2, 512])
def test_few_rows_have_components_as_far_as_the_rank_goes(count: int, dimension: int) -> None:
    rows = np.random.default_rng(0).normal(size=(count, dimension)).astype(np.float32)
    fitted = fit(rows)
    rank = min(count - 1, dimension)
    assert (fitted.variance > 0).tolist() == [True] * rank + [False] * (3 - rank)
    assert not fitted.project(rows)[:, rank:].any()
    assert fitted.transform(rows).shape == (count, 3)


@pytest.mark.parametrize("shape", [(300, 40), (40, 300)])
def test_identical_rows_all_land_in_the_origin(shape: tuple[int, int]) -> None:
    row = np.random.default_rng(0).normal(loc=1000, size=shape[1]).astype(np.float32)
    fitted = fit(np.tile(row, (shape[0], 1)), 7)
    assert not fitted.components.any() and not fitted.variance_ratio.any()
    assert not fitted.transform(row[None]).any()


def test_rows_on_a_plane_have_two_components() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 2)) @ random.normal(size=(2, 30))
    fitted = fit(rows)
    assert np.flatnonzero(fitted.variance).tolist() == [0, 1]
    assert fitted.variance_ratio.sum() == pytest.approx(1)


@pytest.mark.parametrize("shape", [(300, 40), (40, 300)])
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_features_that_are_not_finite_are_refused(shape: tuple[int, int], value: float) -> None:
    rows = correlated(*shape)
    rows[17, 3] = value
    with pytest.raises(BadInput, match="infinite or undefined"), np.errstate(invalid="ignore"):
        fit(rows)


def test_saved_and_loaded_it_projects_the_same(tmp_path: Path) -> None:
    rows = correlated(40, 300)
    fitted = fit(rows)
    fitted.save(tmp_path / "pca.npz")
    np.testing.assert_array_equal(FittedPca.load(tmp_path / "pca.npz").project(rows), fitted.project(rows))


@pytest.mark.parametrize("shape", [(300, 40), (40, 300)])
def test_progress_counts_rows_up_to_all(shape: tuple[int, int]) -> None:
    rows, seen = correlated(*shape), []
    progress: Callable[[int, int], None] = lambda done, total: seen.append((done, total))  # noqa: E731
    fit_pca(lambda: iter(np.split(rows, 4)), count=len(rows), dimension=rows.shape[1], progress=progress)
    assert seen == [(len(rows) * part // 4, len(rows)) for part in (1, 2, 3, 4)]


def test_rows_that_were_not_announced_are_an_error() -> None:
    with pytest.raises(ValueError, match="hold 300 rows where 299"):
        fit_pca(lambda: [correlated(300, 40)], count=299, dimension=40)
