"""What happens inside a network for one picture: activations and weights with their statistics (contract, 6.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.pytorch.tensors import to_array
from embedding_explorer.networks.frameworks.trial import one_line
from embedding_explorer.training.models.layered import LayerNetwork
from embedding_explorer.training.models.predictor import Predictor
from embedding_explorer.training.source import Pixels
from embedding_explorer.training.tiles import statistics, tiled

INPUT = "data"


@dataclass(frozen=True)
class Visualization:
    """One activation or set of weights.

    Attributes:
        vis_type: "Activation" or "Weights".
        layer_type: class of the module; None for the input.
        param_count: weights and biases, for weights only.
        stats: see `statistics`.
        picture: uint8 (H, W, 3); None where there is none.
    """

    name: str
    vis_type: str
    layer_type: str | None
    param_count: int | None
    stats: dict[str, Any]
    picture: Pixels | None

    def to_json(self, number: int) -> dict[str, Any]:
        """The keys of a visualization, but for `image_html`, which needs an encoder."""
        entry: dict[str, Any] = {"id": number, "name": self.name, "vis_type": self.vis_type, "data_stats": self.stats}
        if self.layer_type is not None:
            entry["layer_type"] = self.layer_type
        if self.param_count is not None:
            entry["param_count"] = self.param_count
        return entry


def visualise(predictor: Predictor, picture: Pixels) -> tuple[NDArray[np.float32], list[Visualization], int]:
    """Run one picture, uint8 (H, W, C), and look at everything on the way.

    Returns:
        The final output (K,) or (…), what was seen in network order, and the number of all parameters seen.

    Raises:
        BadInput: the network cannot take the picture.
    """
    inputs = predictor.inputs(picture[None])
    seen = [_activation(INPUT, None, _first(inputs), colour=True)]
    results: list[tuple[str, nn.Module, Tensor]] = []
    try:
        with torch.inference_mode():
            output = predictor.finish(_hooked(predictor, inputs, results))[0].cpu().numpy()
    except RuntimeError as error:
        raise BadInput(f"The network cannot take this picture: {one_line(error)}") from error
    for name, module, result in results:
        seen.extend(_weights(name, module))
        seen.append(_activation(name, type(module).__name__, _first(result)))
    if predictor.definition.classes is not None:
        seen.append(_activation("softmax", "Softmax", output, rescale=False))
    return output, seen, sum(each.param_count or 0 for each in seen)


def _hooked(predictor: Predictor, inputs: Tensor, results: list[tuple[str, nn.Module, Tensor]]) -> Tensor:
    network = predictor.network
    names = network.layer_names() if isinstance(network, LayerNetwork) else {}
    handles = []

    def note(name: str) -> Any:
        def hook(module: nn.Module, _: Any, result: Any) -> None:
            if isinstance(result, Tensor):
                results.append((name, module, result.clone()))  # the next module may work in place

        return hook

    try:
        for path, module in predictor.leaves():
            handles.append(module.register_forward_hook(note(names.get(path, path))))
        output: Tensor = network(inputs)
        return output
    finally:
        for handle in handles:
            handle.remove()


def _first(batch: Tensor) -> NDArray[Any]:
    return to_array(batch[0])


def _activation(
    name: str, kind: str | None, values: NDArray[Any], colour: bool = False, rescale: bool = True
) -> Visualization:
    return Visualization(name, "Activation", kind, None, statistics(values), tiled(values, colour, rescale))


def _weights(name: str, module: nn.Module) -> Iterator[Visualization]:
    weight = getattr(module, "weight", None)
    if not isinstance(weight, Tensor):
        return
    count = sum(parameter.numel() for parameter in module.parameters())
    values = to_array(weight)
    # Weights between every two values of neighbouring layers make no picture that says anything.
    picture = None if isinstance(module, nn.Linear) else tiled(values)
    yield Visualization(name, "Weights", type(module).__name__, count, statistics(values), picture)
