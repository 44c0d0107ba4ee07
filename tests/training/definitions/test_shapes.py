import json
from typing import Any

import pytest
import torch

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.definitions.shapes import sized_layers
from embedding_explorer.training.models.layered import LayerNetwork, make_module

ENTRIES: list[dict[str, Any]] = [
    {"type": "scale", "factor": 2, "shift": 1},
    {"type": "conv2d", "out_channels": 6, "kernel_size": [3, 2], "stride": 2, "padding": 1, "groups": 2},
    {"type": "conv2d", "out_channels": 4, "kernel_size": 3, "dilation": 2, "bias": False},
    {"type": "conv_transpose2d", "out_channels": 6, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
    {"type": "max_pool2d", "kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"type": "max_pool2d", "kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"type": "avg_pool2d", "kernel_size": [2, 3]},
    {"type": "adaptive_avg_pool2d", "output_size": [3, 2]},
    {"type": "batch_norm"},
    {"type": "local_response_norm", "size": 3},
    {"type": "dropout"},
    {"type": "leaky_relu"},
    {"type": "prelu", "init": "normal"},
    {"type": "gelu"},
    {"type": "identity"},
    {"type": "flatten"},
    {"type": "upsample", "scale_factor": 1.5},
    {"type": "linear", "out_features": 5, "init": "kaiming"},
]


def fitted(*entries: dict[str, Any], classes: int | None = None, **keys: Any) -> Definition:
    text = json.dumps({"layers": entries} | keys)
    return read_definition(text, classification=classes is not None).for_data((4, 13, 10), classes, None)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["type"])
def test_sizes_and_parameters_are_those_of_torch(entry: dict[str, Any]) -> None:
    (layer,) = sized_layers(fitted(entry))
    module = make_module(layer).eval()
    assert tuple(module(torch.rand(2, 4, 13, 10)).shape[1:]) == layer.shape
    assert sum(each.numel() for each in module.parameters()) == layer.parameters


def test_layers_with_several_inputs() -> None:
    definition = fitted(
        {"type": "conv2d", "name": "a.b/c", "out_channels": 4, "kernel_size": 1, "init": "xavier"},
        {"type": "add", "inputs": ["data", "a.b/c"]},
        {"type": "concat", "name": "forward", "inputs": ["add1", "data"]},
        {"type": "linear"},
        classes=3,
    )
    sized = sized_layers(definition)
    network = LayerNetwork(sized)
    assert [layer.shape for layer in sized] == [(4, 13, 10), (4, 13, 10), (8, 13, 10), (3,)]
    assert network(torch.rand(2, 4, 13, 10)).shape == (2, 3)
    assert "a_b/c.weight" in network.state_dict()
    assert network.layer_names() == {"a_b/c": "a.b/c", "add1": "add1", "forward_": "forward", "linear1": "linear1"}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"type": "conv2d", "name": "big", "out_channels": 1, "kernel_size": 20}], "'big' (conv2d), fed with 4x13x10"),
        ([{"type": "flatten"}, {"type": "max_pool2d", "name": "late", "kernel_size": 2}], "'late'"),
        ([{"type": "conv2d", "out_channels": 3, "kernel_size": 1, "groups": 2}], "2 groups"),
        ([{"type": "max_pool2d", "kernel_size": 2, "padding": 2}], "half its kernel"),
        ([{"type": "upsample", "scale_factor": 64}] * 2, "values for one picture"),
        ([{"type": "relu"}], "The last layer"),
    ],
)
def test_what_does_not_fit_is_named(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        sized_layers(fitted(*entries, classes=3))
    assert said in caught.value.message


def test_parameters_are_bounded() -> None:
    with pytest.raises(LimitExceeded, match="parameters"):
        sized_layers(fitted({"type": "linear", "out_features": 1_000_000}))


def test_a_crop_larger_than_the_pictures_is_refused() -> None:
    with pytest.raises(BadInput, match="crop"):
        read_definition('{"layers": [{"type": "linear"}]}').for_data((1, 20, 30), 2, 21)
