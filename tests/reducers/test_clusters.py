import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.reducers import clusters as room
from embedding_explorer.reducers.clusters import NOISE, default_least, find_clusters


def silent(*_: object) -> None: ...


def blobs(sizes: tuple[int, ...], dimension: int = 40, noise: float = 0.4, seed: int = 0) -> tuple[NDArray, NDArray]:
    """Features in groups of these sizes, shuffled, and the group of each."""
    random = np.random.default_rng(seed)
    group = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    features = random.normal(size=(len(sizes), dimension))[group] + noise * random.normal(size=(len(group), dimension))
    return features.astype(np.float16), group


def agreement(labels: NDArray, group: NDArray) -> float:
    """Share of images whose cluster is mostly of their group; those left out do not count as agreeing."""
    return sum(np.bincount(group[labels == n]).max() for n in range(labels.max() + 1)) / len(group)


def test_groups_are_found_the_largest_first() -> None:
    features, group = blobs((200, 120, 60, 30))
    found = find_clusters(features, 20, silent)
    assert np.bincount(found.labels + 1).tolist() == [0, 200, 120, 60, 30]
    np.testing.assert_array_equal(found.labels, group)
    assert found.labels.dtype == np.int32 and found.params["sample"] is None


def test_handwritten_digits_are_about_ten_clusters_with_little_left_out() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    labels = find_clusters(digits.data.astype(np.float32), default_least(1797), silent).labels
    assert 9 <= labels.max() + 1 <= 14
    assert (labels == NOISE).mean() < 0.15
    assert agreement(labels, digits.target) > 0.8


def test_the_scale_of_a_row_does_not_count() -> None:
    features, _ = blobs((60, 60))
    scaled = (features * np.random.default_rng(1).uniform(0.2, 4, (120, 1))).astype(np.float32)
    np.testing.assert_array_equal(find_clusters(features, 10, silent).labels, find_clusters(scaled, 10, silent).labels)


def test_the_same_features_give_the_same_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_EXACT", 300)
    features, _ = blobs((300, 200, 100))
    first, second = (find_clusters(features, 20, silent) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.params == second.params


def test_of_many_images_a_sample_is_clustered_and_the_others_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_EXACT", 400)
    monkeypatch.setattr(room, "PCA_ROWS", 150)
    monkeypatch.setattr(room, "CHUNK_BYTES", 40 * 4 * 64)
    features, group = blobs((900, 600, 300))
    reports: list[tuple[str, int, int]] = []
    found = find_clusters(features, 60, lambda *report: reports.append(report))
    assert found.params["sample"] == 400 and found.params["min_cluster_size"] == 60
    assert np.bincount(found.labels + 1)[1:].argsort().tolist() == [2, 1, 0]
    assert agreement(found.labels, group) > 0.97
    assert found.params["assigned"] >= 1300
    assert reports[-1] == ("assign", 1400, 1400) and ("neighbors", 400, 400) in reports
    assert [stage for stage, _, _ in reports] == sorted(
        [stage for stage, _, _ in reports], key=["neighbors", "clusters", "assign"].index
    )


def test_what_lies_between_groups_is_left_out_and_not_joined() -> None:
    features, _ = blobs((100, 100), dimension=8, noise=0.05)
    middle = (features[:100].mean(axis=0) + np.random.default_rng(5).normal(size=(6, 8)) * 3).astype(np.float16)
    labels = find_clusters(np.vstack([features, middle]), 20, silent).labels
    assert (labels[:200] >= 0).all() and (labels[200:] == NOISE).sum() >= 4


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_few_images_are_no_clusters(count: int) -> None:
    assert (find_clusters(blobs((count,))[0], default_least(count), silent).labels == NOISE).all()


@pytest.mark.parametrize("value", [0, 1])
def test_images_that_are_all_the_same_are_no_clusters(value: int) -> None:
    features = np.full((60, 12), value, np.float16)
    assert len(set(find_clusters(features, 5, silent).labels.tolist())) == 1


def test_groups_of_identical_images_are_clusters() -> None:
    features = np.repeat(np.eye(3, 20, dtype=np.float16), 20, axis=0)
    assert len(np.unique(find_clusters(features, 5, silent).labels)) == 3


def test_features_that_are_not_finite_are_refused() -> None:
    features = blobs((40, 40))[0]
    features[7, 3] = np.inf
    with pytest.raises(BadInput, match="infinite or undefined"):
        find_clusters(features, 5, silent)


def test_whatever_the_report_raises_ends_the_work() -> None:
    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt(stage)

    with pytest.raises(KeyboardInterrupt, match="neighbors"):
        find_clusters(blobs((40, 40))[0], 5, stop)


def test_the_default_grows_with_the_root() -> None:
    assert [default_least(n) for n in (1, 30, 100, 1797, 10_000, 202_599)] == [5, 5, 8, 34, 80, 360]


def test_importing_it_loads_no_heavy_library() -> None:
    code = "import sys, embedding_explorer.reducers.clusters; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sklearn", "scipy", "torch", "numba", "umap"} & set(loaded)
