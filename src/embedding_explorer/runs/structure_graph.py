"""Structure graphs in JSON, of Keras and OneFlow, as the nested nodes of `s_graph` (contract, 8.3)."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from embedding_explorer.errors import LimitExceeded, UnreadableLog
from embedding_explorer.runs.graph_tree import MAX_EDGES, MAX_OPERATIONS, Link, Tree, check

MAX_FILE = 64 << 20  # bytes of one JSON file
LAYERS = b'"layers"'  # stands in every structure graph
VARIABLE = "variable"
LOGGING = frozenset(
    (
        *(f"summary_write_{kind}" for kind in ("image", "pb", "histogram", "scalar")),
        "create_summary_writer",
        "flush_summary_writer",
    )
)
MAX_NESTING = 20  # lists within lists in `inbound_nodes`; Keras writes three
Layer = Mapping[str, Any]


def structure_graphs(path: Path) -> list[list[dict[str, Any]]]:
    """One list of nodes for each model in the file that has any; raises LimitExceeded, UnreadableLog."""
    trees = [tree for tree in map(model_tree, models(read(path))) if tree.top]
    return [tree.to_json() for tree in trees]


def is_structure_graph(path: Path) -> bool:
    """Whether a JSON file is one; only those that may be are parsed."""
    try:
        data = content(path)
        return LAYERS in data and bool(models(orjson.loads(data)))
    except (OSError, LimitExceeded, orjson.JSONDecodeError):
        return False


def read(path: Path) -> Any:
    """The JSON value of a file."""
    try:
        return orjson.loads(content(path))
    except (OSError, orjson.JSONDecodeError) as error:
        raise UnreadableLog("The structure graph of the run cannot be read.") from error


def content(path: Path) -> bytes:
    """All of a file; raises OSError, LimitExceeded."""
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise LimitExceeded(f"The structure graph is larger than {MAX_FILE} bytes.", limit=MAX_FILE)
    return data


def models(value: Any) -> list[Layer]:
    """The models of a file, a list of them or a single one; none where anything else stands among them."""
    entries = value if isinstance(value, list) else [value]
    return entries if all(map(is_model, entries)) else []


def is_model(value: Any) -> bool:
    """Whether a JSON value is a model: it has a list of layers."""
    return isinstance(value, dict) and isinstance(value.get("config"), dict) and isinstance(
        value["config"].get("layers"), list
    )  # fmt: skip


def model_tree(model: Layer) -> Tree:
    """The layers that are connected, in the order of the file."""
    config = model["config"]
    check("operations", len(config["layers"]), MAX_OPERATIONS)
    layers: dict[str, Layer] = {name_of(layer): layer for layer in config["layers"] if isinstance(layer, dict)}
    if model.get("class_name") == "Sequential":
        layers = {"input": sequential_input(config)} | layers
        inputs = chained(layers)
    else:
        inputs = {name: inputs_of(layer) for name, layer in layers.items()}
    return tree_of(layers, inputs)


def name_of(layer: Layer) -> str:
    """A layer's name, or that of its configuration."""
    config = layer.get("config")
    inner = config.get("name") if isinstance(config, dict) else None
    return str(layer.get("name") or inner or "")


def sequential_input(config: Layer) -> Layer:
    """The first node of a chain, which the file does not list."""
    return {"class_name": "ReadVariable", "config": {"shape": config.get("build_input_shape")}}


def chained(layers: Mapping[str, Layer]) -> dict[str, list[str]]:
    """Every layer's input is the one before it."""
    names = [name for name, layer in layers.items() if not dropped(layer)]
    return {name: names[max(index - 1, 0) : index] for index, name in enumerate(names)}


def inputs_of(layer: Layer) -> list[str]:
    """Names of the layers that a layer takes its input from, each once."""
    return list(dict.fromkeys(input_names(layer.get("inbound_nodes"))))


def input_names(value: Any, level: int = 0) -> Iterator[str]:
    """Texts of a list as they are; of Keras' nested lists `["name", 0, 0, {}]` the name."""
    if not isinstance(value, list) or level > MAX_NESTING:
        return
    if level and value and isinstance(value[0], str):
        yield value[0]
        return
    for entry in value:
        if isinstance(entry, str):
            yield entry
        else:
            yield from input_names(entry, level + 1)


def tree_of(layers: Mapping[str, Layer], inputs: Mapping[str, list[str]]) -> Tree:
    """A tree of the layers that have an edge to one another."""
    kept = {name: layer for name, layer in layers.items() if name and not dropped(layer)}
    check("edges", sum(map(len, inputs.values())), MAX_EDGES)
    found = {name: [source for source in inputs.get(name, ()) if source in kept] for name in kept}
    connected = {name for name, sources in found.items() if sources} | {s for each in found.values() for s in each}
    tree = Tree()
    for name, layer in kept.items():
        if name in connected:
            more = {"inputs": [slashed(source) for source in found[name]], "name": slashed(name)}
            tree.add(name, str(layer.get("class_name", "")), attributes(layer), more)
    tree.link(Link(source, name) for name, sources in found.items() for source in sources)
    complete(tree)
    return tree


def dropped(layer: Layer) -> bool:
    """Whether a layer is not drawn: variables, and what writes logs."""
    name = layer.get("class_name")
    return name == VARIABLE or name in LOGGING


def attributes(layer: Layer) -> dict[str, Any]:
    """The configuration as it is, a shape as text."""
    config = layer.get("config")
    attrs = dict(config) if isinstance(config, dict) else {}
    if "shape" in attrs:
        attrs["shape"] = shape_text(attrs["shape"])
    return attrs


def shape_text(shape: Any) -> str:
    """A list of sizes, or OneFlow's `{"dim": […]}` of one, as `{1,28,28}`; anything else as it is written."""
    shape = shape.get("dim", shape) if isinstance(shape, dict) else shape
    sizes: Iterable[Any] = shape if isinstance(shape, list) else () if shape is None else (shape,)
    texts = ["?" if size is None else str(size) for size in sizes]
    return f"{{{','.join(texts)}}}" if texts else ""


def slashed(name: str) -> str:
    """A name with the separator that a drawing knows."""
    return name.replace("-", "/")


def complete(tree: Tree) -> None:
    """Give the scopes the further keys that layers have."""
    for node in tree:
        node.more = node.more or {"inputs": [], "name": slashed(node.uid)}
