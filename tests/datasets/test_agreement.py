from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness

from embedding_explorer.datasets import agreement as module
from embedding_explorer.datasets.agreement import MOST_K, Agreement, agreement, drawn
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.errors import BadInput, Conflict, LimitExceeded, NoFeatures

from .conftest import MakeDataset

TOTAL, K = 60, 7
ORDER = np.random.default_rng(5).permutation(TOTAL)


def features(seed: int, dimension: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(TOTAL, dimension)).astype(np.float32)


@pytest.fixture
def pair(make_dataset: MakeDataset) -> tuple[Dataset, Dataset]:
    """Sixty pictures through two networks that see partly the same, the second time in another order, and one more."""
    seen = features(1)
    other = np.concatenate([seen[:, :10], features(2, 6)], axis=1)[ORDER]
    files = [f"p{n:04d}.png" for n in ORDER] + ["more.png"]
    extra = np.ones((1, 16), np.float32)
    a = make_dataset(1, TOTAL, features=seen.astype(np.float16))
    return a, make_dataset(2, TOTAL + 1, features=np.concatenate([other, extra]), files=files)


def brute_force(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Shares of common neighbours by the definition."""
    near = []
    for vectors in (a, b):
        distances = cdist(vectors.astype(float), vectors.astype(float), "cosine")
        np.fill_diagonal(distances, np.inf)
        near.append(distances.argsort(axis=1)[:, :K])
    return np.array([len(set(one) & set(other)) / K for one, other in zip(*map(np.ndarray.tolist, near), strict=True)])


def test_overlap_is_that_of_a_comparison_of_every_image_with_every_other(pair: tuple[Dataset, Dataset]) -> None:
    a, b = pair
    found = agreement(a, b, K)
    back = np.argsort(ORDER)
    truth = brute_force(a.features(), b.features()[back])
    np.testing.assert_allclose(found.overlap, truth, rtol=1e-6)
    assert found.figures["overlap"] == pytest.approx(truth.mean()) and 0.2 < truth.mean() < 0.9
    assert (found.figures["matched"], found.figures["sample"], found.figures["k"]) == (TOTAL, TOTAL, K)
    assert found.figures["by_chance"] == pytest.approx(K / (TOTAL - 1))


def test_each_map_is_judged_by_the_features_of_each(pair: tuple[Dataset, Dataset]) -> None:
    a, b = pair
    scores, back = agreement(a, b, K).figures["trustworthiness"], np.argsort(ORDER)
    spaces = {"a": a.features(), "b": b.features()[back]}
    layouts = {"a": a.reduction("umap"), "b": b.reduction("umap")[back]}
    for name, (space, layout) in {"a": "aa", "b": "bb", "a_by_b": "ba", "b_by_a": "ab"}.items():
        truth = trustworthiness(spaces[space].astype(float), layouts[layout], n_neighbors=K, metric="cosine")
        assert scores[name] == pytest.approx(truth, abs=1e-5), name


def test_a_comparison_is_the_same_from_both_sides(pair: tuple[Dataset, Dataset]) -> None:
    there, back = agreement(*pair, K), agreement(*pair[::-1], K)
    assert there.figures["overlap"] == pytest.approx(back.figures["overlap"])
    for measure in ("trustworthiness", "continuity"):
        assert there.figures[measure]["a_by_b"] == pytest.approx(back.figures[measure]["b_by_a"])
    np.testing.assert_array_equal(back.overlap[:TOTAL], there.overlap[ORDER])
    assert np.isnan(back.overlap[TOTAL])


def test_of_a_large_dataset_a_sample_is_compared(
    pair: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SAMPLE", 20)
    found, again = agreement(*pair, K), agreement(*pair, K)
    rows = np.flatnonzero(np.isfinite(found.overlap))
    assert len(rows) == found.figures["sample"] == 20 and found.figures["matched"] == TOTAL
    np.testing.assert_array_equal(found.overlap, again.overlap)
    a, b = pair
    truth = brute_force(a.features()[rows], b.features()[np.argsort(ORDER)][rows])
    np.testing.assert_allclose(found.overlap[rows], truth, rtol=1e-6)


def test_very_many_features_make_the_sample_smaller() -> None:
    common = np.arange(100_000)
    assert len(drawn(common, 2048)) == 3000
    assert 300 < len(drawn(common, 65_536)) < 1000
    assert drawn(common[:40], 2048).tolist() == list(range(40))


def test_few_images_have_few_neighbours(make_dataset: MakeDataset) -> None:
    a, b = (make_dataset(n, 9, features=features(n)[:9]) for n in (1, 2))
    found = agreement(a, b, 20)
    assert found.figures["k"] == 4 and np.isfinite(found.overlap).all()


def test_it_is_read_as_it_was_written(pair: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    found = agreement(*pair, K)
    found.write(tmp_path / "kept")
    kept = Agreement.read(tmp_path / "kept")
    assert kept.figures == found.figures
    np.testing.assert_array_equal(kept.overlap, found.overlap)


@pytest.mark.parametrize(("k", "error"), [(0, BadInput), (-3, BadInput), (MOST_K + 1, LimitExceeded)])
def test_k_is_bounded(pair: tuple[Dataset, Dataset], k: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=str(MOST_K)):
        agreement(*pair, k)


def test_what_cannot_be_compared_says_why(make_dataset: MakeDataset) -> None:
    a, bare = make_dataset(1, TOTAL, features=features(1)), make_dataset(2, TOTAL)
    with pytest.raises(NoFeatures, match="no features"):
        agreement(a, bare, K)
    other = make_dataset(3, TOTAL, features=features(1), files=[f"q{n}" for n in range(TOTAL)])
    with pytest.raises(Conflict, match="0 pictures in common"):
        agreement(a, other, K)
