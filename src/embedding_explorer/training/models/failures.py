"""Why a network cannot be trained on its dataset, with the name of the layer at fault (contract, 5.4)."""

import math
from traceback import walk_tb

import numpy as np
from torch import nn

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.trial import one_line
from embedding_explorer.training.definitions.definition import Definition, Shape
from embedding_explorer.training.definitions.shapes import sized_layers
from embedding_explorer.training.models.layered import LayerNetwork
from embedding_explorer.training.source import Source

# What normalises over a batch needs two values of each channel at least.
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def check_outputs(definition: Definition, source: Source) -> None:
    """Raise BadInput naming the last layer where it gives other numbers of values than the dataset has for a picture.

    Args:
        definition: for the pictures of the set. Standard networks always suit: their last layer is made for the labels.
        source: a set with at least one picture.
    """
    if source.labels is not None or not definition.layers:
        return
    last = sized_layers(definition, max_parameters=None)[-1]
    wanted: Shape = source.batch(np.zeros(1, np.int64))[1].shape[1:]
    if math.prod(last.shape) != math.prod(wanted):
        raise BadInput(
            f"The last layer {last.spec.name!r} ({last.spec.type}) gives {_sides(last.shape)} values for a picture, but "
            f"the dataset has {_sides(wanted)}. Change the layer to that number."
        )


def _sides(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "1"


def failure(network: nn.Module, error: Exception) -> BadInput:
    """What operators of torch raise for shapes and memory, as an error for the user."""
    name, module = _layer(network, error)
    where = f" in the layer {name!r}" if name else ""
    if isinstance(error, ValueError) and isinstance(module, _NORMS):
        advice = "It cannot normalise a single value: take a larger batch_size."
    else:
        advice = "Try a smaller batch_size or network."
    return BadInput(f"The training fails{where}: {one_line(error)}. {advice}")


def _layer(network: nn.Module, error: Exception) -> tuple[str, nn.Module | None]:
    """The innermost layer at whose work an error was raised, with its name; nothing where it was raised elsewhere."""
    selves = [frame.f_locals.get("self") for frame, _ in walk_tb(error.__traceback__)]
    paths = {module: path for path, module in network.named_modules() if path}
    names = network.layer_names() if isinstance(network, LayerNetwork) else {}
    for module in reversed(selves):
        if isinstance(module, nn.Module) and module in paths:
            return names.get(paths[module], paths[module]), module
    return "", None
