"""Which tensors of a graph can be computed from what is fed, without changing anything."""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from embedding_explorer.networks.frameworks.tensorflow.operators import changes_state

_PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
_NUMBERS = "biuf"


def computable(graph: Any, fed: Collection[str], library: Iterable[Any]) -> list[Any]:
    """Tensors of numbers, in the graph's order, which needs what is used before what uses it.

    Args:
        graph: of TensorFlow.
        fed: names of tensors that are fed.
        library: the graph's functions, as messages.
    """
    changing = changing_functions(library)
    barred, found = set[str](), list[Any]()
    for operation in graph.get_operations():
        needs = [tensor.op.name for tensor in operation.inputs if tensor.name not in fed]
        needs += [control.name for control in operation.control_inputs]
        if not barred.isdisjoint(needs) or _barred(operation, changing):
            barred.add(operation.name)
        usable = operation.name not in barred and graph.is_fetchable(operation)
        found += [tensor for tensor in operation.outputs if (usable or tensor.name in fed) and _is_numeric(tensor)]
    return found


def changing_functions(library: Iterable[Any]) -> set[str]:
    """Names of functions that change something, by themselves or by calling such."""
    calls = {function.signature.name: _called(function.node_def) for function in library}
    changing = {name for name, called in calls.items() if any(map(changes_state, called))}
    while more := {name for name, called in calls.items() if called & changing} - changing:
        changing |= more
    return changing


def _called(nodes: Iterable[Any]) -> set[str]:
    return {name for node in nodes for name in (node.op, *_functions(node))}


def _functions(node: Any) -> list[str]:
    """Functions that a node has as attributes."""
    values = list(node.attr.values())
    return [value.func.name for value in values if value.HasField("func")] + [
        function.name for value in values for function in value.list.func
    ]


def _barred(operation: Any, changing: Collection[str]) -> bool:
    names = (operation.type, *_functions(operation.node_def))
    return operation.type in _PLACEHOLDERS or changes_state(operation.type) or any(name in changing for name in names)


def _is_numeric(tensor: Any) -> bool:
    kind = tensor.dtype.base_dtype
    return kind.name == "bfloat16" or (kind.is_numpy_compatible and np.dtype(kind.as_numpy_dtype).kind in _NUMBERS)
