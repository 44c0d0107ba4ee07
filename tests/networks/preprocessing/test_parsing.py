"""The table of section 11 and the preprocessing rows of section 12, as JSON and as the text of a form."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.networks.preprocessing import Faults, Preprocessing, parse_preprocessing
from embedding_explorer.networks.preprocessing.faults import MAX_PATHS
from tests.networks.preprocessing.files import npy

IMAGE = {"dimension_order": "NCHW", "resize_type": "SQUASH", "target_size": "224x224", "color_channels": "BGR"}
CONTRACT_EXAMPLE = {
    "inputs": [
        {
            "tensor_name": "data",
            "image": IMAGE | {"pixel_scaling": 255.0, "mean_file": "mean.npy", "data_type": "FLOAT32"},
        }
    ],
    "batched_output": True,
}
AT = "preprocessing.inputs[0].image"
ABSENT = object()


def parsed(value: object, **options: Any) -> Preprocessing:
    faults = Faults()
    found = parse_preprocessing(value, faults, **options)
    assert not faults
    assert found is not None
    return found


def refused(value: object, **options: Any) -> Faults:
    faults = Faults()
    assert parse_preprocessing(value, faults, **options) is None
    assert faults
    return faults


def described(**image: object) -> dict[str, Any]:
    """A valid object but for these fields of its image."""
    fields = {key: value for key, value in (IMAGE | image).items() if value is not ABSENT}
    return {"inputs": [{"tensor_name": "data", "image": fields}]}


def test_the_example_of_the_contract_comes_back_with_the_extension() -> None:
    expected = deepcopy(CONTRACT_EXAMPLE)
    expected["inputs"][0]["image"]["std_file"] = None
    assert parsed(CONTRACT_EXAMPLE, text=False).to_json() == expected


def test_defaults_are_filled_in() -> None:
    found = parsed(described(), text=False).to_json()
    assert found == {
        "inputs": [
            {
                "tensor_name": "data",
                "image": IMAGE | {"pixel_scaling": 255.0, "mean_file": None, "data_type": "FLOAT32", "std_file": None},
            }
        ],
        "batched_output": True,
    }
    assert type(found["inputs"][0]["image"]["pixel_scaling"]) is float


def test_what_comes_back_can_be_sent_again() -> None:
    first = parsed(CONTRACT_EXAMPLE)
    again = json.loads(json.dumps(first.to_json()))
    assert parsed(again, text=False) == first


def test_leaves_of_a_form_become_json_types() -> None:
    leaves = described(pixel_scaling="1e-05", target_size="299x299", mean_file="m.npy") | {"batched_output": "False"}
    found = parsed(leaves).to_json()
    assert found["inputs"][0]["image"]["pixel_scaling"] == 1e-05
    assert found["inputs"][0]["image"]["target_size"] == "299x299"
    assert found["batched_output"] is False


ACCEPTED = {
    "dimension_order": ["NCHW", "NCWH", "NHWC", "NWHC"],
    "resize_type": ["SQUASH", "CROP", "FILL", "NETWORK"],
    "color_channels": ["RGB", "BGR", "L"],
    "data_type": ["FLOAT32", "FLOAT16", "FLOAT64", "UINT8"],
    "target_size": ["1", "8192", "1x8192", "8192x1", "224x224"],
    "mean_file": ["mean.npy", "mean.proto.bin", "mean_file_1.binaryproto"],
    "std_file": ["std.npy"],
}


@pytest.mark.parametrize("field", ACCEPTED)
@pytest.mark.parametrize("text", [True, False])
def test_every_value_of_the_table_is_accepted(field: str, text: bool) -> None:
    for value in ACCEPTED[field]:
        found = parsed(described(**{field: value}), text=text).to_json()
        assert found["inputs"][0]["image"][field] == value


REFUSED = {
    "dimension_order": ["CHW", "nchw", "NCHW ", "", None, 3, ["NCHW"], {}, True],
    "resize_type": ["squash", "STRETCH", "", None, 1],
    "color_channels": ["rgb", "GRAY", "RGBA", "", None, 3],
    "data_type": ["float32", "INT8", "", None, 32],
    "target_size": [
        *("0", "224X224", "224x", "x224", "-3", "1e3", "99999", "8193", "8193x1", "1x8193", "0x5", "5x0", "", " 224"),
        *("224 x 224", "224x224x3", "224\n", "+224", "224.0", "0x10", "\uff12\uff12\uff14", "1" * 5000, "N", "WxH"),
        *(0, -3, 8193, 99999, 10**400, 224.0, True, False, None, [224, 224], {"w": 1}),
    ],
    "pixel_scaling": [0, 0.0, -0.0, -1, float("nan"), float("inf"), -float("inf"), True, False, None, [], {}, 10**400],
    "mean_file": ["", " ", 3, True, ["mean.npy"], "mean.png", "mean", "MEAN.NPY", "a\ud800.npy", "n" * 5000 + ".npy"],
    "std_file": ["std.txt", 1, ""],
}


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("field", REFUSED)
def test_every_other_value_is_a_fault_of_its_field(field: str, text: bool) -> None:
    for value in REFUSED[field]:
        faults = refused(described(**{field: value}), text=text)
        assert list(faults) == [f"{AT}.{field}"], value
        assert all(len(each) < 300 for texts in faults.values() for each in texts)


@pytest.mark.parametrize("literal", ["1", "255.0", "2.", ".5", "1e-05", "1E+2", "+3", "0.00001"])
def test_numbers_of_a_form_are_decimal_or_exponent_literals(literal: str) -> None:
    found = parsed(described(pixel_scaling=literal))
    assert found.inputs[0].pixel_scaling == float(literal)


@pytest.mark.parametrize(
    "literal",
    *[
        [
            "",
            " 1",
            "1 ",
            "1,5",
            "1_000",
            "0x10",
            "nan",
            "inf",
            "Infinity",
            "-1",
            "0",
            "0e5",
            "1e999",
            "e5",
            ".",
            "1" * 99,
        ]
    ],
)
def test_other_texts_are_no_numbers_above_nought(literal: str) -> None:
    assert list(refused(described(pixel_scaling=literal))) == [f"{AT}.pixel_scaling"]


def test_a_scaling_beyond_32_bit_floats_is_refused() -> None:
    assert parsed(described(pixel_scaling=3.4e38)).inputs[0].pixel_scaling == 3.4e38
    assert "32-bit" in refused(described(pixel_scaling=3.5e38))[f"{AT}.pixel_scaling"][0]


@pytest.mark.parametrize(
    ("leaf", "value"),
    [("true", True), ("True", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False)],
)
def test_booleans_of_a_form(leaf: str, value: bool) -> None:
    assert parsed(described() | {"batched_output": leaf}).batched_output is value
    assert parsed(described() | {"batched_output": value}, text=False).batched_output is value


@pytest.mark.parametrize("value", ["yes", "", "on", "2", "true ", "truetruetrue", None, 1, 0, 1.0, [], {}])
def test_anything_else_is_no_boolean(value: object) -> None:
    assert list(refused(described() | {"batched_output": value})) == ["preprocessing.batched_output"]


def test_json_texts_are_neither_numbers_nor_booleans() -> None:
    value = described(pixel_scaling="2.0") | {"batched_output": "true"}
    assert set(refused(value, text=False)) == {"preprocessing.batched_output", f"{AT}.pixel_scaling"}


@pytest.mark.parametrize("size", [1, 224, 8192])
def test_a_whole_number_as_size_is_returned_as_text(size: int) -> None:
    assert parsed(described(target_size=size), text=False).to_json()["inputs"][0]["image"]["target_size"] == str(size)


@pytest.mark.parametrize("kind", ["SQUASH", "CROP", "FILL", "NETWORK"])
def test_images_share_a_pass_only_where_their_sizes_and_the_outputs_allow_it(kind: str) -> None:
    assert not parsed(described(resize_type=kind)).may_batch
    assert parsed(described(resize_type=kind) | {"batched_output": "false"}).may_batch == (kind != "NETWORK")


def test_null_stands_for_no_file() -> None:
    found = parsed(described(mean_file=None, std_file=None), text=False).inputs[0]
    assert (found.mean_file, found.std_file) == (None, None)


@pytest.mark.parametrize("field", ["dimension_order", "resize_type", "target_size", "color_channels"])
def test_required_fields_of_an_image(field: str) -> None:
    faults = refused(described(**{field: ABSENT}))
    assert faults == {f"{AT}.{field}": ["is required"]}


@pytest.mark.parametrize("value", [None, [], "text", "{}", 3, True])
def test_the_whole_must_be_an_object(value: object) -> None:
    assert list(refused(value)) == ["preprocessing"]


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({}, ["preprocessing.inputs"]),
        ({"inputs": []}, ["preprocessing.inputs"]),
        ({"inputs": None}, ["preprocessing.inputs"]),
        ({"inputs": {"0": {}}}, ["preprocessing.inputs"]),
        ({"inputs": "[]"}, ["preprocessing.inputs"]),
        ({"inputs": ["data"]}, ["preprocessing.inputs[0]"]),
        ({"inputs": [{}]}, ["preprocessing.inputs[0].tensor_name", AT]),
        ({"inputs": [{"tensor_name": "x", "image": None}]}, [AT]),
        ({"inputs": [{"tensor_name": "x", "image": []}]}, [AT]),
        ({"inputs": [{"tensor_name": "x", "video": {}}]}, ["preprocessing.inputs[0].video", AT]),
    ],
)
def test_faults_of_the_structure(value: object, paths: list[str]) -> None:
    assert list(refused(value)) == paths


@pytest.mark.parametrize("name", ["", "  ", "\n", None, 3, True, [], "half of \ud83d", "n" * 5000])
def test_tensor_names_are_text_that_is_not_blank(name: object) -> None:
    value = described()
    value["inputs"][0]["tensor_name"] = name
    assert list(refused(value)) == ["preprocessing.inputs[0].tensor_name"]


def several(*names: str) -> dict[str, Any]:
    return {"inputs": [{"tensor_name": name, "image": IMAGE} for name in names]}


def test_a_name_used_twice_is_the_fault_of_the_second() -> None:
    faults = refused(several("a", "b", "a", "a"))
    assert list(faults) == [f"preprocessing.inputs[{i}].tensor_name" for i in (2, 3)]
    assert parsed(several("a", "A", "a:0")).inputs[2].tensor_name == "a:0"


def test_up_to_sixteen_inputs_in_their_order() -> None:
    names = [f"input{i}" for i in range(16)]
    assert [each.tensor_name for each in parsed(several(*names)).inputs] == names
    assert list(refused(several(*names, "one more"))) == ["preprocessing.inputs"]


def test_unknown_keys_at_every_level() -> None:
    value: dict[str, Any] = described(size=3) | {"batched": True}
    value["inputs"][0]["name"] = "x"
    faults = Faults()
    parse_preprocessing(value, faults)
    assert set(faults) == {"preprocessing.batched", "preprocessing.inputs[0].name", f"{AT}.size"}
    with pytest.raises(Exception, match="not known") as caught:
        faults.raise_any()
    assert caught.value.code == "unknown_field"


def test_all_faults_are_found_together() -> None:
    value = {
        "inputs": [
            {"tensor_name": "a", "image": IMAGE | {"resize_type": "FIT", "target_size": "0", "pixel_scaling": 0}},
            {"tensor_name": "a", "image": {}, "extra": 1},
        ],
        "batched_output": "maybe",
    }
    assert set(refused(value)) == {
        *(f"{AT}.{field}" for field in ("resize_type", "target_size", "pixel_scaling")),
        *(f"preprocessing.inputs[1].{field}" for field in ("tensor_name", "extra")),
        *(
            f"preprocessing.inputs[1].image.{field}"
            for field in ("dimension_order", "resize_type", "target_size", "color_channels")
        ),
        "preprocessing.batched_output",
    }


def test_earlier_faults_of_the_request_are_not_taken_for_its_own() -> None:
    faults = Faults()
    faults.add("name", "is required")
    assert parse_preprocessing(described(), faults) is not None


def test_a_file_that_did_not_come_along_is_a_fault(tmp_path: Path) -> None:
    value = described(mean_file="mean.npy", std_file="std.npy")
    (tmp_path / "one").write_bytes(npy(1.0))
    faults = refused(value, files=dict.fromkeys(("model.onnx", "std.npy"), tmp_path / "one"))
    assert list(faults) == [f"{AT}.mean_file"]
    assert "not uploaded" in faults[f"{AT}.mean_file"][0]
    assert parsed(value, files=dict.fromkeys(("mean.npy", "std.npy"), tmp_path / "one"))


def test_files_of_a_sound_image_are_looked_at_whatever_else_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "two").write_bytes(npy([1.0, 2.0]))
    image = IMAGE | {"mean_file": "two.npy"}
    broken = {"tensor_name": "third", "image": image | {"target_size": "0"}}
    inputs = [{"tensor_name": " ", "image": image}, {"image": image}, broken, {"tensor_name": "data", "image": image}]
    faults = refused({"inputs": inputs, "more": 1}, files={"two.npy": tmp_path / "two"})
    at = "preprocessing.inputs"
    others = {"preprocessing.more", f"{at}[0].tensor_name", f"{at}[1].tensor_name", f"{at}[2].image.target_size"}
    assert set(faults) == others | {f"{at}[{i}].image.mean_file" for i in (0, 1, 3)}
    assert "it must have (3, 224, 224)" in faults[f"{at}[3].image.mean_file"][0]


def test_a_megabyte_of_unknown_keys_does_not_come_back() -> None:
    faults = refused(described() | {f"key{i}" * 10: i for i in range(50_000)})
    assert len(faults) == MAX_PATHS
    assert sum(len(path) + sum(map(len, texts)) for path, texts in faults.items()) < 100_000
