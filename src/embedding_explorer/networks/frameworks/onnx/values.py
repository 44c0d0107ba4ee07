"""The values of a model's graph, read from its file, and the same model with more of them as outputs."""

from collections.abc import Iterable
from pathlib import Path

from embedding_explorer.networks.frameworks.onnx import schema
from embedding_explorer.networks.protobuf import encode, open_message

INITIALIZER = "Initializer"


def values_of(path: Path) -> dict[str, str]:
    """Name → kind of operator, of every value that a node of the graph computes, in order; before them the initializers.

    Values inside branches and loops are not among them: they have no place in the graph's outputs.
    """
    found: dict[str, str] = {}
    graphs = list(open_message(path).messages(schema.MODEL_GRAPH))
    for graph in graphs:
        names = (tensor.last(schema.TENSOR_NAME) for tensor in graph.messages(schema.GRAPH_INITIALIZER))
        found |= {name: INITIALIZER for name in names if name}
    for graph in graphs:
        for node in graph.messages(schema.GRAPH_NODE):
            kind = node.last(schema.NODE_OP_TYPE)
            found |= {name: kind for name in node.texts(schema.NODE_OUTPUT) if name}
    return found


def with_outputs(model: bytes, names: Iterable[str]) -> bytes:
    """A model that also gives the values of these names.

    Protobuf merges a message that comes twice, so a second graph of nothing but outputs, put behind, adds them.
    """
    outputs = (encode(schema.GRAPH_OUTPUT, encode(schema.VALUE_NAME, name.encode())) for name in names)
    return model + encode(schema.MODEL_GRAPH, b"".join(outputs))
