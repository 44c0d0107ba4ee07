import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.training.definitions.definition import INPUT
from embedding_explorer.training.definitions.prototxt import parse_prototxt
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.definitions.shapes import sized_layers

NETWORK = """
name: "Small"  # a comment
layer { name: "train-data" type: "Data" top: "data" top: "label"
        data_param { batch_size: 64 } transform_param { crop_size: 24 } include { phase: TRAIN } }
layer { name: "val-data" type: "Data" top: "data" top: "label" data_param { batch_size: 32 } include { phase: TEST } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 8 kernel_size: 5 stride: 2 pad: 1 weight_filler { type: 'msra' } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "scale" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "side" type: "InnerProduct" bottom: "pool1" top: "side" inner_product_param { num_output: 3 } }
layer { name: "side/loss" type: "SoftmaxWithLoss" bottom: "side" bottom: "label" top: "side/loss" }
layer { name: "ip" type: "InnerProduct" bottom: "pool1" top: "ip" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" exclude { stage: "deploy" } }
layer { name: "softmax" type: "Softmax" bottom: "ip" top: "softmax" include { stage: "deploy" } }
"""


def test_a_text_becomes_a_layer_list() -> None:
    found = read_definition(NETWORK)
    assert [(layer.name, layer.type) for layer in found.layers] == [
        ("conv1", "conv2d"), ("bn", "batch_norm"), ("relu1", "relu"), ("pool1", "max_pool2d"), ("ip", "linear"),
    ]  # fmt: skip
    assert [layer.inputs for layer in found.layers] == [(INPUT,), ("conv1",), ("bn",), ("relu1",), ("pool1",)]
    assert (found.name, found.batch_size, found.val_batch_size, found.crop_size) == ("Small", 64, 32, 24)
    assert found.layers[0].init == "kaiming"
    sized = sized_layers(found.for_data((3, 28, 28), 10, None))
    assert [layer.shape for layer in sized] == [(8, 11, 11)] * 3 + [(8, 6, 6), (10,)]  # pooling rounds up


@pytest.mark.parametrize(
    ("rules", "sizes"),
    [
        (("include { phase: TRAIN }", "include { phase: TEST }"), (64, 32)),
        (('include { stage: "train" }', 'include { stage: "val" }'), (64, 32)),
        (('include { stage: "val" }', 'include { stage: "train" }'), (32, 64)),
        (('include { stage: "train" } include { stage: "val" }', 'include { stage: "deploy" }'), (64, 64)),
        (("", 'include { phase: TEST stage: "deploy" }'), (64, 16)),
    ],
)
def test_batch_sizes_are_told_apart_by_phase_or_stage(rules: tuple[str, str], sizes: tuple[int, int]) -> None:
    first, second = rules
    found = read_definition(f"""
layer {{ name: "a" type: "Data" top: "data" data_param {{ batch_size: 64 }} {first} }}
layer {{ name: "b" type: "Data" top: "data" data_param {{ batch_size: 32 }} {second} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip" }}
""")
    assert (found.batch_size, found.val_batch_size) == sizes


@pytest.mark.parametrize(
    ("first", "second", "mirror"),
    [
        ("mirror: true", "", True),
        ("mirror: true", "mirror: false", True),
        ("mirror: false", "", False),
        ("", "", False),
        ("", "mirror: true", False),  # validation is without chance
    ],
)
def test_a_network_mirrors_where_its_training_data_do(first: str, second: str, mirror: bool) -> None:
    found = read_definition(f"""
layer {{ name: "a" type: "Data" top: "data" transform_param {{ {first} crop_size: 8 }} include {{ stage: "train" }} }}
layer {{ name: "b" type: "Data" top: "data" transform_param {{ {second} }} include {{ stage: "val" }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip" }}
""")
    assert found.mirror is mirror and found.crop_size == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('layer { name: "p" type: "Python" bottom: "data" }', "'Python'"),
        ('layer { name: "c" type: "Convolution" bottom: "elsewhere" }', "'elsewhere'"),
        ('layer { name: "s" type: "Scale" bottom: "data" top: "s" }', "after a BatchNorm only"),
        ('layer { name: "p" type: "Power" bottom: "data" power_param { power: 2 } }', "raises to a power"),
        ('layer { name: "c" type: "Convolution" bottom: "data" convolution_param { kernel_size: 3 } }', "out_channels"),
        ("layer { name: ", "in line 1"),
        ("layer { } }", "in line 1"),
        ("layer {" * 30, "nested"),
        ('layer { name: "a" \x00 }', "cannot be read"),
        ("layers { type: CONVOLUTION }", "first version"),
        ('layer { name: "d" type: "Data" top: "data" }', "no layer that computes"),
    ],
)
def test_what_cannot_be_had_is_named(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_definition(text)
    assert said in caught.value.message


def test_the_text_format() -> None:
    found = parse_prototxt("a: 1 a: [2, 3] b { c: \"x # y\" } b < c: 'z' >; d: -1.5e-3")
    assert found.values == {"a": ["1", "2", "3"], "d": ["-1.5e-3"]}
    assert [each.get("c") for each in found.messages["b"]] == ["x # y", "z"]
