import numpy as np
import pytest

from embedding_explorer.runs.series import Series


def filled(count: int, most: int) -> Series:
    series = Series(scalar=True, most=most)
    for n in range(count):
        series.add(n, float(n), 0, (n / 2,))
    return series


def test_all_records_are_kept_in_their_order_up_to_the_bound() -> None:
    table = filled(1000, 1000).table()
    assert table.steps.tolist() == list(range(1000))
    assert table.values().tolist() == [n / 2 for n in range(1000)]


@pytest.mark.parametrize("count", [11, 12, 37, 1000, 4097])
def test_beyond_it_every_second_or_fourth_is_kept_and_always_the_newest(count: int) -> None:
    series = filled(count, most=10)
    steps = series.table().steps.tolist()
    assert len(steps) == len(series) <= 11
    assert (steps[0], steps[-1]) == (0, count - 1)
    assert len(set(np.diff(steps[:-1]))) == 1
    assert series.table().values().tolist() == [step / 2 for step in steps]


def test_records_of_files_that_grow_in_turns_are_in_the_order_of_the_files() -> None:
    series = Series(scalar=True)
    for step, file in ((1, 0), (5, 1), (2, 0), (6, 1), (7, 2), (3, 0)):
        series.add(step, 0.0, file, (step,))
    table = series.table()
    assert table.steps.tolist() == [1, 2, 3, 5, 6, 7]
    assert table.values().tolist() == [1, 2, 3, 5, 6, 7]
    assert table.files.tolist() == [0, 0, 0, 1, 1, 2]


def test_the_memory_is_what_is_stated() -> None:
    around = Series(scalar=True).bytes()
    assert 500 <= around <= 2000
    assert filled(1000, 10_000).bytes() - around == 24_000
    places = Series(scalar=False)
    for n in range(1000):
        places.add(n, 0.0, 0, (0, n, 10, 0, 0))
    assert places.bytes() - around == 40_000
