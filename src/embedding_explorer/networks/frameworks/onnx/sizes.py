"""How large a model's tensors say that they are: a few bytes of file must not become all memory that there is.

Shapes that are computed on the way cannot be known here; whoever runs models bounds the memory of the process.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.onnx import schema
from embedding_explorer.networks.protobuf import Message, varint

MAX_FILLED = 1 << 28  # values of a tensor that an operator makes of one value and a constant shape
MAX_AXES = 16
_INT64 = 8
_VALUES_PER_BYTE = 2  # of the smallest type, four bits
# Operator → which of its inputs is a shape.
_FILLING = {"ConstantOfShape": 0, "Expand": 1}


def check_size(tensor: Message, external: Mapping[str, Path]) -> None:
    """Raise BadInput for a tensor that declares more values than it, or the files `external`, can have."""
    sides, available = list[int](), 0
    for number, value in tensor:
        if number == schema.TENSOR_DIMS:
            sides += [value] if isinstance(value, int) else _varints(value)
        elif number in schema.TENSOR_DATA:
            available += 1 if isinstance(value, int) else len(value) + (number == schema.TENSOR_STRINGS)
    available += sum(path.stat().st_size for path in external.values())
    if len(sides) > MAX_AXES or math.prod(sides) > available * _VALUES_PER_BYTE:
        raise BadInput(
            f"has the tensor {tensor.last(schema.TENSOR_NAME)[:80]!r} that declares more values than there are"
        )


def filled_from(graph: Message) -> None:
    """Raise BadInput for operators that fill a huge tensor of a constant shape."""
    shapes = dict[str, int]()
    for tensor in graph.messages(schema.GRAPH_INITIALIZER):
        shapes[tensor.last(schema.TENSOR_NAME)] = _values_in(tensor)
    for node in graph.messages(schema.GRAPH_NODE):
        for attribute in node.messages(schema.NODE_ATTRIBUTE):
            for tensor in attribute.messages(schema.ATTRIBUTE_TENSOR):
                shapes |= {output: _values_in(tensor) for output in node.texts(schema.NODE_OUTPUT)}
        kind, inputs = node.last(schema.NODE_OP_TYPE), node.texts(schema.NODE_INPUT)
        position = _FILLING.get(kind, len(inputs))
        if position < len(inputs) and shapes.get(inputs[position], 0) > MAX_FILLED:
            raise BadInput(f"has the operator {kind} that makes a tensor of more than {MAX_FILLED} values")


def _values_in(shape: Message) -> int:
    """How many values a tensor has whose shape is this tensor; 0 for tensors that are no shapes."""
    sides = list[int]()
    for number, value in shape:
        if number == schema.TENSOR_RAW and not isinstance(value, int) and len(value) <= _INT64 * MAX_AXES:
            sides += [
                int.from_bytes(value[i : i + _INT64], "little", signed=True) for i in range(0, len(value), _INT64)
            ]
        elif number == schema.TENSOR_INT64 and (isinstance(value, int) or len(value) <= 10 * MAX_AXES):
            sides += [value] if isinstance(value, int) else _varints(value)
    return math.prod(sides) if sides and len(sides) <= MAX_AXES else 0


def _varints(data: memoryview) -> list[int]:
    """Whole numbers one after another; at most one more than a shape may have."""
    position, found = 0, list[int]()
    while position < len(data) and len(found) <= MAX_AXES:
        value, position = varint(data, position)
        found.append(value)
    return found
