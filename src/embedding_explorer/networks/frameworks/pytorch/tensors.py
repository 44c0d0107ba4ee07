"""What modules give, under the names by which it is asked for (networks contract, 14.1), as arrays."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from embedding_explorer.networks.frameworks.base import Array

FINAL, ALWAYS_FINAL = "output", "__output__"


def named(name: str, value: object) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in a value: `name` of a tensor, `name:0` of a list or tuple, `name:key` of a dictionary, and deeper."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from named(f"{name}:{key}", inner)
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from named(f"{name}:{position}", inner)


def occurrence(path: str, number: int) -> str:
    """The name of a module's run: the first one has that of the module."""
    return f"{path}#{number}" if number else path


def module_of(name: str, paths: Mapping[str, Any]) -> str | None:
    """The module whose result a name belongs to; None for none, such as the final result."""
    while name not in paths:
        shorter = max(name.rfind(":"), name.rfind("#"))
        if shorter < 0:
            return None
        name = name[:shorter]
    return name


def to_array(tensor: torch.Tensor) -> Array:
    """A copy as numpy has it: packed kinds of tensors are spread out, types that numpy has not become float32."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64):
        tensor = tensor.float()
    array: Array = tensor.resolve_conj().resolve_neg().cpu().numpy().copy()
    return array
