import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness as reference

from embedding_explorer.reducers.ranks import (
    BLOCK,
    PART,
    Ranked,
    continuity,
    cosine,
    euclidean,
    ranked,
    shared_neighbours,
    trustworthiness,
)

TOTAL, K = 2 * BLOCK + 30, 12
EXACT = 1e-5  # but for distances that are equal as float32


@pytest.fixture
def vectors() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(TOTAL, 2 * PART + 5)).astype(np.float16)


def spaces(dimension: int = 20, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Features, and a layout of three dimensions that keeps some of them."""
    random = np.random.default_rng(2)
    features = random.normal(size=(TOTAL, dimension)).astype(np.float32)
    layout = (features[:, :3] + noise * random.normal(size=(TOTAL, 3))).astype(np.float32)
    return features, layout


def everything(vectors: np.ndarray) -> np.ndarray:
    return np.arange(len(vectors))


def test_distances_are_those_of_the_definition(vectors: np.ndarray) -> None:
    rows = np.array([1, 4, 9, TOTAL - 1])
    wide = vectors[rows].astype(np.float64)
    np.testing.assert_allclose(cosine(vectors, rows), cdist(wide, wide, "cosine"), atol=1e-12)
    np.testing.assert_allclose(euclidean(vectors, rows), cdist(wide, wide, "sqeuclidean"), rtol=1e-9, atol=1e-9)


def test_a_zero_row_is_far_from_all_but_zero_rows() -> None:
    vectors = np.array([[0, 0], [1, 0], [0, 0]], np.float32)
    np.testing.assert_allclose(cosine(vectors, everything(vectors)), [[0, 1, 0], [1, 0, 1], [0, 1, 0]], atol=1e-15)


def test_ranks_are_places_in_the_order_of_distances(vectors: np.ndarray) -> None:
    found = ranked(cosine(vectors, everything(vectors)), K)
    wide = vectors.astype(np.float64)
    distances = cdist(wide, wide, "cosine")
    np.fill_diagonal(distances, -1)
    order = distances.argsort(axis=1)
    # In the order that was found distances never fall by more than the rounding of a float32.
    places = np.argsort(found.ranks, axis=1)
    assert (np.diff(np.take_along_axis(distances, places, axis=1), axis=1) > -2e-7).all()
    assert (found.ranks == order.argsort(axis=1)).mean() > 0.99
    np.testing.assert_array_equal(found.nearest, places[:, 1 : K + 1])
    np.testing.assert_array_equal(np.sort(found.ranks, axis=1), np.tile(np.arange(TOTAL), (TOTAL, 1)))


def test_an_image_is_first_and_equal_ones_are_in_their_order() -> None:
    found = ranked(np.zeros((5, 5)), 2)
    assert found.nearest.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]
    assert found.ranks[3].tolist() == [1, 2, 3, 0, 4]


def both(features: np.ndarray, layout: np.ndarray, k: int = K) -> tuple[Ranked, Ranked]:
    rows = everything(features)
    return ranked(cosine(features, rows), k), ranked(euclidean(layout, rows), k)


@pytest.mark.parametrize("k", [1, K, (TOTAL - 1) // 2])
@pytest.mark.parametrize("noise", [0.1, 5.0])
def test_trustworthiness_and_continuity_are_those_of_scikit_learn(noise: float, k: int) -> None:
    features, layout = spaces(noise=noise)
    space, places = both(features, layout, k)
    wide = features.astype(np.float64)
    assert trustworthiness(space, places) == pytest.approx(
        reference(wide, layout, n_neighbors=k, metric="cosine"), abs=EXACT
    )
    # Continuity is trustworthiness with both in each other's place; the reference takes only Euclidean layouts.
    units = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    assert continuity(space, places) == pytest.approx(reference(layout, units, n_neighbors=k), abs=EXACT)


def test_a_layout_that_keeps_all_distances_is_trusted_wholly() -> None:
    _, layout = spaces()
    space = ranked(euclidean(layout, everything(layout)), K)
    assert trustworthiness(space, space) == continuity(space, space) == 1
    assert (shared_neighbours(space, space) == 1).all()


def test_shared_neighbours_are_counted_image_by_image() -> None:
    features, layout = spaces()
    space, places = both(features, layout)
    pairs = zip(space.nearest.tolist(), places.nearest.tolist(), strict=True)
    truth = [len(set(one) & set(other)) / K for one, other in pairs]
    np.testing.assert_allclose(shared_neighbours(space, places), truth, rtol=1e-6)
    assert 0 < np.mean(truth) < 1
