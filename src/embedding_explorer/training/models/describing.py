"""What a network consists of, for people who are about to train it (contract, 5.11)."""

from typing import Any

import torch
from torch import Tensor, nn

from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.shapes import MAX_PARAMETERS, sized_layers
from embedding_explorer.training.models.build import build_network


def describe(definition: Definition, max_parameters: int = MAX_PARAMETERS) -> dict[str, Any]:
    """The keys of `visualize-network`: every layer with type, output shape (without the batch axis) and parameters.

    Args:
        definition: with `input_shape`, and `classes` where it needs them.
        max_parameters: most weights and biases.

    Raises:
        BadInput: it does not fit together; the message names the layer.
        LimitExceeded: too many parameters.
    """
    layers = (_torchvisions if definition.standard else _listed)(definition, max_parameters)
    return {"layers": layers, "total_parameters": sum(layer["parameters"] for layer in layers)}


def _listed(definition: Definition, max_parameters: int) -> list[dict[str, Any]]:
    found = sized_layers(definition, max_parameters)
    return [_row(each.spec.name, each.spec.type, each.shape, each.parameters) for each in found]


def _row(name: str, kind: str, shape: tuple[int, ...], parameters: int) -> dict[str, Any]:
    return {"name": name, "type": kind, "output_shape": list(shape), "parameters": parameters}


def _torchvisions(definition: Definition, max_parameters: int) -> list[dict[str, Any]]:
    network = build_network(definition, max_parameters=max_parameters).eval()
    rows: list[dict[str, Any]] = []
    for path, module in network.named_modules():
        if path and not list(module.children()):
            module.register_forward_hook(_noting(rows, path))
    with torch.no_grad():
        network(torch.zeros(1, *(definition.input_shape or ())))
    return rows


def _noting(rows: list[dict[str, Any]], path: str) -> Any:
    def hook(module: nn.Module, _: Any, result: Any) -> None:
        if isinstance(result, Tensor):
            count = sum(parameter.numel() for parameter in module.parameters())
            rows.append(_row(path, type(module).__name__, tuple(result.shape[1:]), count))

    return hook
