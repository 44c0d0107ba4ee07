"""Geometry of 11.3: its worked examples, and its formulas in fractions over many sizes."""

import random

import pytest

from embedding_explorer.networks.preprocessing import Geometry, geometry
from tests.networks.preprocessing.reference import sizes, spec

KINDS = ("SQUASH", "CROP", "FILL", "NETWORK")
# Image, target, then for each kind: size after resizing, offset, output.
WORKED = [
    ((100, 50), "20x20", [(20, 20), (0, 0), (20, 20)], [(40, 20), (10, 0), (20, 20)],
     [(20, 10), (0, 5), (20, 20)], [(20, 10), (0, 0), (20, 10)]),
    ((50, 100), "20x30", [(20, 30), (0, 0), (20, 30)], [(20, 40), (0, 5), (20, 30)],
     [(15, 30), (2, 0), (20, 30)], [(15, 30), (0, 0), (15, 30)]),
    ((30, 40), "16", [(16, 16), (0, 0), (16, 16)], [(16, 21), (0, 2), (16, 16)],
     [(12, 16), (2, 0), (16, 16)], [(12, 16), (0, 0), (12, 16)]),
    ((7, 5), "14x14", [(14, 14), (0, 0), (14, 14)], [(20, 14), (3, 0), (14, 14)],
     [(14, 10), (0, 2), (14, 14)], [(14, 10), (0, 0), (14, 10)]),
]  # fmt: skip


@pytest.mark.parametrize(("image", "target", "squash", "crop", "fill", "network"), WORKED)
def test_worked_examples_of_the_contract(image, target, squash, crop, fill, network) -> None:
    for kind, expected in zip(KINDS, (squash, crop, fill, network), strict=True):
        assert geometry(spec(resize_type=kind, target_size=target), *image) == Geometry(*expected), kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_size_follows_the_formulas(kind: str) -> None:
    chance = random.Random(1)
    for _ in range(3000):
        most = chance.choice((4, 30, 1000, 8192))
        w, h = (chance.randint(1, chance.choice((5, 60, 3000, 50_000_000))) for _ in range(2))
        one, other = chance.randint(1, most), chance.randint(1, most)
        for target in (f"{one}", f"{one}x{other}"):
            wanted = spec(resize_type=kind, target_size=target)
            assert geometry(wanted, w, h) == sizes(wanted, w, h), (w, h, target)


def test_halves_are_rounded_up() -> None:
    # 3 x 2 to N = 5 is a factor of 5/3, so 10/3; 4 x 2 to N = 5 gives 2.5.
    assert geometry(spec(resize_type="NETWORK", target_size="5"), 3, 2).resized == (5, 3)
    assert geometry(spec(resize_type="NETWORK", target_size="5"), 4, 2).resized == (5, 3)
    assert geometry(spec(resize_type="CROP", target_size="5x1"), 4, 2).resized == (5, 3)


def test_nothing_gets_less_than_a_pixel() -> None:
    for kind in ("FILL", "NETWORK"):
        assert geometry(spec(resize_type=kind, target_size="10"), 5000, 2).resized == (10, 1)
        assert geometry(spec(resize_type=kind, target_size="10x7"), 2, 5000).resized == (1, 7)


def test_whole_numbers_stay_exact_where_floats_would_not() -> None:
    # 33554433 = 2 ** 25 + 1 is no 32-bit float.
    wanted = spec(resize_type="CROP", target_size="1x3")
    assert geometry(wanted, 33554433, 3) == ((33554433, 3), (16777216, 0), (1, 3))
