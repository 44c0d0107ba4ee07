"""Screening SavedModels without TensorFlow (networks contract, 13.2)."""

import math
import re
from itertools import islice
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.base import Files
from embedding_explorer.networks.frameworks.examine import examine, refuse_links
from embedding_explorer.networks.frameworks.tensorflow import schema
from embedding_explorer.networks.frameworks.tensorflow.operators import is_variable, prints, screen_operator
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.networks.protobuf import Message, open_message

BINARY, TEXT, INDEX = "saved_model.pb", "saved_model.pbtxt", "variables.index"
MAX_TEXT_BYTES = 64 << 20
# TensorFlow fills a constant of any shape from one value: a few bytes of file, and all memory that there is.
MAX_CONSTANT = 1 << 28  # values
MAX_AXES = 64  # of a constant; a product of thousands of sides takes longer with each
MAX_MISSING = 20  # files that are named
# The last block of an index of variables, and of every table of its kind, ends so.
_INDEX_MAGIC = bytes.fromhex("57fb808b247547db")
_SHARD = re.compile(r"variables\.data-([0-9]{5})-of-([0-9]{5})")
_OPERATOR = re.compile(r"\bop\s*:\s*(?:\"([^\"]*)\"|'([^']*)')")


def check(files: Files, faults: Faults) -> None:
    """Note what is wrong with the files of a SavedModel."""
    name = model_of(files)
    if name is None:
        why = f"is missing: a tensorflow-1.x network needs {BINARY} or {TEXT}"
        faults.add(f"files.{BINARY}", why, code="missing")
    else:
        examine(name, files[name], lambda path: _check_model(path, files, faults), faults)
    check_variables(files, faults)


def _check_model(path: Path, files: Files, faults: Faults) -> None:
    operators = screen(path) if files.get(BINARY) == path else screen_text(path)
    if any(map(is_variable, operators)) and not variables_of(files):
        why = "is missing: the model has variables, and this file and variables.data-… hold them"
        faults.add(f"files.{INDEX}", why, code="missing")


def model_of(files: Files) -> str | None:
    """Name of the model's file; the binary one counts where both are there."""
    return next((name for name in (BINARY, TEXT) if name in files), None)


def variables_of(files: Files) -> list[str]:
    """Names of the files with variables."""
    return [name for name in files if name == INDEX or _SHARD.fullmatch(name)]


def check_variables(files: Files, faults: Faults) -> None:
    """Note an index without all of its shards, or shards without an index."""
    shards = [match for name in files if (match := _SHARD.fullmatch(name))]
    if INDEX in files:
        examine(INDEX, files[INDEX], _screen_index, faults)
        counts = sorted({int(match[2]) for match in shards}) or [1]
        wanted = (f"variables.data-{k:05d}-of-{n:05d}" for n in counts for k in range(n))
        for name in islice((name for name in wanted if name not in files), MAX_MISSING):
            faults.add(f"files.{name}", f"is missing: {INDEX} needs it", code="missing")
        if len(counts) > 1:
            faults.add(f"files.{INDEX}", "came with shards of different numbers")
    elif shards:
        faults.add(f"files.{INDEX}", f"is missing: {shards[0].string} needs it", code="missing")
    for match in shards:
        examine(match.string, files[match.string], refuse_links, faults)


def _screen_index(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(_INDEX_MAGIC)))
        end = file.read()
    if end != _INDEX_MAGIC:
        raise BadInput("is no index of variables, or a cut-off one")


def screen_text(path: Path) -> set[str]:
    """`screen` of the text form as far as it goes without its grammar; what is loaded is its binary form, screened."""
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise BadInput(f"has more than {MAX_TEXT_BYTES} bytes")
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("is no text in UTF-8") from error
    if "meta_graphs" not in text:
        raise BadInput("is no SavedModel: it has no graph")
    operators = {match[1] or match[2] or "" for match in _OPERATOR.finditer(text)}
    for operator in sorted(operators):
        screen_operator(operator)
    return operators


def screen(path: Path) -> set[str]:
    """The operators of a SavedModel; raises BadInput unless its graphs do nothing but compute."""
    graphs, operators = 0, set[str]()
    for meta in open_message(path).messages(schema.SAVED_MODEL_META_GRAPHS):
        for graph in meta.messages(schema.META_GRAPH_GRAPH):
            graphs += 1
            operators |= _screen_graph(graph)
    if not graphs:
        raise BadInput("is no SavedModel: it has no graph")
    return operators


def _screen_graph(graph: Message) -> set[str]:
    operators = set[str]()
    for node in graph.messages(schema.GRAPH_NODE):
        operators.update(_screen_node(node))
    for library in graph.messages(schema.GRAPH_LIBRARY):
        for function in library.messages(schema.LIBRARY_FUNCTION):
            for node in function.messages(schema.FUNCTION_NODE):
                operators.update(_screen_node(node))
    return operators


def _screen_node(node: Message) -> list[str]:
    operators = node.texts(schema.NODE_OP)
    for operator in operators:
        screen_operator(operator)
    for entry in node.messages(schema.NODE_ATTRIBUTE):
        for value in entry.messages(schema.ENTRY_VALUE):
            _screen_value(value)
            if any(map(prints, operators)) and any(t.startswith("file:") for t in value.texts(schema.VALUE_TEXT)):
                raise BadInput("prints to a file")
    return operators


def _screen_value(value: Message) -> None:
    for number, inner in value:
        if number == schema.VALUE_TENSOR:
            _screen_tensor(value.inside(inner))
        elif number == schema.VALUE_LIST:
            for tensor in value.inside(inner).messages(schema.LIST_TENSOR):
                _screen_tensor(tensor)


def _screen_tensor(tensor: Message) -> None:
    for shape in tensor.messages(schema.TENSOR_SHAPE):
        sides = [
            side for axis in shape.messages(schema.SHAPE_AXIS) for number, side in axis if number == schema.AXIS_SIZE
        ]
        if any(not isinstance(side, int) for side in sides):
            raise BadInput("is no SavedModel, or a damaged one")
        if len(sides) > MAX_AXES:
            raise BadInput(f"has a constant of more than {MAX_AXES} axes")
        if math.prod(side for side in sides if isinstance(side, int)) > MAX_CONSTANT:
            raise BadInput(f"has a constant of more than {MAX_CONSTANT} values")
