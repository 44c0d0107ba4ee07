import pytest

from embedding_explorer.errors import InvalidFields
from embedding_explorer.networks.registered.names_of_layers import HINTS, check_names


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


def test_near_names_are_looked_up_for_the_first_unknown_ones_only() -> None:
    wrong = [f"layer{number}x" for number in range(HINTS + 5)]
    with pytest.raises(InvalidFields) as caught:
        check_names(wrong, [{"name": f"layer{number}"} for number in range(100)], "pytorch")
    hinted = ["near ones" in str(texts) for texts in caught.value.fields.values()]
    assert hinted == [True] * HINTS + [False] * 5
