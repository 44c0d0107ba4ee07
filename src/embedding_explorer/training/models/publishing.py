"""A snapshot as a network of the networks API, whose layers can then be read and drawn as maps like any other's.

The result is an exported program that holds all that comes after resizing: mean, crop and scale are in it, so what it
computes for a picture is what the training saw.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.trial import one_line
from embedding_explorer.training.models.input import Feed
from embedding_explorer.training.models.predictor import Predictor

PROGRAM = "model.pt2"
INPUT = "x"
# The resize modes of training datasets in the words of the networks API; the last has no counterpart.
_RESIZE = {"squash": "SQUASH", "crop": "CROP", "fill": "FILL", "half_crop": "CROP"}


def publish(predictor: Predictor, size: tuple[int, int], resize_mode: str, folder: Path) -> dict[str, Any]:
    """Write `model.pt2` of a trained network into a folder.

    Args:
        predictor: on the CPU; of no use for inference afterwards.
        size: width and height of the dataset's pictures.
        resize_mode: how they were made so: `squash`, `crop`, `fill`, `half_crop`.
        folder: must exist.

    Returns:
        The preprocessing to register the file with, under the framework `pytorch`.

    Raises:
        BadInput: the network cannot be exported.
    """
    shape = predictor.definition.input_shape
    channels = shape[0] if shape else 3
    width, height = size
    network = _prepared(predictor.network, predictor.feed)
    example = torch.zeros(2, channels, height, width)
    try:
        batch: Any = {0: torch.export.Dim("batch", min=1)}
        program = torch.export.export(network, (example,), dynamic_shapes=(batch,))
        torch.export.save(program, folder / PROGRAM)
    except Exception as error:  # the exporter has classes of its own for every stage
        raise BadInput(f"The snapshot cannot be made a network: {one_line(error)}") from error
    image = {
        "dimension_order": "NCHW",
        "resize_type": _RESIZE[resize_mode],
        "target_size": f"{width}x{height}",
        "color_channels": "L" if channels == 1 else "RGB",
        "pixel_scaling": 255.0,
        "data_type": "FLOAT32",
    }
    return {"inputs": [{"tensor_name": INPUT, "image": image}], "batched_output": False}


def _prepared(network: nn.Module, feed: Feed) -> nn.Module:
    """The network with its preparation in front. As a hook it leaves the names of layers as they are."""
    fed = Feed(None, feed.crop, feed.scale, feed.augmentation)
    if feed.mean is not None:
        network.register_buffer("input_mean", feed.mean)

    def prepare(module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor]:
        x = given[0]
        if feed.mean is not None:
            x = x - module.get_buffer("input_mean")
        return (fed.plain(x.permute(0, 2, 3, 1)),)

    network.register_forward_pre_hook(prepare)
    return network
