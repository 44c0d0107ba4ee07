import json
import time

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.training.definitions import yaml_text
from embedding_explorer.training.definitions.reading import read_definition, read_for_any
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


def test_all_standard_networks_but_lenet_mirror_and_texts_may_say_otherwise() -> None:
    assert [name for name, each in STANDARD.items() if not each.definition().mirror] == ["lenet"]
    assert read_definition('{"standard": "resnet18"}').mirror
    for text in ('{"standard": "resnet18", "mirror": false}', '{"standard": "lenet", "mirror": true}',
                 '{"layers": [{"type": "linear"}], "mirror": true}', '{"layers": [{"type": "linear"}]}'):  # fmt: skip
        found = read_definition(text)
        assert found.mirror is ("true" in text) and read_definition(json.dumps(found.to_json())) == found
    assert "mirror" not in found.to_json()  # what old trainings were made with has the same text still
    with pytest.raises(BadInput, match="mirror: must be true or false"):
        read_definition('{"standard": "resnet18", "mirror": "yes"}')


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
        ('{"layers": [{"type": "linear"}], "input_scale": 1' + "0" * 400 + "}", "input_scale: must be a number"),
        (layers({"type": "scale", "factor": 10**400}), "`factor` must be a number from -1e+06 to 1e+06"),
        ('{"layers": [{"type": "scale", "factor": NaN}, {"type": "linear"}]}', "`factor` must be a number"),
        ('{"layers": [{"type": "scale", "factor": 1e999}, {"type": "linear"}]}', "`factor` must be a number"),
        ('{"standard": 1' + "0" * 4000 + "}", "`standard` must be one of lenet"),
        ('{"standard": ' + "[" * 200 + "]" * 200 + "}", "not 'a list'"),
        (json.dumps({"layers": [{"type": "linear"}], "\ud800": 3}), "\\ud800: is unknown"),
        (json.dumps({"layers": [{"type": "linear"}], "output": "\ud800"}), "output: must be a text"),
        ("standard: 0x" + "f" * 5000, "`standard` must be one of lenet"),
        ("layers:\n- type: 0x" + "f" * 5000, "unknown type '0xfff"),
        ("standard: " + "9" * 5000, "numbers too long"),
        ("standard: !!int 0x" + "f" * 5000, "is no int"),
        ("layers: !!timestamp abc", "in line 1: could not determine a constructor"),
        ("layers: !!bool abc", "none of the forms"),
        ("name: x\nlayers: !!bool abc", "a fault in line 2: 'abc' is no bool"),
        ("layers: !!null abc", "'abc' is no null"),
        ("layers: fal\u017fe", "`layers` must be a list"),
        ('layers: !!bool "true\\n"', "is no bool"),
        ("layers: !!set {a, b}", "none of the forms"),
        ("? [layers]\n: 1\nlayers: 2", "unhashable key"),
        ("layers:\n- {type: linear, 5: 6}", "unknown key '5'"),
        ("layers: \x07", "no YAML has"),
        ("[" * 100_000, "none of the forms"),
        ("layers: " + "[" * 100_000, "too deep"),
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


REGRESSION = """layers:
  - {type: scale, factor: 4e-3}
  - type: flatten
  - {type: linear, out_features: 2}
loss: mse
"""


@pytest.mark.parametrize(
    "text",
    [
        REGRESSION,
        f'name: "gradient-regression"\n{REGRESSION}',
        f"name : 'x'\n{REGRESSION}",
        f"# a comment\nname: 'x'\n{REGRESSION}".replace("\n", "\r\n"),
        f"\ufeff{REGRESSION}",
        f"\ufeff{json.dumps(json.loads(GRADIENTS))}",
        "".join(f"    {line}\n" for line in REGRESSION.splitlines()) + "  \n\n",
        "\n\n" + "".join(f"  {line}\r\n" for line in ["---", *REGRESSION.splitlines()]),
        "--- {layers: [{type: scale, factor: 0.004}, {type: flatten}, {type: linear, out_features: 2}], loss: mse}",
        '--- {loss: mse,"layers": [{type: scale, factor: .4e-2}, {type: flatten}, {type: linear, out_features: 2}]}',
    ],
)
def test_ways_to_write_yaml(text: str) -> None:
    found = read_definition(text, classification=False)
    assert [layer.type for layer in found.layers] == ["scale", "flatten", "linear"] and found.loss == "mse"
    assert found.layers[0].parameters["factor"] == 0.004
    assert read_for_any(text) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [("4e-3", 0.004), ("1e-4", 1e-4), ("+1E+2", 100.0), ("-.5", -0.5), ("3.", 3.0), ("7", 7), ("-0", 0)],
)
def test_numbers_of_yaml_are_those_of_json(text: str, value: float) -> None:
    (layer,) = read_definition(f"layers: [{{type: scale, factor: {text}}}]").layers
    assert layer.parameters["factor"] == value and type(layer.parameters["factor"]) is type(value)


@pytest.mark.parametrize("text", ["1:30", "1:30.5", "0x1f", "0b1", "1_000", "2026-01-01", ".inf", ".nan", "'1'", "1e"])
def test_what_is_no_number_of_json_is_none_of_yaml(text: str) -> None:
    with pytest.raises(BadInput, match="`factor` must be a number"):
        read_definition(f"layers: [{{type: scale, factor: {text}}}]")


def test_a_text_for_any_dataset_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(yaml_text, "read_yaml", lambda text: texts.append(text) or {"layers": [{"type": "relu"}] * 501})
    with pytest.raises(BadInput, match="1 to 500"):
        read_for_any(REGRESSION)
    assert texts == [REGRESSION]


@pytest.mark.parametrize(
    "text",
    ["\n" * 40_000 + "x", "# \n" * 20_000 + "\n" * 20_000, "layer" + " " * 40_000, "layer" + "\n" * 40_000,
     " " * 40_000 + "x", "layers" + " " * 40_000, "\n \n#" * 15_000, "name" + "\n" * 40_000,
     "layers: " + ":".join("1" * 60_000), "layers: 1" + "1e" * 60_000, "{," * 40_000, "-{" + " " * 40_000,
     "layers: x" + "\n" * 40_000 + " " * 40_000 + ": y"],
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
