"""Running TorchScript. Hooks cannot be set on loaded modules, so the graph itself is changed to tell what happens in it.

Calls of submodules are replaced by their bodies, one after another. The path of each is the chain of attributes from the
module to the one that is called; its result is appended to a list, which the graph returns beside its own result. Lists
have one type of element, hence one for each type, and one of numbers that tells the order, which branches and loops vary.
"""

import re
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch

from embedding_explorer.networks.frameworks.pytorch.arguments import Argument
from embedding_explorer.networks.frameworks.pytorch.program import Program, Run, Seen
from embedding_explorer.networks.frameworks.pytorch.script_copies import copied, inserted

# Each costs a copy of the graph, of some megabytes.
MAX_FUNCTIONS = 8
# A traced module that runs several times has one of these for each run, a scripted one for each type of its arguments.
_FORWARD = re.compile(r"forward(__)?[0-9]*")


class ScriptProgram(Program):
    """A module of TorchScript."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.kinds = {path: inner.original_name for path, inner in module.named_modules() if path}
        arguments = module.forward.schema.arguments[1:]
        self.arguments = [Argument(each.name, each.has_default_value(), each.default_value) for each in arguments]
        self._tensors_only = False
        self._functions: OrderedDict[frozenset[str] | None, _Told] = OrderedDict()

    def compute(self, feeds: Mapping[str, torch.Tensor], wanted: Collection[str] | None) -> Run:
        """See `Program.compute`."""
        given = [feeds.get(each.name, each.default) for each in self.arguments]
        if wanted is not None and not wanted:
            return Run(self.module(*given), [])
        key = None if wanted is None else frozenset(wanted)
        try:
            return self._function(key).run(self.module, given)
        except RuntimeError as error:
            # Fused attention gives a tuple with a tensor that is none, and no list of such tuples can be returned.
            if "undefined Tensor" not in str(error) or self._tensors_only:
                raise
            self._tensors_only = True
            self._functions.clear()
            return self._function(key).run(self.module, given)

    def _function(self, wanted: frozenset[str] | None) -> "_Told":
        if wanted not in self._functions:
            while len(self._functions) >= MAX_FUNCTIONS:
                self._functions.popitem(last=False)
            self._functions[wanted] = _Told(self.module, wanted, self._tensors_only)
        self._functions.move_to_end(wanted)
        return self._functions[wanted]

    def tensors(self) -> Iterator[torch.Tensor]:
        """See `Program.tensors`."""
        if self.module is not None:
            yield from self.module.parameters()
            yield from self.module.buffers()

    def close(self) -> None:
        """See `Program.close`."""
        self.module = None
        self._functions.clear()


class _Told:
    """The forward call of a module, changed so that it also gives what the modules of the paths `wanted` give.

    With `tensors_only`, tuples and dictionaries are left out.
    """

    def __init__(self, module: Any, wanted: frozenset[str] | None, tensors_only: bool) -> None:
        self._module, self._wanted, self._tensors_only = module, wanted, tensors_only
        self._graph = module.graph.copy()
        self._self = next(iter(self._graph.inputs())).unique()
        self._calls: list[tuple[str, str]] = []  # path and type of each call, by its number
        self._order = self._new_list(torch._C.IntType.get(), None)
        self._lists: dict[str, Any] = {}
        self._replace_calls()
        self._return_lists()
        self._function = torch._C._create_function_from_graph("told", self._graph)

    def run(self, module: Any, given: list[Any]) -> Run:
        """One forward pass."""
        # Optimising takes longer than a few passes save, and might do away with what is to be seen.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            final, order, *lists = self._function(module._c, *given)
        values = {kind: iter(found) for kind, found in zip(self._lists, lists, strict=True)}
        calls = (self._calls[number] for number in order)
        return Run(final, [Seen(path, next(values[kind])) for path, kind in calls])

    def _new_list(self, kind: Any, after: Any) -> Any:
        """An empty list at the beginning of the graph."""
        node = self._graph.create("prim::ListConstruct", 1)
        node.output().setType(torch._C.ListType(kind))
        if after is None:
            self._graph.prependNode(node)
        else:
            node.insertAfter(after)
        return node.output()

    def _replace_calls(self) -> None:
        left = set[int]()  # calls of what is no attribute of the module
        while calls := [c for c in self._graph.findAllNodes("prim::CallMethod") if c.output().unique() not in left]:
            for call in calls:
                path = self._path(call.inputsAt(0))
                if path is None:
                    left.add(call.output().unique())
                else:
                    self._replace(call, path)

    def _path(self, value: Any) -> list[str] | None:
        path: list[str] = []
        while value.unique() != self._self:
            if value.node().kind() != "prim::GetAttr":
                return None
            path.append(value.node().s("name"))
            value = value.node().inputsAt(0)
        return path[::-1]

    def _replace(self, call: Any, path: list[str]) -> None:
        """Put the body of a method where it is called."""
        called = self._module._c
        for attribute in path:
            called = called.getattr(attribute)
        self._graph.setInsertPoint(call)
        [result] = self._graph.insertGraph(called._get_method(call.s("name")).graph, list(call.inputs()))
        name = ".".join(path)
        if _FORWARD.fullmatch(call.s("name")) and path and (self._wanted is None or name in self._wanted):
            self._tell(name, result)
        call.output().replaceAllUsesWith(result)
        call.destroy()

    def _tell(self, name: str, value: Any) -> None:
        """Append a value, and the number of its call, to their lists, at the point of insertion."""
        if self._tensors_only and value.type().kind() != "TensorType":
            return
        kind = value.type().str()
        if kind not in self._lists:
            self._lists[kind] = self._new_list(value.type(), self._order.node())
        self._append(self._lists[kind], copied(self._graph, value))
        self._append(self._order, self._graph.insertConstant(len(self._calls)))
        self._calls.append((name, kind))

    def _append(self, to: Any, value: Any) -> None:
        inserted(self._graph, "aten::append", [to, value]).setType(to.type())

    def _return_lists(self) -> None:
        given = [next(iter(self._graph.outputs())), self._order, *self._lists.values()]
        node = self._graph.create("prim::TupleConstruct", given, 1)
        node.output().setType(torch._C.TupleType([each.type() for each in given]))
        self._graph.appendNode(node)
        self._graph.eraseOutput(0)
        self._graph.registerOutput(node.output())
        self._graph.lint()
