import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers import umap_learn
from embedding_explorer.reducers.knn import nearest
from embedding_explorer.reducers.umap import FittedUmap, fit_umap

FITTED_ON, NEW = slice(0, 300), slice(300, 340)


@pytest.fixture(scope="module")
def digits() -> NDArray[np.float32]:
    images = load_digits().data.astype(np.float32)
    return images - images.mean(axis=0)


@pytest.fixture(scope="module")
def fitted(digits: NDArray[np.float32]) -> FittedUmap:
    return fit_umap(digits[FITTED_ON])


class ExactIndex:
    """What `umap.UMAP` asks of a search index."""

    _angular_trees = False

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self.rows = rows

    def query(self, queries: NDArray[np.float32], k: int, epsilon: float) -> tuple[NDArray, NDArray]:
        indices, distances = nearest(queries, self.rows, k)
        return indices.astype(np.int32), distances


@pytest.fixture(scope="module")
def original(digits: NDArray[np.float32], fitted: FittedUmap) -> Any:
    """umap-learn's own estimator, with the same neighbours and the same curve."""
    import umap

    rows, own = digits[FITTED_ON], np.arange(300)
    indices, distances = nearest(rows, rows, 14, exclude=own)
    known = np.column_stack([own, indices]).astype(np.int32), np.column_stack([0 * own, distances]).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = umap.UMAP(
            n_components=3,
            a=fitted.curve[0],
            b=fitted.curve[1],
            random_state=42,
            n_epochs=fitted.params["epochs"],
            n_jobs=1,
            precomputed_knn=(*known, ExactIndex(rows)),
            force_approximation_algorithm=True,
        )
        return estimator.fit(rows)


def test_the_fit_is_that_of_umap_learn_bit_for_bit(fitted: FittedUmap, original: Any) -> None:
    np.testing.assert_array_equal(fitted.points, original.embedding_)


def test_the_transform_is_that_of_umap_learn_bit_for_bit(
    digits: NDArray[np.float32], fitted: FittedUmap, original: Any
) -> None:
    for rows in (digits[NEW], digits[NEW][:1], digits[NEW] / 2, digits[FITTED_ON][10:20]):
        np.testing.assert_array_equal(fitted.transform(rows), original.transform(rows))


def test_the_curve_in_float32_moves_new_points_by_no_more_than_rounding(
    digits: NDArray[np.float32], fitted: FittedUmap, original: Any
) -> None:
    from umap.umap_ import find_ab_params

    placed = fitted.transform(digits[NEW])
    before = original._a, original._b
    original._a, original._b = find_ab_params(1.0, 0.1)
    np.testing.assert_allclose(placed, original.transform(digits[NEW]), atol=1e-3)
    original._a, original._b = before


def test_neighbours_stay_neighbours(digits: NDArray[np.float32], fitted: FittedUmap) -> None:
    assert fitted.points.shape == (300, 3) and fitted.points.dtype == np.float32
    assert trustworthiness(digits[FITTED_ON], fitted.points, n_neighbors=15) > 0.97


def test_a_row_that_equals_a_fitted_one_lands_near_it(digits: NDArray[np.float32], fitted: FittedUmap) -> None:
    before = fitted.points.copy()
    offsets = np.linalg.norm(fitted.transform(digits[FITTED_ON][::10]) - before[::10], axis=1)
    spread = np.linalg.norm(before - before.mean(axis=0), axis=1).mean()
    assert np.median(offsets) < 0.1 * spread and offsets.max() < 0.3 * spread
    np.testing.assert_array_equal(fitted.points, before)


def test_new_rows_land_among_their_own_kind(digits: NDArray[np.float32], fitted: FittedUmap) -> None:
    labels = load_digits().target
    found, _ = nearest(fitted.transform(digits[NEW]), fitted.points, 1)
    assert (labels[FITTED_ON][found[:, 0]] == labels[NEW]).mean() > 0.8


def test_the_same_rows_give_the_same_bits_in_another_process(
    digits: NDArray[np.float32], fitted: FittedUmap, tmp_path: Path
) -> None:
    np.save(tmp_path / "rows.npy", digits[:340])
    code = f"""
import numpy as np
from embedding_explorer.reducers.umap import fit_umap
rows = np.load({str(tmp_path / "rows.npy")!r})
fitted = fit_umap(rows[:300])
np.save({str(tmp_path / "points.npy")!r}, np.concatenate([fitted.points, fitted.transform(rows[300:])]))
"""
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True)
    expected = np.concatenate([fitted.points, fitted.transform(digits[NEW])])
    np.testing.assert_array_equal(np.load(tmp_path / "points.npy"), expected)


def test_params_say_how_it_was_made_and_are_json(fitted: FittedUmap) -> None:
    assert json.loads(json.dumps(fitted.params)) == fitted.params
    assert fitted.params["umap_version"].startswith("0.5.")
    assert {name: fitted.params[name] for name in fitted.params if name != "umap_version"} == {
        "n_neighbors": 15,
        "min_dist": 0.1,
        "epochs": 300,
        "seed": 42,
        "reproducible": True,
        "parallel": False,
        "init": "spectral",
        "fallback": None,
    }


