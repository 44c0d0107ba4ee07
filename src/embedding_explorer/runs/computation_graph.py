"""A GraphDef as the nested nodes of `c_graph` (contract, 8.1 and 8.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedding_explorer.errors import UnreadableLog
from embedding_explorer.runs.graph_tree import MAX_OPERATIONS, Link, Tree, check

if TYPE_CHECKING:
    from tensorboard.compat.proto.graph_pb2 import GraphDef

SHAPES = "_output_shapes"
MAX_ATTRIBUTE = 1 << 20  # bytes of one attribute that are shown; constants may hold whole tensors


@dataclass(frozen=True)
class Operation:
    """One node of a GraphDef. `inputs` are names with whether it is a control edge only; `shapes` texts as `{1,3}`."""

    name: str
    op: str
    inputs: list[tuple[str, bool]]
    attrs: dict[str, Any]
    shapes: list[str]


def computation_tree(data: bytes) -> Tree:
    """The tree of a serialised GraphDef; raises LimitExceeded, UnreadableLog."""
    tree, known = Tree(), operations(parsed(data))
    for operation in known.values():
        tree.add(operation.name, operation.op, operation.attrs)
    tree.link(links(known))
    return tree


def parsed(data: bytes) -> "GraphDef":
    """The message; raises UnreadableLog."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    try:
        return GraphDef.FromString(data)
    except DecodeError as error:
        raise UnreadableLog("The graph in the log cannot be read.") from error


def operations(graph: "GraphDef") -> dict[str, Operation]:
    """By name; of two with the same name the first counts."""
    check("operations", len(graph.node), MAX_OPERATIONS)
    found: dict[str, Operation] = {}
    for node in graph.node:
        if node.name and node.name not in found:
            found[node.name] = operation(node)
    return found


def operation(node: Any) -> Operation:
    """One NodeDef."""
    shapes = [shape_text(shape) for shape in node.attr[SHAPES].list.shape] if SHAPES in node.attr else []
    attrs: dict[str, Any] = {name: attribute_text(node.attr[name]) for name in sorted(node.attr) if name != SHAPES}
    if SHAPES in node.attr:
        attrs[SHAPES] = shapes
    inputs = [(text.removeprefix("^").partition(":")[0], text.startswith("^")) for text in node.input]
    return Operation(node.name, node.op, inputs, attrs, shapes)


def shape_text(shape: Any) -> str:
    """A shape as `{1,28,?}`, one without dimensions as nothing."""
    sizes = ["?" if dimension.size == -1 else str(dimension.size) for dimension in shape.dim]
    return f"{{{','.join(sizes)}}}" if sizes else ""


def attribute_text(value: Any) -> str:
    """Protobuf's text form on one line, of huge values its beginning."""
    from google.protobuf.text_format import MessageToString

    size = value.ByteSize()
    if size > MAX_ATTRIBUTE:
        return f"({size} bytes)"
    return str(MessageToString(value)).replace("\n", "")


def links(known: dict[str, Operation]) -> Iterator[Link]:
    """All edges between operations that are there, in the order of their sources."""
    outgoing: dict[str, list[tuple[Operation, bool]]] = {name: [] for name in known}
    for target in known.values():
        for source, control in target.inputs:
            if source in outgoing:
                outgoing[source].append((target, control))
    for name, targets in outgoing.items():
        for target, control in targets:
            yield Link(name, target.name, info_of(known[name].shapes, target.shapes), control)


def info_of(shapes: list[str], target_shapes: list[str]) -> str:
    """Which of the output shapes of an operation goes to one of its targets, as far as that can be told."""
    if len(shapes) <= 1:
        return shapes[0] if shapes else ""
    common = [shape for shape in shapes if shape in target_shapes]
    return common[0] if len(common) == 1 else "{?}"
