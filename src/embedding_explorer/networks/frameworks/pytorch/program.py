"""What all of PyTorch's formats have in common once they are loaded."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from embedding_explorer.networks.frameworks.pytorch.arguments import Argument


class Seen(NamedTuple):
    """What a module gave in one of its runs."""

    path: str
    value: Any


class Run(NamedTuple):
    """One forward pass: the final result, and what was seen inside, in the order of its end."""

    final: Any
    seen: list[Seen]


class Program(ABC):
    """Something that computes, made of modules.

    Attributes:
        kinds: kind of every module, by its dotted path.
        arguments: what the forward call takes.
    """

    kinds: Mapping[str, str]
    arguments: Sequence[Argument]

    @abstractmethod
    def compute(self, feeds: Mapping[str, torch.Tensor], wanted: Collection[str] | None) -> Run:
        """One forward pass on tensors by argument, noting what the modules of the paths `wanted` give; None: all."""

    @abstractmethod
    def tensors(self) -> Iterator[torch.Tensor]:
        """All weights."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the weights."""
