"""Copies of values in a graph of TorchScript, as `eager.copied` makes them of Python's: the next module may work in place."""

from functools import cache
from typing import Any

import torch

_SOURCE = """
def of_list(values: List[Tensor]) -> List[Tensor]:
    return [value.clone() for value in values]
def of_dict(values: Dict[str, Tensor]) -> Dict[str, Tensor]:
    copies: Dict[str, Tensor] = {}
    for key in values:
        copies[key] = values[key].clone()
    return copies
def of_optional(value: Optional[Tensor]) -> Optional[Tensor]:
    return None if value is None else value.clone()
"""
_BY_TYPE = {"Tensor[]": "of_list", "Dict(str, Tensor)": "of_dict", "Tensor?": "of_optional"}


@cache
def _functions() -> Any:
    return torch.jit.CompilationUnit(_SOURCE)


def copied(graph: Any, value: Any) -> Any:
    """The value of a graph with the tensors in it copied, at the point of insertion; of other types, the value itself."""
    kind = value.type()
    if kind.kind() == "TensorType":
        return inserted(graph, "aten::clone", [value, graph.insertConstant(None)])
    if kind.kind() == "TupleType":
        return _tuple(graph, value, kind)
    if kind.str() in _BY_TYPE:
        [copy] = graph.insertGraph(_functions().find_function(_BY_TYPE[kind.str()]).graph, [value])
        return copy
    return value


def _tuple(graph: Any, value: Any, kind: Any) -> Any:
    node = graph.create("prim::TupleUnpack", [value], len(kind.elements()))
    graph.insertNode(node)
    parts = list(node.outputs())
    for part, inner in zip(parts, kind.elements(), strict=True):
        part.setType(inner)
    copy = inserted(graph, "prim::TupleConstruct", [copied(graph, part) for part in parts])
    copy.setType(kind)
    return copy


def inserted(graph: Any, kind: str, inputs: list[Any]) -> Any:
    """What a new node of one output gives, at the point of insertion."""
    node = graph.create(kind, inputs, 1)
    graph.insertNode(node)
    return node.output()
