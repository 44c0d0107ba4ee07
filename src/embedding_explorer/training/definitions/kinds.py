"""The types of layers that a layer list may have, with their parameters (contract, 11.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from embedding_explorer.training.definitions.definition import CLASSES

MAX_SIDE = 4096
MAX_CHANNELS = 1 << 20
_REQUIRED = object()


@dataclass(frozen=True)
class Parameter:
    """A parameter of a layer: `check` says what is wrong with a value, or gives None."""

    check: Callable[[Any], str | None]
    default: Any = _REQUIRED

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is _REQUIRED


def whole(least: int, most: int) -> Callable[[Any], str | None]:
    """A whole number within bounds."""
    text = f"must be a whole number from {least} to {most}"
    return lambda value: None if type(value) is int and least <= value <= most else text


def size(least: int) -> Callable[[Any], str | None]:
    """A whole number, or two for height and width."""
    check = whole(least, MAX_SIDE)

    def checked(value: Any) -> str | None:
        pair = value if isinstance(value, list | tuple) else [value, value]
        if len(pair) == 2 and not any(check(side) for side in pair):
            return None
        return f"must be a whole number from {least} to {MAX_SIDE}, or a pair of them"

    return checked


def number(least: float, most: float) -> Callable[[Any], str | None]:
    """A finite number within bounds."""

    def checked(value: Any) -> str | None:
        good = type(value) in (int, float) and least <= value <= most  # so neither infinite nor no number
        return None if good else f"must be a number from {least:g} to {most:g}"

    return checked


def flag(value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "must be true or false"


def choice(*options: str) -> Callable[[Any], str | None]:
    """One of some words."""
    return lambda value: None if value in options else f"must be one of {', '.join(options)}"


def features(value: Any) -> str | None:
    """A whole number, or the word that stands for the number of labels."""
    return None if value == CLASSES else whole(1, MAX_CHANNELS)(value)


_CONVOLUTION = {
    "out_channels": Parameter(whole(1, MAX_CHANNELS)),
    "kernel_size": Parameter(size(1)),
    "stride": Parameter(size(1), 1),
    "padding": Parameter(size(0), 0),
    "dilation": Parameter(size(1), 1),
    "groups": Parameter(whole(1, MAX_CHANNELS), 1),
    "bias": Parameter(flag, True),
}
_POOLING = {
    "kernel_size": Parameter(size(1)),
    "stride": Parameter(size(1), None),
    "padding": Parameter(size(0), 0),
    "ceil_mode": Parameter(flag, False),
}

KINDS: dict[str, dict[str, Parameter]] = {
    "scale": {"factor": Parameter(number(-1e6, 1e6), 1.0), "shift": Parameter(number(-1e6, 1e6), 0.0)},
    "conv2d": _CONVOLUTION,
    "conv_transpose2d": _CONVOLUTION | {"output_padding": Parameter(size(0), 0)},
    "linear": {"out_features": Parameter(features, CLASSES), "bias": Parameter(flag, True)},
    "max_pool2d": _POOLING,
    "avg_pool2d": _POOLING,
    "adaptive_avg_pool2d": {"output_size": Parameter(size(1))},
    "batch_norm": {},
    "local_response_norm": {
        "size": Parameter(whole(1, MAX_CHANNELS)),
        "alpha": Parameter(number(0, 1e6), 1e-4),
        "beta": Parameter(number(0, 100), 0.75),
        "k": Parameter(number(0, 1e6), 1.0),
    },
    "dropout": {"p": Parameter(number(0, 1), 0.5)},
    "leaky_relu": {"negative_slope": Parameter(number(-100, 100), 0.01)},
    "upsample": {
        "scale_factor": Parameter(number(0.01, 64)),
        "mode": Parameter(choice("nearest", "bilinear"), "nearest"),
    },
    **{name: {} for name in ("relu", "prelu", "sigmoid", "tanh", "gelu", "identity", "flatten", "add", "concat")},
}
MANY_INPUTS = ("add", "concat")


def pair(value: Any) -> tuple[int, int]:
    """Height and width of a size."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])
