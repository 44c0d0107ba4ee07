"""Laying out a SavedModel for TensorFlow's loader, with all that it does not need taken out.

Checkpoints are read and written by operators of the graph itself, which get the path as a text and would take any. Here
those that write do nothing, and those that read are bound to the variables of this network, whoever runs them.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from embedding_explorer.errors import BadInput, NetworkUnusable
from embedding_explorer.networks.frameworks.base import Files
from embedding_explorer.networks.frameworks.tensorflow.check import BINARY, model_of, screen, variables_of
from embedding_explorer.networks.frameworks.tensorflow.operators import (
    reads_checkpoints,
    takes_path,
    writes_checkpoints,
)

SERVE = "serve"
_PREFIX = "the_variables_of_this_network"
# Names of operators that the loader runs. Other collections serve trainings, and are objects that it would build.
_COLLECTIONS = ("saved_model_main_op", "legacy_init_op", "saved_model_legacy_init_op")
_STRING = 7


@contextmanager
def laid_out(files: Files) -> Iterator[tuple[Path, Any]]:
    """A folder to load from, and the graph in it as a message; raises NetworkUnusable."""
    with TemporaryDirectory(prefix="network-") as folder:
        root = Path(folder)
        (root / "variables").mkdir()
        model = _read(files)
        meta = _chosen(model)
        _sanitise(meta, str(root / "variables" / "variables"), bool(variables_of(files)))
        (root / BINARY).write_bytes(model.SerializeToString())
        _screen_again(root / BINARY, meta)
        for name in variables_of(files):
            os.symlink(files[name].resolve(), root / "variables" / name)
        yield root, meta


def _read(files: Files) -> Any:
    name = model_of(files)
    assert name is not None
    model = import_module("tensorflow.core.protobuf.saved_model_pb2").SavedModel()
    try:
        if name == BINARY:
            model.ParseFromString(files[name].read_bytes())
        else:
            import_module("google.protobuf.text_format").Parse(files[name].read_text("utf-8"), model)
    except Exception as error:  # the readers of both forms have classes of their own
        raise NetworkUnusable(f"TensorFlow cannot read {name}: it is damaged.") from error
    return model


def _chosen(model: Any) -> Any:
    """The graph for serving, or the only one; the others are removed."""
    tags = [set(meta.meta_info_def.tags) for meta in model.meta_graphs]
    serving = [number for number, each in enumerate(tags) if each == {SERVE}] or list(range(len(tags)))
    if len(serving) != 1:
        found = "; ".join(", ".join(sorted(each)) for each in tags[:20])
        raise NetworkUnusable(f"The SavedModel has no graph with the tag {SERVE!r}. The tags of its graphs: {found}.")
    meta = model.meta_graphs[serving[0]]
    kept = type(meta)()
    kept.CopyFrom(meta)
    del model.meta_graphs[:]
    model.meta_graphs.add().CopyFrom(kept)
    return model.meta_graphs[0]


def _screen_again(path: Path, meta: Any) -> None:
    """What came as text was not screened in full; and now the operators' own descriptions are at hand."""
    try:
        screen(path)
    except BadInput as error:
        raise NetworkUnusable(f"The SavedModel {error.message}.") from error
    registry = import_module("tensorflow.python.framework.op_def_registry")
    for name in sorted({node.op for node in _nodes(meta.graph_def)}):
        known = registry.get(name)
        arguments = [*(each.name for each in known.input_arg), *(each.name for each in known.attr)] if known else []
        if takes_path(name, arguments):
            raise NetworkUnusable(f"The SavedModel uses the operator {name[:80]!r}, which takes a path or an address.")


def _nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _sanitise(meta: Any, prefix: str, has_variables: bool) -> None:
    for name in set(meta.collection_def) - set(_COLLECTIONS):
        del meta.collection_def[name]
    del meta.asset_file_def[:]
    if not has_variables:
        meta.ClearField("saver_def")
    _bind(meta.graph_def.node, prefix, _PREFIX)
    for function in meta.graph_def.library.function:
        _bind(function.node_def, prefix, f"{_PREFIX}:output:0")


def _bind(nodes: Any, prefix: str, reference: str) -> None:
    reading = [node for node in nodes if reads_checkpoints(node.op)]
    for node in nodes:
        if writes_checkpoints(node.op):
            _do_nothing(node)
    for node in reading:
        if not node.input or node.input[0].startswith("^"):
            raise NetworkUnusable(f"The SavedModel reads a checkpoint at {node.name[:80]!r} without saying which.")
        node.input[0] = reference
    if reading:
        if any(node.name == _PREFIX for node in nodes):
            raise NetworkUnusable(f"The SavedModel has the name {_PREFIX!r}, which is taken.")
        _constant(nodes.add(), prefix)


def _do_nothing(node: Any) -> None:
    control: Iterable[str] = [each for each in node.input if each.startswith("^")]
    node.op = "NoOp"
    del node.input[:]
    node.input.extend(control)
    node.attr.clear()


def _constant(node: Any, text: str) -> None:
    node.name, node.op = _PREFIX, "Const"
    node.attr["dtype"].type = _STRING
    tensor = node.attr["value"].tensor
    tensor.dtype = _STRING
    tensor.tensor_shape.SetInParent()
    tensor.string_val.append(text.encode())