def test_above_the_seeded_limit_it_is_parallel_and_says_so(digits: NDArray[np.float32]) -> None:
    fitted = fit_umap(digits[FITTED_ON], seeded_limit=299)
    assert (fitted.params["seed"], fitted.params["reproducible"], fitted.params["parallel"]) == (None, False, True)
    assert trustworthiness(digits[FITTED_ON], fitted.points, n_neighbors=15) > 0.97


def test_saved_and_loaded_it_is_mapped_and_transforms_the_same(
    digits: NDArray[np.float32], fitted: FittedUmap, tmp_path: Path
) -> None:
    fitted.save(tmp_path)
    loaded = FittedUmap.load(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["umap.npz", "umap_space.npy"]
    assert isinstance(loaded.leading, np.memmap) and loaded.params == fitted.params
    np.testing.assert_array_equal(loaded.points, fitted.points)
    np.testing.assert_array_equal(loaded.transform(digits[NEW]), fitted.transform(digits[NEW]))


@pytest.mark.parametrize("count", range(4))
def test_fewer_than_four_rows_fall_back_to_the_principal_components(count: int, tmp_path: Path) -> None:
    rows = np.arange(1, 1 + count * 2, dtype=np.float32).reshape(count, 2)
    fitted = fit_umap(rows)
    fitted.save(tmp_path)
    assert "4 images or more" in fitted.params["fallback"]
    assert fitted.points.tolist() == [[*row, 0] for row in rows.tolist()]
    assert FittedUmap.load(tmp_path).transform(rows + 1).tolist() == [[a + 1, b + 1, 0] for a, b in rows.tolist()]


@pytest.mark.parametrize("count", [4, 5, 9, 15, 16, 20, 31, 32, 33])
def test_few_rows_work_without_a_warning(digits: NDArray[np.float32], count: int) -> None:
    fitted = fit_umap(digits[:count])
    assert fitted.params["n_neighbors"] == min(15, count - 1) and fitted.params["fallback"] is None
    assert np.isfinite(fitted.points).all() and len(np.unique(fitted.points, axis=0)) == count
    assert np.isfinite(fitted.transform(digits[count : count + 2])).all()


@pytest.mark.parametrize("count", [4, 15, 40, 200])
@pytest.mark.parametrize("value", [0, 7])
def test_rows_that_are_all_the_same_give_finite_points(count: int, value: float) -> None:
    rows = np.full((count, 5), value, dtype=np.float32)
    fitted = fit_umap(rows)
    assert np.isfinite(fitted.points).all()
    assert np.isfinite(fitted.transform(rows[:2])).all() and np.isfinite(fitted.transform(rows[:2] + 1)).all()


def test_groups_without_a_link_between_them_stay_apart() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(8), 25)
    rows = (1000 * random.normal(size=(8, 10))[groups] + random.normal(size=(200, 10))).astype(np.float32)
    fitted = fit_umap(rows)
    assert fitted.params["init"] == "pca"
    found, _ = nearest(fitted.points, fitted.points, 5, exclude=np.arange(200))
    assert (groups[found] == groups[:, None]).all()


def test_progress_counts_epochs_up_to_all(digits: NDArray[np.float32]) -> None:
    seen: list[tuple[int, int]] = []
    fit_umap(digits[:50], progress=lambda done, total: seen.append((done, total)))
    assert sorted(seen) == seen
    assert {done for done, _ in seen} == set(range(301)) and {total for _, total in seen} == {300}


class Stop(Exception):
    pass


@pytest.mark.parametrize("epoch", [0, 7])
def test_what_progress_raises_ends_the_fit(digits: NDArray[np.float32], epoch: int) -> None:
    seen = []

    def progress(done: int, total: int) -> None:
        seen.append(done)
        if done == epoch:
            raise Stop

    with pytest.raises(Stop):
        fit_umap(digits[:50], progress=progress)
    assert seen[-1] == epoch


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_rows_that_are_not_finite_are_refused(fitted: FittedUmap, value: float) -> None:
    rows = np.full((5, 64), value, dtype=np.float32)
    with pytest.raises(BadInput, match="infinite or undefined"):
        fit_umap(rows)
    with pytest.raises(BadInput, match="infinite or undefined"):
        fitted.transform(rows)


@pytest.mark.slow
def test_a_second_process_finds_the_compiled_code(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from embedding_explorer.reducers import umap, umap_learn
umap.warm_up(Path({str(tmp_path)!r}))
from umap import layouts, umap_
for function in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, {OPTIMIZER}):
    print(sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values()))
"""
    run = [sys.executable, "-c", code]
    first, second = (subprocess.run(run, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert first.split() == ["0", "1", "0", "2", "0", "1"]
    assert second.split() == ["1", "0", "2", "0", "1", "0"]


OPTIMIZER = "layouts._nb_optimize_layout_euclidean_single_epoch"


def test_only_the_sequential_optimizer_is_kept_on_disk() -> None:
    from umap import layouts

    umap_learn.library()
    assert layouts._nb_optimize_layout_euclidean_single_epoch.stats.cache_path
    assert not layouts._nb_optimize_layout_euclidean_single_epoch_parallel.stats.cache_path
