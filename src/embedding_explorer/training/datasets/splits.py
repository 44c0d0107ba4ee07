"""How the images of one category are shared among the sets (contract, 4.2.2), in whole numbers."""

from dataclasses import dataclass
from typing import NamedTuple

SETS = ("train", "val", "test")


class Counts(NamedTuple):
    """How many images each set gets, or how many percent of them."""

    train: int
    val: int
    test: int


@dataclass(frozen=True)
class Shares:
    """Percentages of the validation and the test set; training gets the rest."""

    val: int = 0
    test: int = 0

    @property
    def percent(self) -> Counts:
        """The shares of all three sets."""
        return Counts(100 - self.val - self.test, self.val, self.test)

    @property
    def sets(self) -> tuple[str, ...]:
        """The sets that get a share, in order."""
        return tuple(name for name, share in zip(SETS, self.percent, strict=True) if share > 0)


def split(count: int, shares: Shares) -> Counts:
    """How many of `count` images go to each set. The steps have the numbers of the contract."""
    t, v, s = shares.percent
    a = half_up(count * t, 100)  # 2; step 1 is what the steps give for a share of 100
    if t > 0 and a == 0:
        a = 1
    a, b = _validation(count, v, a)
    c = count - a - b  # 4
    if s > 0 and c == 0:
        if b > 1:
            b, c = b - 1, 1
        elif a > 1:
            a, c = a - 1, 1
    return Counts(a, b, c)


def half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest whole number, halves up; both positive."""
    return (2 * numerator + denominator) // (2 * denominator)


def _validation(count: int, v: int, a: int) -> tuple[int, int]:
    """Step 3: the counts of training and validation."""
    b = min(half_up(count * v, 100), count - a)
    if v > 0 and b == 0:
        if a > 1:
            return a - 1, 1
        if a < count:
            return a, 1
    return a, b
