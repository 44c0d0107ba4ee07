"""The blank images that a network is tried out on, and what their tensors tell about its layers."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

from embedding_explorer.errors import NetworkUnusable
from embedding_explorer.networks.frameworks.base import Array
from embedding_explorer.networks.preprocessing import ImageInput, Preprocessing

Shape: TypeAlias = tuple[int, ...]
LayerShape: TypeAlias = tuple[int | None, ...] | None
Found = TypeVar("Found")
# Runs that may be spent on finding out which values cannot be had.
MAX_TRIALS = 100


def trial_feeds(preprocessing: Preprocessing) -> list[list[Array]]:
    """What to try a network on: one blank image for each input; a second set of another shape where shapes vary.

    A network that must take images of any shape (NETWORK) and cannot take the second set has a fixed input size.
    """
    first = [_blank(spec, *spec.target) for spec in preprocessing.inputs]
    if all(spec.resize_type != "NETWORK" for spec in preprocessing.inputs):
        return [first]
    return [first, [_blank(spec, *_smaller(spec)) for spec in preprocessing.inputs]]


def _smaller(spec: ImageInput) -> tuple[int, int]:
    """The target, or for varying sizes another one in it, with other proportions: whatever varies shows that it does."""
    width, height = spec.target
    return (max(1, width * 7 // 8), max(1, height * 3 // 4)) if spec.resize_type == "NETWORK" else (width, height)


def _blank(spec: ImageInput, width: int, height: int) -> Array:
    """Zeros (1, …) in the order and type of the input."""
    sides = {"C": spec.channels, "W": width, "H": height}
    return np.zeros((1, *(sides[axis] for axis in spec.axes)), spec.data_type.lower())


def obtainable(
    compute: Callable[[Sequence[str]], Mapping[str, Found]], names: Sequence[str], most: int = MAX_TRIALS
) -> dict[str, Found]:
    """What `compute` gives for those of the names that can be had, in at most so many calls.

    One that cannot, as in a branch that is not taken, makes it raise NetworkUnusable for all that it is asked with.
    """
    found, parts = dict[str, Found](), [names] if names else []
    for _ in range(most):
        if not parts:
            break
        part = parts.pop()
        try:
            found |= compute(part)
        except NetworkUnusable:
            half = len(part) // 2
            parts += [part[half:], part[:half]] if half else []
    return found


def layer_shape(seen: Sequence[Shape]) -> LayerShape:
    """One shape for what was seen in every trial: None for the batch axis and where trials differ."""
    if not seen or len({len(shape) for shape in seen}) != 1:
        return None
    axes = zip(*seen, strict=True)
    return tuple(
        None if len(set(sides)) > 1 or (axis == 0 and sides[0] == 1) else sides[0] for axis, sides in enumerate(axes)
    )


def check_input_shape(spec: ImageInput, declared: Sequence[int | None]) -> None:
    """Raise NetworkUnusable where an input's declared shape (None: free) contradicts the preprocessing."""
    wanted: tuple[int | None, ...] = (1, *spec.fixed_shape)
    if len(declared) != len(wanted):
        raise NetworkUnusable(
            f"The input {spec.tensor_name!r} has {len(declared)} axes, and an image has {len(wanted)} "
            f"({spec.dimension_order})."
        )
    for axis, own, side in zip(spec.dimension_order, declared, wanted, strict=True):
        if own is not None and own != side:
            raise NetworkUnusable(_contradiction(spec, axis, own, side))


def _contradiction(spec: ImageInput, axis: str, own: int, side: int | None) -> str:
    if axis == "N":
        return f"The input {spec.tensor_name!r} takes exactly {own} images at a time; export it for 1 or any number."
    if side is None:
        return (
            f"The input {spec.tensor_name!r} has the fixed size {own} on its axis {axis}, which resize_type NETWORK "
            "does not allow; export it for any size, or use another resize_type."
        )
    field = "color_channels" if axis == "C" else "target_size"
    return (
        f"The input {spec.tensor_name!r} has the size {own} on its axis {axis}, and {field} makes it {side} "
        f"({spec.dimension_order})."
    )


def one_line(error: BaseException, most: int = 400) -> str:
    """What an error of a framework says, as one line of bounded length."""
    return " ".join(str(error).split())[:most] or type(error).__name__
