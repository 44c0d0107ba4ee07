import pytest

from embedding_explorer.errors import InvalidFields
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.networks.registered.names_of_layers import HINTS, check_layer, check_names, listed, read_names


def accepted(name: str, layer: str, framework: str) -> bool:
    try:
        check_names([name], [{"name": layer}], framework)
    except InvalidFields:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "layer", "framework", "wanted"),
    [
        ("a", "a", "onnx", True),
        ("a:0", "a", "onnx", True),
        ("a:1", "a", "onnx", False),
        ("a", "a:0", "tensorflow-1.x", True),
        ("a:1", "a:1", "tensorflow-1.x", True),
        ("__output__", "output", "pytorch", True),
        ("__output__:0", "output", "pytorch", True),
        ("__output__:0", "output:0", "pytorch", True),
        ("__output__:logits", "output:logits", "pytorch", True),
        ("__output__:logits", "output", "pytorch", False),
        ("layer4", "layer3", "pytorch", False),
    ],
)
def test_what_a_name_may_stand_for(name: str, layer: str, framework: str, wanted: bool) -> None:
    assert accepted(name, layer, framework) == wanted


def test_names_that_no_layer_has_are_told_with_near_ones() -> None:
    with pytest.raises(InvalidFields) as caught:
        check_names(["layer4", "conv1x"], [{"name": "layer4"}, {"name": "conv1"}], "pytorch")
    assert list(caught.value.fields) == ["output_tensors[1]"] and "conv1" in str(caught.value.fields)


def test_a_repeated_name_does_not_shift_the_places_of_those_after_it() -> None:
    names = read_names(["layer4", "layer4", "conv1x"], Faults())
    with pytest.raises(InvalidFields) as caught:
        check_names(names, [{"name": "layer4"}, {"name": "conv1"}], "pytorch")
    assert list(caught.value.fields) == ["output_tensors[2]"]


@pytest.mark.parametrize(
    ("name", "hint"), [("conv1x", "near ones are conv1"), ("nope", "its last ones are conv1, output")]
)
def test_the_layer_of_a_dataset_is_named_as_its_user_wrote_it(name: str, hint: str) -> None:
    layers = [{"name": "conv1"}, {"name": "output"}]
    check_layer("__output__", layers, "pytorch")
    with pytest.raises(InvalidFields) as caught:
        check_layer(name, layers, "pytorch")
    assert caught.value.fields == {"layer": [f"there is no layer {name!r}; {hint}"]}


def test_near_names_are_looked_up_for_the_first_unknown_ones_only() -> None:
    wrong = [f"layer{number}x" for number in range(HINTS + 5)]
    with pytest.raises(InvalidFields) as caught:
        check_names(wrong, [{"name": f"layer{number}"} for number in range(100)], "pytorch")
    hinted = ["near ones" in str(texts) for texts in caught.value.fields.values()]
    assert hinted == [True] * HINTS + [False] * 5


def test_what_is_there_before_anything_runs_can_be_asked_for_and_is_not_listed() -> None:
    layers = [
        {"name": name, "type": kind, "output": output}
        for name, kind, output in (("w", "Initializer", False), ("a", "Relu", True), ("v", "Initializer", True))
    ]
    assert [layer["name"] for layer in listed(layers, "onnx")] == ["a", "v"]
    check_names(["w", "w:0"], layers, "onnx")
    assert listed(layers, "pytorch") == layers, "a module may be called so"
