"""Running modules of Python: torchvision's, and exported programs. Forward hooks tell what happens inside."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from embedding_explorer.networks.frameworks.pytorch.arguments import Argument
from embedding_explorer.networks.frameworks.pytorch.program import Program, Run, Seen


class EagerProgram(Program):
    """A module, and what kinds of modules it consists of, by path."""

    def __init__(
        self, module: nn.Module, kinds: Mapping[str, str], arguments: Sequence[Argument], positional: int | None = None
    ) -> None:
        """`positional`: how many of the arguments are given by position, the others by name; None for all."""
        self.module: nn.Module | None = module
        self.kinds = kinds
        self.arguments = arguments
        self._positional = positional

    def compute(self, feeds: Mapping[str, torch.Tensor], wanted: Collection[str] | None) -> Run:
        """See `Program.compute`."""
        assert self.module is not None
        named = [(each.name, feeds.get(each.name, each.default)) for each in self.arguments]
        given, seen = [value for _, value in named], list[Seen]()
        with _hooks(self.module, wanted, lambda path, value: seen.append(Seen(path, copied(value)))):
            final = self.module(*given[: self._positional], **dict(named[len(given[: self._positional]) :]))
        return Run(final, seen)

    def tensors(self) -> Iterator[torch.Tensor]:
        """See `Program.tensors`."""
        if self.module is not None:
            yield from self.module.parameters()
            yield from self.module.buffers()

    def close(self) -> None:
        """See `Program.close`."""
        self.module = None


def kinds_of(module: nn.Module) -> dict[str, str]:
    """Class of every module, by path."""
    return {path: type(inner).__name__ for path, inner in module.named_modules() if path}


def arguments_of(module: nn.Module) -> list[Argument]:
    """What the forward call of a module written in Python takes."""
    parameters = inspect.signature(module.forward).parameters.values()
    return [Argument(each.name, each.default is not each.empty, each.default) for each in parameters]


@contextmanager
def _hooks(module: nn.Module, wanted: Collection[str] | None, note: Callable[[str, Any], None]) -> Iterator[None]:
    handles: list[RemovableHandle] = []
    try:
        for path, inner in module.named_modules():
            if path and (wanted is None or path in wanted):
                handles.append(inner.register_forward_hook(lambda _, __, value, path=path: note(path, value)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def copied(value: Any) -> Any:
    """The value, its tensors copied: the next module may work in place."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, Mapping):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list | tuple) else value
