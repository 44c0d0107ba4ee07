"""Sizes of everything in a layer list, worked out without torch: what fits, how many weights, what memory."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.training.definitions.definition import CLASSES, INPUT, Definition, LayerSpec, Shape
from embedding_explorer.training.definitions.kinds import pair

MAX_PARAMETERS = 500_000_000  # unless `EXPLORER_MAX_NETWORK_PARAMETERS` says otherwise
SETTING = "EXPLORER_MAX_NETWORK_PARAMETERS"
MAX_VALUES = 1 << 26  # of one layer for one picture
At = Mapping[str, Any]


@dataclass(frozen=True)
class Sized:
    """A layer that fits: `fed` and `shape` are without the batch axis, `parameters` counts weights and biases."""

    spec: LayerSpec
    fed: tuple[Shape, ...]
    shape: Shape
    parameters: int


class _Misfit(Exception):
    pass


def sized_layers(definition: Definition, max_parameters: int | None = MAX_PARAMETERS) -> list[Sized]:
    """Every layer of a layer list with its sizes.

    Args:
        definition: with `input_shape`, and `classes` where a layer leaves its size to them.
        max_parameters: most weights and biases of the whole network; None for one that was checked when it came.

    Raises:
        BadInput: a layer does not fit what it is fed; the message names it.
        LimitExceeded: more parameters than allowed.
    """
    if definition.input_shape is None:
        raise BadInput("The size of the pictures is not known yet; wait until the dataset is finished.")
    known: dict[str, Shape] = {INPUT: definition.input_shape}
    found: list[Sized] = []
    for spec in definition.layers:
        layer = _sized(spec, [known[name] for name in spec.inputs], definition.classes)
        known[spec.name] = layer.shape
        found.append(layer)
    check_parameters(sum(layer.parameters for layer in found), max_parameters)
    _check_output(definition, found[-1])
    return found


def check_parameters(count: int, most: int | None) -> None:
    """Raise LimitExceeded for a network of too many parameters."""
    if most is not None and count > most:
        raise LimitExceeded(
            f"The network has {count} parameters; at most {most} are allowed ({SETTING}). Make its layers smaller.",
            limit=most,
            setting=SETTING,
        )


def _sized(spec: LayerSpec, fed: Sequence[Shape], classes: int | None) -> Sized:
    at = dict(spec.parameters)
    if spec.type == "linear" and at.get("out_features", CLASSES) == CLASSES:
        if classes is None:
            raise BadInput(f"The layer {spec.name!r} (linear) needs `out_features`: there are no classes to count.")
        at["out_features"] = classes
    try:
        shape, count = SIZES.get(spec.type, _same)(fed, at)
        if min(shape) < 1:
            raise _Misfit(f"is left with nothing, {'x'.join(map(str, shape))}: its pictures are too small for it")
        if math.prod(shape) > MAX_VALUES:
            raise _Misfit(f"would give {math.prod(shape)} values for one picture; at most {MAX_VALUES} are allowed")
    except _Misfit as misfit:
        sizes = " and ".join("x".join(map(str, each)) for each in fed)
        raise BadInput(f"The layer {spec.name!r} ({spec.type}), fed with {sizes}, {misfit}.") from misfit
    resolved = LayerSpec(spec.type, spec.name, spec.inputs, at, spec.init)
    return Sized(resolved, tuple(fed), shape, count)


def _check_output(definition: Definition, last: Sized) -> None:
    if definition.classes is not None and (len(last.shape) != 1 or last.shape[0] < definition.classes):
        raise BadInput(
            f"The last layer {last.spec.name!r} gives {'x'.join(map(str, last.shape))} values; a classification "
            f"needs {definition.classes}, one for each label. End with a linear layer without `out_features`."
        )


def _map(fed: Sequence[Shape]) -> tuple[int, int, int]:
    if len(fed[0]) != 3:
        raise _Misfit("needs channels, height and width: it cannot come after a layer that flattens")
    channels, height, width = fed[0]
    return channels, height, width


def _same(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    return fed[0], 0


def _grouped(fed: Sequence[Shape], at: At) -> int:
    """Weights of a convolution of either direction."""
    channels, out, groups = fed[0][0], at["out_channels"], at.get("groups", 1)
    if channels % groups or out % groups:
        raise _Misfit(f"has {groups} groups, which do not divide {channels} channels and {out} `out_channels`")
    kernel: int = math.prod(pair(at["kernel_size"]))
    return int(channels * out // groups * kernel + (out if at.get("bias", True) else 0))


def _conv(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    _, *sides = _map(fed)
    each = zip(sides, *(pair(at.get(k, d)) for k, d in _CONV), strict=True)
    out = [(side + 2 * p - d * (k - 1) - 1) // s + 1 for side, k, s, p, d in each]
    return (at["out_channels"], *out), _grouped(fed, at)


_CONV: tuple[tuple[str, int], ...] = (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1))


def _conv_transpose(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    _, *sides = _map(fed)
    each = zip(sides, *(pair(at.get(k, d)) for k, d in (*_CONV, ("output_padding", 0))), strict=True)
    out = []
    for side, k, s, p, d, extra in each:
        if extra >= max(s, d):
            raise _Misfit("has an `output_padding` that is not smaller than its stride or dilation")
        out.append((side - 1) * s - 2 * p + d * (k - 1) + extra + 1)
    return (at["out_channels"], *out), _grouped(fed, at)


def _pool(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    channels, *sides = _map(fed)
    kernel = pair(at["kernel_size"])
    stride, padding = pair(at.get("stride", kernel)), pair(at.get("padding", 0))
    out = []
    for side, k, s, p in zip(sides, kernel, stride, padding, strict=True):
        if 2 * p > k:
            raise _Misfit("has a padding of more than half its kernel")
        steps = side + 2 * p - k
        length = (-(-steps // s) if at.get("ceil_mode") else steps // s) + 1
        # A window that would begin in the padding at the end is left out, here as in Caffe.
        out.append(length - 1 if at.get("ceil_mode") and (length - 1) * s >= side + p else length)
    return (channels, *out), 0


def _adaptive(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    return (_map(fed)[0], *pair(at["output_size"])), 0


def _linear(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    out: int = at["out_features"]
    return (out,), out * (math.prod(fed[0]) + bool(at.get("bias", True)))


def _flatten(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    return (math.prod(fed[0]),), 0


def _norm(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    return fed[0], 2 * fed[0][0]


def _prelu(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    return fed[0], fed[0][0]


def _response(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    return _map(fed), 0


def _upsample(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    channels, *sides = _map(fed)
    return (channels, *(math.floor(side * at["scale_factor"]) for side in sides)), 0


def _add(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    if len(set(fed)) > 1:
        raise _Misfit("can only add what has one size")
    return fed[0], 0


def _concat(fed: Sequence[Shape], at: At) -> tuple[Shape, int]:
    if len({each[1:] for each in fed}) > 1:
        raise _Misfit("can only join what has one height and width")
    return (sum(each[0] for each in fed), *fed[0][1:]), 0


SIZES: dict[str, Callable[[Sequence[Shape], At], tuple[Shape, int]]] = {
    "conv2d": _conv,
    "conv_transpose2d": _conv_transpose,
    "linear": _linear,
    "max_pool2d": _pool,
    "avg_pool2d": _pool,
    "adaptive_avg_pool2d": _adaptive,
    "batch_norm": _norm,
    "prelu": _prelu,
    "local_response_norm": _response,
    "flatten": _flatten,
    "upsample": _upsample,
    "add": _add,
    "concat": _concat,
}
