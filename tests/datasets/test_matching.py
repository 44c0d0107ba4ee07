import numpy as np
import pytest

from embedding_explorer.datasets.images_table import ImagesTable
from embedding_explorer.datasets.matching import NO_ROW, matches, same_pictures
from embedding_explorer.errors import Conflict

from .conftest import MakeDataset


def table(*images: tuple[str, int, int]) -> ImagesTable:
    return ImagesTable((file, str(width or ""), str(height or ""), "", "000", "0") for file, width, height in images)


def test_pictures_match_by_name_and_size_wherever_they_are() -> None:
    a = table(("x", 4, 3), ("y", 4, 3), ("z", 4, 3), ("w", 0, 0))
    b = table(("w", 0, 0), ("z", 4, 4), ("y", 4, 3), ("x", 4, 3))
    assert same_pictures(a, b).tolist() == [3, 2, NO_ROW, 0]


def test_pictures_of_one_name_match_in_their_order() -> None:
    a = table(("x", 1, 1), ("x", 1, 1), ("x", 2, 2), ("x", 1, 1))
    b = table(("x", 2, 2), ("x", 1, 1), ("x", 1, 1))
    assert same_pictures(a, b).tolist() == [1, 2, 0, NO_ROW]


def test_tables_of_the_same_images_match_row_by_row() -> None:
    images = [(f"p{n}", 4, 3) for n in range(9)]
    assert same_pictures(table(*images), table(*images)).tolist() == list(range(9))
    taller = [(file, 4, 5) for file, *_ in images]
    assert (same_pictures(table(*images), table(*taller)) == NO_ROW).all()


def test_half_of_the_smaller_dataset_is_enough(make_dataset: MakeDataset) -> None:
    large = make_dataset(1, total=100)
    half = make_dataset(2, total=20, files=[f"p{n:04d}.png" if n % 2 else f"q{n}.png" for n in range(20)])
    found = matches(large, half)
    assert found.dtype == np.uint32 and len(found) == 100
    assert np.flatnonzero(found != NO_ROW).tolist() == list(range(1, 20, 2))


def test_datasets_of_other_pictures_are_refused(make_dataset: MakeDataset) -> None:
    large = make_dataset(1, total=100, name="Cats")
    other = make_dataset(2, total=20, files=[f"p{n:04d}.png" if n < 9 else f"q{n}.png" for n in range(20)])
    with pytest.raises(Conflict, match=r"'Cats' and 'Test' have 9 pictures .* at least 10") as refused:
        matches(large, other)
    assert refused.value.facts["matched"] == 9


def test_a_handful_of_pictures_is_too_few(make_dataset: MakeDataset) -> None:
    with pytest.raises(Conflict, match="at least 5"):
        matches(make_dataset(1, total=4), make_dataset(2, total=4))
