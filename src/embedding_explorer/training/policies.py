"""Learning rates over a training, as DIGITS offers them (contract, 5.2). Pure arithmetic, no torch.

p is the progress of the whole training in percent, 0 to 100.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Rate = Callable[[float, Mapping[str, Any]], float]


def _fixed(p: float, at: Mapping[str, Any]) -> float:
    return 1.0


def _step(p: float, at: Mapping[str, Any]) -> float:
    return float(at["gamma"] ** math.floor(p / at["size"]))


def _multistep(p: float, at: Mapping[str, Any]) -> float:
    return float(at["gamma"] ** sum(value <= p for value in at["values"]))


def _exp(p: float, at: Mapping[str, Any]) -> float:
    return float(at["gamma"] ** p)


def _inv(p: float, at: Mapping[str, Any]) -> float:
    base: float = 1 + at["gamma"] * p
    return float(base ** -at["power"])


def _poly(p: float, at: Mapping[str, Any]) -> float:
    return float(max(0.0, 1 - p / 100) ** at["power"])


def _sigmoid(p: float, at: Mapping[str, Any]) -> float:
    # Beyond this the factor is 0 or 1 to the last digit, and exp would overflow.
    return 1 / (1 + math.exp(max(-700.0, min(700.0, at["gamma"] * (p - at["step"])))))


FACTORS: dict[str, Rate] = {
    "fixed": _fixed,
    "step": _step,
    "multistep": _multistep,
    "exp": _exp,
    "inv": _inv,
    "poly": _poly,
    "sigmoid": _sigmoid,
}
# Parameter → default. The form's field is `lr_<policy>_<parameter>`.
DEFAULTS: dict[str, dict[str, Any]] = {
    "fixed": {},
    "step": {"size": 33.0, "gamma": 0.1},
    "multistep": {"values": (50.0, 85.0), "gamma": 0.5},
    "exp": {"gamma": 0.95},
    "inv": {"gamma": 0.1, "power": 0.5},
    "poly": {"power": 3.0},
    "sigmoid": {"step": 50.0, "gamma": 0.1},
}


@dataclass(frozen=True)
class Policy:
    """A policy with its parameters; those that are not given have their defaults."""

    name: str = "step"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def factor(self, progress: float) -> float:
        """What the base rate is multiplied with at `progress` percent; infinite where the formula overflows."""
        try:
            value = FACTORS[self.name](progress, DEFAULTS[self.name] | dict(self.parameters))
        except (OverflowError, ZeroDivisionError, TypeError):  # TypeError: a negative base to a fraction is complex
            return math.inf
        return value

    def rate(self, base: float, progress: float) -> float:
        """The learning rate at `progress` percent (0 to 100)."""
        return base * self.factor(progress)

    def curve(self, base: float) -> list[float | None]:
        """The rate at 0, 1, … 100 percent; None where it is not finite (JSON knows no infinity)."""
        rates = [self.rate(base, percent) for percent in range(101)]
        return [rate if math.isfinite(rate) else None for rate in rates]
