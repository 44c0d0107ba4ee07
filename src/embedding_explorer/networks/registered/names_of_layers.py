"""Whether a network has the layers that a request names, by the list that its deployment made: no framework is needed."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from embedding_explorer.networks.frameworks.names import NEAR, SHOWN, near_names
from embedding_explorer.networks.frameworks.onnx.values import INITIALIZER
from embedding_explorer.networks.preprocessing import Faults

MAX_NAMES = 1000  # layers of one request
MAX_LENGTH = 1024  # characters of a name
HINTS = 20  # unknown names for which near ones are looked up: comparing costs milliseconds each


def read_names(value: object, faults: Faults) -> list[str]:
    """The names of layers of a request, in its order and as often: faults name their places."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_NAMES:
        faults.add("output_tensors", f"must be a list of 1 to {MAX_NAMES} names")
        return []
    for i, name in enumerate(value):
        if (
            not isinstance(name, str)
            or not 1 <= len(name) <= MAX_LENGTH
            or any("\ud800" <= c <= "\udfff" for c in name)
        ):
            faults.add(f"output_tensors[{i}]", "must be the name of a layer")
    return [name for name in value if isinstance(name, str)]


def check_names(names: Sequence[str], layers: Sequence[Mapping[str, Any]], framework: str) -> None:
    """Raise InvalidFields with the names that no layer has, and up to five near ones for each."""
    faults, known = Faults(), names_in(layers)
    there = set(known)
    for i, name in enumerate(names):
        if not is_one(name, there, framework):
            faults.add(f"output_tensors[{i}]", unknown(name, known if len(faults) < HINTS else ()))
    faults.raise_any()


def check_layer(name: str, layers: Sequence[Mapping[str, Any]], framework: str) -> None:
    """`check_names` for the `layer` of a dataset; where none is near, the last ones are told, whose values say most."""
    faults, known = Faults(), names_in(layers)
    if not is_one(name, known, framework):
        faults.add("layer", unknown(name, known, known[-NEAR:]))
    faults.raise_any()


def listed(layers: Sequence[dict[str, Any]], framework: str) -> list[dict[str, Any]]:
    """The layers of a network's list, which has what is fed and computed (networks contract, 14.2: in execution order).

    Values that are there before can be asked for all the same, since any value of an ONNX graph can (14.1).
    """
    hidden = INITIALIZER if framework == "onnx" else None
    return [layer for layer in layers if layer["type"] != hidden or layer["output"]]


def names_in(layers: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of listed layers."""
    return [str(layer["name"]) for layer in layers]


def is_one(name: str, known: Collection[str], framework: str) -> bool:
    """Whether a name, or something that it may stand for, is known."""
    return any(each in known for each in MEANT.get(framework, _itself)(name))


def unknown(name: str, known: Collection[str], last: Sequence[str] = ()) -> str:
    """What to say of a name that no layer has: near ones, or else `last`."""
    near = near_names(name, known)
    kind, told = ("near", near) if near else ("its last", [each[:SHOWN] for each in last])
    hint = f"; {kind} ones are {', '.join(told)}" if told else ""
    return f"there is no layer {name[:SHOWN]!r}{hint}"


def _itself(name: str) -> tuple[str, ...]:
    return (name,)


def _tensorflow(name: str) -> tuple[str, ...]:
    return (name,) if re.search(r":[0-9]+$", name) else (name, f"{name}:0")


def _onnx(name: str) -> tuple[str, ...]:
    return name, name.removesuffix(":0")


def _pytorch(name: str) -> tuple[str, ...]:
    meant = (name, name.removesuffix(":0"))
    return meant + tuple(f"output{each.removeprefix('__output__')}" for each in meant if each.startswith("__output__"))


# What a name may stand for in each framework (networks contract, 14.1).
MEANT: dict[str, Callable[[str], tuple[str, ...]]] = {
    "tensorflow-1.x": _tensorflow,
    "onnx": _onnx,
    "pytorch": _pytorch,
}
