import numpy as np
import pytest

from embedding_explorer.datasets.neighbors import MAX_NEIGHBORS, Neighbor, neighbors, neighbors_of
from embedding_explorer.errors import BadInput, ImageNotFound, LimitExceeded, NoFeatures, SpaceMismatch

from .conftest import MakeDataset

DEGREES = np.radians([0, 10, 90, 180, 12, 350])
CIRCLE = np.stack([np.cos(DEGREES), np.sin(DEGREES)], axis=1)


def on_a_circle(make_dataset: MakeDataset, dtype: str = "float32"):
    lengths = np.array([[1], [5], [2], [3], [0.5], [4]])  # cosine does not see them
    return make_dataset(total=6, features=(CIRCLE * lengths).astype(dtype))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_neighbors_come_nearest_first_without_the_image_itself(make_dataset: MakeDataset, dtype: str) -> None:
    found = neighbors(on_a_circle(make_dataset, dtype), 0, 3)
    assert {n.index for n in found[:2]} == {1, 5}
    assert found[2].index == 4
    expected = [1 - np.cos(np.radians(degrees)) for degrees in (10, 10, 12)]
    np.testing.assert_allclose([n.distance for n in found], expected, atol=2e-3)


def test_a_neighbor_says_number_distance_and_file(make_dataset: MakeDataset) -> None:
    index, distance, file = neighbors(on_a_circle(make_dataset), 1, 1)[0]
    assert (index, file) == (4, "p0004.png")
    assert type(index) is int
    assert type(distance) is float


def test_an_uploaded_picture_finds_its_like_in_any_dataset(make_dataset: MakeDataset) -> None:
    found = neighbors_of(on_a_circle(make_dataset), [0, 7.0], 2)
    assert found[0] == Neighbor(2, pytest.approx(0, abs=1e-6), "p0002.png")
    assert found[1].index == 4


def test_there_are_never_more_neighbors_than_other_images(make_dataset: MakeDataset) -> None:
    dataset = on_a_circle(make_dataset)
    assert sorted(n.index for n in neighbors(dataset, 2, MAX_NEIGHBORS)) == [0, 1, 3, 4, 5]
    assert len(neighbors_of(dataset, CIRCLE[0], MAX_NEIGHBORS)) == 6


def test_a_single_image_has_no_neighbors(make_dataset: MakeDataset) -> None:
    assert neighbors(make_dataset(total=1, features=np.ones((1, 4), np.float32)), 0, 5) == []


@pytest.mark.parametrize(("k", "error"), [(0, BadInput), (-1, BadInput), (MAX_NEIGHBORS + 1, LimitExceeded)])
def test_k_is_bounded(make_dataset: MakeDataset, k: int, error: type) -> None:
    with pytest.raises(error, match=str(MAX_NEIGHBORS)):
        neighbors(on_a_circle(make_dataset), 0, k)


def test_features_of_another_dimension_are_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(SpaceMismatch, match=r"\(3,\).*2"):
        neighbors_of(on_a_circle(make_dataset), [1, 2, 3], 1)


def test_features_that_are_no_numbers_are_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(BadInput):
        neighbors_of(on_a_circle(make_dataset), [np.nan, 1], 1)


def test_a_dataset_without_features_has_no_neighbors(make_dataset: MakeDataset) -> None:
    for search in (lambda d: neighbors(d, 0, 1), lambda d: neighbors_of(d, [1, 2], 1)):
        with pytest.raises(NoFeatures):
            search(make_dataset())


def test_an_image_that_does_not_exist_is_not_found(make_dataset: MakeDataset) -> None:
    with pytest.raises(ImageNotFound):
        neighbors(on_a_circle(make_dataset), 6, 1)
