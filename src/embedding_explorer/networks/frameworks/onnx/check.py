"""Screening ONNX models without ONNX: operators, and where external data lies (networks contract, 13.4)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.base import Files
from embedding_explorer.networks.frameworks.examine import examine, refuse_links
from embedding_explorer.networks.frameworks.onnx import schema
from embedding_explorer.networks.frameworks.onnx.sizes import check_size, filled_from
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.networks.protobuf import Message, open_message

SUFFIX = ".onnx"
STANDARD_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
# A model may define functions of standard operators in a domain of its own, but not in these, which runtimes fill.
_TAKEN = re.compile(r"ai\.onnx|com\.(microsoft|ms)|org\.pytorch")


def check(files: Files, faults: Faults) -> None:
    """Note what is wrong with the files of an ONNX network."""
    models = [name for name in files if name.endswith(SUFFIX)]
    if not models:
        faults.add(f"files.model{SUFFIX}", f"is missing: an onnx network needs one file *{SUFFIX}", code="missing")
    for name in models[1:]:
        faults.add(f"files.{name}", f"is one model file too many: {models[0]} came too")
    for name in models[:1]:
        examine(name, files[name], lambda path: screen(path, files), faults)


def model_of(files: Files) -> Path:
    """The model among files that passed the check."""
    return next(path for name, path in files.items() if name.endswith(SUFFIX))


def screen(path: Path, files: Files) -> None:
    """Raise BadInput unless a model has a graph of standard operators, and external data in uploaded files at most."""
    Screening(open_message(path), files).run()


class Screening:
    """One pass over a model.

    Where a message that is not repeated comes twice, readers of protobuf merge the two: here every occurrence of a
    field counts, so that whatever any reader could see has been looked at.
    """

    def __init__(self, model: Message, files: Files) -> None:
        self.model, self.files = model, files
        self.functions = {pair for function in model.messages(schema.MODEL_FUNCTIONS) for pair in _names(function)}

    def run(self) -> None:
        """Screen everything; raises BadInput."""
        graphs = 0
        for number, value in self.model:
            if number == schema.MODEL_GRAPH:
                graphs += 1
                self._graph(self.model.inside(value))
            elif number == schema.MODEL_FUNCTIONS:
                self._function(self.model.inside(value))
            elif number == schema.MODEL_TRAINING:
                self._each(self.model.inside(value), schema.TRAINING_GRAPHS, self._graph)
        if not graphs:
            raise BadInput("is no ONNX model: it has no graph")

    def _each(self, message: Message, numbers: tuple[int, ...], look: Callable[[Message], None]) -> None:
        for number, value in message:
            if number in numbers:
                look(message.inside(value))

    def _graph(self, graph: Message) -> None:
        filled_from(graph)
        for number, value in graph:
            if number == schema.GRAPH_NODE:
                self._node(graph.inside(value))
            elif number == schema.GRAPH_INITIALIZER:
                self._tensor(graph.inside(value))
            elif number == schema.GRAPH_SPARSE_INITIALIZER:
                self._sparse(graph.inside(value))

    def _function(self, function: Message) -> None:
        self._each(function, (schema.FUNCTION_NODE,), self._node)
        self._each(function, (schema.FUNCTION_ATTRIBUTE,), self._attribute)

    def _node(self, node: Message) -> None:
        kinds = node.texts(schema.NODE_OP_TYPE)
        for domain in node.texts(schema.NODE_DOMAIN):
            if domain not in STANDARD_DOMAINS and not all((domain, kind) in self.functions for kind in kinds):
                kind = (kinds or ["?"])[0]
                raise BadInput(
                    f"uses the operator {kind[:80]!r} of the domain {domain[:80]!r}; only standard ONNX operators run "
                    f"here (domains {', '.join(repr(d) for d in STANDARD_DOMAINS)})"
                )
        self._each(node, (schema.NODE_ATTRIBUTE,), self._attribute)

    def _attribute(self, attribute: Message) -> None:
        for number, value in attribute:
            if number in schema.ATTRIBUTE_TENSORS:
                self._tensor(attribute.inside(value))
            elif number in schema.ATTRIBUTE_GRAPHS:
                self._graph(attribute.inside(value))
            elif number in schema.ATTRIBUTE_SPARSE_TENSORS:
                self._sparse(attribute.inside(value))

    def _sparse(self, tensor: Message) -> None:
        self._each(tensor, schema.SPARSE_TENSORS, self._tensor)

    def _tensor(self, tensor: Message) -> None:
        external: dict[str, Path] = {}
        for entry in tensor.messages(schema.TENSOR_EXTERNAL_DATA):
            if "location" in entry.texts(schema.ENTRY_KEY):
                for location in entry.texts(schema.ENTRY_VALUE) or [""]:
                    external[location] = self._location(location)
        check_size(tensor, external)

    def _location(self, location: str) -> Path:
        if location not in self.files:  # stored names have no slash, so nothing outside the network's folder is one
            raise BadInput(
                f"keeps weights in {location[:80]!r}, which is no file that came along: external data is accepted "
                "under the plain names of files of the same request"
            )
        refuse_links(self.files[location])
        return self.files[location]


def _names(function: Message) -> Iterator[tuple[str, str]]:
    """(domain, name) of a function of the model, where the domain is not taken."""
    for domain in function.texts(schema.FUNCTION_DOMAIN):
        if domain and not _TAKEN.match(domain):
            yield from ((domain, name) for name in function.texts(schema.FUNCTION_NAME))
