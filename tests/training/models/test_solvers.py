"""Every solver against its update written out by hand, in double precision."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from embedding_explorer.training.models.solvers import make_solver, set_rate
from embedding_explorer.training.options import SOLVERS, Options

RATES = (0.1, 0.1, 0.05, 0.02)
DECAY = 0.1 / 100
State = dict[str, float]


def sgd(g: float, lr: float, s: State) -> float:
    s["v"] = 0.9 * s["v"] + g if "v" in s else g
    return lr * s["v"]


def nesterov(g: float, lr: float, s: State) -> float:
    s["v"] = 0.9 * s["v"] + g if "v" in s else g
    return lr * (g + 0.9 * s["v"])


def adagrad(g: float, lr: float, s: State) -> float:
    s["h"] = s.get("h", 0) + g * g
    return lr * g / (math.sqrt(s["h"]) + 1e-10)


def rmsprop(g: float, lr: float, s: State) -> float:
    s["h"] = 0.95 * s.get("h", 0) + 0.05 * g * g
    return lr * g / (math.sqrt(s["h"]) + 1e-8)


def adadelta(g: float, lr: float, s: State) -> float:
    s["h"] = 0.9 * s.get("h", 0) + 0.1 * g * g
    step = g * math.sqrt((s.get("d", 0) + 1e-6) / (s["h"] + 1e-6))
    s["d"] = 0.9 * s.get("d", 0) + 0.1 * step * step
    return lr * step


def adam(g: float, lr: float, s: State) -> float:
    s["t"] = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["h"] = 0.999 * s.get("h", 0) + 0.001 * g * g
    m, h = s["m"] / (1 - 0.9 ** s["t"]), s["h"] / (1 - 0.999 ** s["t"])
    return lr * m / (math.sqrt(h) + 1e-8)


BY_HAND: dict[str, Callable[[float, float, State], float]] = {
    "SGD": sgd,
    "NESTEROV": nesterov,
    "ADAGRAD": adagrad,
    "RMSPROP": rmsprop,
    "ADADELTA": adadelta,
    "ADAM": adam,
}


@pytest.mark.parametrize("name", SOLVERS)
def test_updates_are_those_written_by_hand(name: str) -> None:
    weight = nn.Parameter(torch.tensor([1.5], dtype=torch.float64))
    solver = make_solver(Options(solver=name, learning_rate=0.1, rms_decay=0.95), [weight])
    expected, state = 1.5, State()
    for rate in RATES:
        set_rate(solver, rate)
        solver.zero_grad()
        weight.pow(3).sum().backward()
        solver.step()
        gradient = 3 * expected**2 + DECAY * expected
        expected -= BY_HAND[name](gradient, rate, state)
        assert weight.item() == pytest.approx(expected, rel=1e-9)
