import math
from decimal import ROUND_HALF_UP, Decimal

import pytest

from embedding_explorer.training.datasets.splits import Shares, split

MNIST = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)


def rounded(n: int, percent: int) -> int:
    return int((Decimal(n) * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def by_the_letter(n: int, v: int, s: int) -> tuple[int, int, int]:
    """The five steps as they are written in the contract."""
    t = 100 - v - s
    if t == 100:
        return n, 0, 0
    if v == 100:
        return 0, n, 0
    if s == 100:
        return 0, 0, n
    a = rounded(n, t)
    if t > 0 and a == 0:
        a = 1
    b = rounded(n, v)
    if a + b > n:
        b = n - a
    if v > 0 and b == 0:
        if a > 1:
            a, b = a - 1, 1
        elif a < n:
            b = 1
    c = n - a - b
    if s > 0 and c == 0:
        if b > 1:
            b, c = b - 1, 1
        elif a > 1:
            a, c = a - 1, 1
    return a, b, c


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 10, 46, 50, 99, 101, 1000])
def test_the_steps_of_the_contract(n: int) -> None:
    for v in range(101):
        for s in range(101 - v):
            assert split(n, Shares(v, s)) == by_the_letter(n, v, s)


def test_check_values_of_the_contract() -> None:
    assert split(46, Shares(25)) == (35, 11, 0)
    assert split(10, Shares(20, 10)) == (7, 2, 1)
    totals = [sum(counts) for counts in zip(*(split(n, Shares(25)) for n in MNIST), strict=True)]
    assert totals == [45002, 14998, 0]


def test_every_set_with_a_share_gets_an_image_where_there_are_enough() -> None:
    for v in range(101):
        for s in range(101 - v):
            shares = Shares(v, s)
            for n in range(len(shares.sets), 12):
                counts = split(n, shares)
                assert sum(counts) == n
                assert all(
                    (count > 0) == (share > 0) or n < 3 for count, share in zip(counts, shares.percent, strict=True)
                )
                assert math.prod(count + 1 for count in counts) > 1


def test_sets_are_those_with_a_share() -> None:
    assert Shares(25, 0).sets == ("train", "val")
    assert Shares(50, 50).sets == ("val", "test")
    assert Shares(0, 100).sets == ("test",)
