import json
import time

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.definitions.standard import STANDARD

GRADIENTS = """{"name": "gradient-regression", "loss": "mse", "output": "output",
 "layers": [{"type": "scale", "factor": 0.004}, {"type": "flatten"}, {"type": "linear", "out_features": 2}]}"""


def layers(*entries: dict[str, object]) -> str:
    return json.dumps({"layers": entries})


def test_the_example_of_the_contract() -> None:
    found = read_definition(GRADIENTS, classification=False)
    assert [layer.type for layer in found.layers] == ["scale", "flatten", "linear"]
    assert [layer.name for layer in found.layers] == ["scale1", "flatten1", "linear1"]
    assert found.layers[1].inputs == ("scale1",)
    assert (found.loss, found.output, found.batch_size) == ("mse", "output", 16)


@pytest.mark.parametrize("name", STANDARD)
def test_standard_networks_can_be_sent_back(name: str) -> None:
    definition = STANDARD[name].definition()
    assert read_definition(json.dumps(definition.to_json())) == definition


def test_a_fitted_network_survives_its_file() -> None:
    fitted = STANDARD["resnet18"].definition().for_data((3, 64, 48), 7, None)
    assert (fitted.crop_size, fitted.input_shape, fitted.classes) == (48, (3, 48, 48), 7)
    assert read_definition(json.dumps(fitted.to_json())) == fitted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "none of the forms"),
        ("import os; os.system('true')", "none of the forms"),
        ("return function(params) return {model = nn.Sequential()} end", "none of the forms"),
        ("{", "no JSON"),
        ("{}", "`layers` must be a list"),
        ('{"layers": []}', "1 to 500"),
        ('{"standard": "resnet99"}', "must be one of lenet"),
        (layers({"type": "convolve"}), "unknown type 'convolve'"),
        (layers({"type": "conv2d", "kernel_size": 3}), "needs `out_channels`"),
        (layers({"type": "conv2d", "kernel_size": 0, "out_channels": 1}), "`kernel_size` must be"),
        (layers({"type": "conv2d", "kernel_size": True, "out_channels": 1}), "`kernel_size` must be"),
        (layers({"type": "relu", "slope": 1}), "unknown key 'slope'"),
        (layers({"type": "relu", "inputs": ["later"]}), "no earlier layer"),
        (layers({"type": "add"}), "at least two"),
        (layers({"type": "relu", "name": "data"}), "names must differ"),
        (layers({"type": "linear"}, {"type": "linear"}), "out_features"),
        (layers({"type": "linear", "init": "ones"}), "`init` must be one of"),
        (layers(*[{"type": "relu"}] * 501), "1 to 500"),
        (json.dumps({"layers": [{"type": "linear"}], "loss": "mse"}), "loss: must be one of cross_entropy"),
        (json.dumps({"layers": [{"type": "linear"}], "depth": 3}), "depth: is unknown"),
        ("[" * 100_000, "none of the forms"),
        ('{"a":' * 100_000, "no JSON"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_definition(text)
    assert said in caught.value.message


def test_all_faults_are_collected() -> None:
    with pytest.raises(BadInput) as caught:
        read_definition(layers({"type": "what"}, {"type": "conv2d"}, {"type": "dropout", "p": 2}))
    for said in ("'what'", "`out_channels`", "`kernel_size`", "`p` must be"):
        assert said in caught.value.message


def test_yaml_without_aliases() -> None:
    found = read_definition(
        "layers:\n  - type: conv2d\n    out_channels: 4\n    kernel_size: [3, 3]\n  - {type: linear}"
    )
    assert [layer.type for layer in found.layers] == ["conv2d", "linear"]
    with pytest.raises(BadInput, match="aliases"):
        read_definition("layers: &a\n  - type: relu\nname: *a")
    with pytest.raises(BadInput, match="none of the forms"):
        read_definition("layers: !!python/object/apply:os.system ['true']")


@pytest.mark.parametrize(
    "text",
    ["\n" * 40_000 + "x", "# \n" * 20_000 + "\n" * 20_000, "layer" + " " * 40_000, "layer" + "\n" * 40_000,
     " " * 40_000 + "x", "layers" + " " * 40_000, "\n \n#" * 15_000, "name" + "\n" * 40_000],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(BadInput):
        read_definition(text)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "head", ["", "\n\n  ", "# a comment\n\n# another\n  ", 'name: "net"\n', "force_backward: true\n", "\r\n"]
)
@pytest.mark.parametrize("layer", ["layer {", "layer: {", "layer\n{", "  layer :\n {"])
def test_networks_of_caffe_are_told_by_their_layers(head: str, layer: str) -> None:
    text = head + layer + ' name: "ip" type: "InnerProduct" bottom: "data" inner_product_param { num_output: 3 } }'
    assert [each.type for each in read_definition(text).layers] == ["linear"]
