"""Torch modules cut off at a layer. Imports torch: only what is about to run torch imports this."""

import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from embedding_explorer.errors import LimitExceeded, NetworkUnavailable, UnknownNetwork
from embedding_explorer.networks.base import Pooling
from embedding_explorer.networks.definitions import Definition

LISTED = 40


class Tapped(nn.Module):
    """Normalised pictures (B, 3, S, S) to the pooled output (B, D) of one layer."""

    def __init__(self, trunk: nn.Module, pooling: Pooling) -> None:
        super().__init__()
        self.trunk = trunk
        self.pooling = pooling

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) to (B, D)."""
        output: Tensor = self.trunk(x)["layer"]
        return pool(output, self.pooling)


def pool(output: Tensor, pooling: Pooling) -> Tensor:
    """A layer's output to (B, D): maps (B, C, H, W) and token sequences (B, T, C) are pooled over their places."""
    if pooling == "flatten" or output.ndim == 2:
        return output.flatten(1)
    places = (2, 3) if output.ndim == 4 else (1,)
    return output.mean(places) if pooling == "avg" else output.amax(places)


def load_module(definition: Definition, weights: Path | None) -> nn.Module:
    """The whole network in evaluation mode, float32; raises NetworkUnavailable when the weights do not fit."""
    module = definition.build().eval()
    if weights is None:
        return module
    state = load_state(weights)
    # Counters of batches matter to training only and are not in the embedded network's file.
    kept = {name: t for name, t in module.state_dict().items() if name.endswith("num_batches_tracked")}
    try:
        module.load_state_dict(kept | state)
    except RuntimeError as error:
        raise _unfit(weights, f"they do not fit the network {definition.name}: {error}") from error
    return module


def load_state(weights: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors or .pth file, as float32. Nothing in the file is executed.

    Raises:
        NetworkUnavailable: a file that cannot be read, or one of anything but named tensors.
    """
    try:
        state = load_file(weights) if weights.suffix == ".safetensors" else _load_pth(weights)
    except pickle.UnpicklingError as error:
        raise _unfit(weights, "they hold more than tensors, and what else there is will not be executed") from error
    except (OSError, RuntimeError, ValueError, LookupError, EOFError, SafetensorError) as error:
        raise _unfit(weights, f"the file cannot be read: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(t, Tensor) for t in state.values()):
        raise _unfit(weights, "they are no table of named tensors")
    return {name: t.float() if t.is_floating_point() else t for name, t in state.items()}


def _load_pth(weights: Path) -> Any:
    return torch.load(weights, map_location="cpu", weights_only=True)


def _unfit(weights: Path, reason: str) -> NetworkUnavailable:
    message = f"The weights in {weights} cannot be used: {reason[:400]}. Put the right file in their place."
    return NetworkUnavailable(message, path=str(weights))


def tap(module: nn.Module, layer: str, pooling: Pooling, *, size: int, max_dimension: int) -> tuple[Tapped, int]:
    """Cut `module` off at `layer`, and say how many features come out for pictures of `size` pixels.

    Raises:
        UnknownNetwork: no such layer, or one whose output is no feature map, vector or sequence.
        LimitExceeded: more features than `max_dimension`.
    """
    from torchvision.models.feature_extraction import create_feature_extractor

    check_layer(module, layer)
    tapped = Tapped(create_feature_extractor(module, {layer: "layer"}), pooling).eval()
    with torch.inference_mode():
        output = tapped.trunk(torch.zeros(1, 3, size, size))["layer"]
    if not isinstance(output, Tensor) or output.ndim not in (2, 3, 4) or len(output) != 1:
        raise UnknownNetwork(f"The layer {layer!r} gives no features. Name another one.", layer=layer)
    dimension = pool(output, pooling).shape[1]
    if dimension > max_dimension:
        raise LimitExceeded(
            f"The layer {layer!r} with pooling {pooling!r} gives {dimension} features a picture, more than the limit "
            f"of {max_dimension} (EXPLORER_MAX_DIMENSION). Pool with avg or max.",
            limit=max_dimension,
            setting="EXPLORER_MAX_DIMENSION",
        )
    return tapped, dimension


def check_layer(module: nn.Module, layer: str) -> None:
    """Raise UnknownNetwork, listing layers, unless `layer` is a module or an operation of the network's graph."""
    from torchvision.models.feature_extraction import get_graph_node_names

    nodes: list[str] = get_graph_node_names(module)[1]
    if any(node == layer or node.startswith(layer + ".") for node in nodes[1:]):
        return
    known = list(dict.fromkeys(".".join(node.split(".")[:2]) for node in nodes[1:]))
    shown = ", ".join(known[:LISTED]) + (", …" if len(known) > LISTED else "")
    raise UnknownNetwork(f"This network has no layer {layer[:80]!r}. Some of its layers: {shown}.", layers=known)
