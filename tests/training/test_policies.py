import math

import pytest

from embedding_explorer.training.policies import Policy


@pytest.mark.parametrize(
    ("name", "parameters", "progress", "factor"),
    [
        ("fixed", {}, 70, 1),
        ("step", {}, 32.9, 1),
        ("step", {}, 33, 0.1),
        ("step", {}, 66, 0.01),
        ("step", {"size": 10, "gamma": 0.5}, 35, 0.125),
        ("multistep", {}, 49.9, 1),
        ("multistep", {}, 50, 0.5),
        ("multistep", {}, 85, 0.25),
        ("exp", {}, 10, 0.95**10),
        ("inv", {}, 30, (1 + 0.1 * 30) ** -0.5),
        ("poly", {}, 50, 0.125),
        ("poly", {}, 100, 0),
        ("sigmoid", {}, 50, 0.5),
        ("sigmoid", {}, 80, 1 / (1 + math.exp(3))),
    ],
)
def test_the_formulas_of_the_contract(name: str, parameters: dict[str, float], progress: float, factor: float) -> None:
    assert Policy(name, parameters).rate(0.02, progress) == pytest.approx(0.02 * factor)


def test_a_curve_has_a_rate_for_every_percent() -> None:
    curve = Policy("poly", {"power": 1.0}).curve(1.0)
    assert len(curve) == 101
    assert (curve[0], curve[50], curve[100]) == (1.0, 0.5, 0.0)


def test_what_is_not_finite_is_none_in_curves() -> None:
    assert Policy("exp", {"gamma": 1e6}).curve(1.0)[100] is None
    assert Policy("poly", {"power": -1.0}).curve(1.0)[100] is None
    assert Policy("inv", {"gamma": -1.0}).curve(1.0)[50] is None
    assert Policy("sigmoid", {"gamma": 1e6}).curve(1.0)[100] == pytest.approx(0)
