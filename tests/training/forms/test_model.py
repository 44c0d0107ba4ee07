import os
from dataclasses import replace

import pytest

from embedding_explorer.errors import InvalidFields
from embedding_explorer.training.forms.model import Choices, ModelForm, parse_model_form
from embedding_explorer.training.forms.training import Shape
from embedding_explorer.training.options import Augmentation, Options, options_from_json, options_from_text
from embedding_explorer.training.policies import Policy

CHOICES = Choices(["d1"], {"m1": [1.0, 1.5], "m2": [-1.0]}, ["p1"], 2, lambda path: path.startswith("/data/"))
LEAST = {"model_name": "mine", "dataset": "d1", "standard_networks": "lenet"}


def parse(**fields: str | list[str]) -> ModelForm:
    return parse_model_form(LEAST | fields, CHOICES)


def faults(**fields: str | list[str]) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as caught:
        parse(**fields)
    return {name: list(texts) for name, texts in caught.value.fields.items()}


def test_defaults_are_those_of_the_contract() -> None:
    form = parse()
    step = Policy("step", {"size": 33.0, "gamma": 0.1})
    assert form.options == Options(policy=step)
    assert (form.framework, form.network.method, form.gpus) == ("pytorch", "standard", ())
    assert form.network.definition is not None and form.network.definition.batch_size == 64
    assert form.jobs() == [form]


def test_everything_can_be_chosen() -> None:
    form = parse(
        train_epochs="3", snapshot_interval="0.5", val_interval="0", random_seed="4294967295", batch_size="8",
        batch_accumulation="2", solver_type="RMSPROP", rms_decay="0.9", learning_rate="[0.5]", lr_policy="multistep",
        lr_multistep_values="10, 20.5", lr_multistep_gamma="0.2", shuffle="off", use_mean="pixel", crop_size="12",
        aug_flip="fliplrud", aug_quad_rot="rotall", aug_rot="10", aug_scale="0.07", aug_noise="0.03",
        aug_contrast="0.5", aug_whitening="y", aug_hsv_use="1", aug_hsv_h="0.1", select_gpus=["1", "0"],
    )  # fmt: skip
    assert form.options == Options(
        3, 0.5, 0, 4294967295, 8, None, 2, "RMSPROP", 0.9, 0.5,
        Policy("multistep", {"values": (10.0, 20.5), "gamma": 0.2}), False, "pixel", 12,
        Augmentation("fliplrud", "rotall", 10, 0.07, 0.03, 0.5, True, (0.1, 0.04, 0.06)),
    )  # fmt: skip
    assert form.gpus == (1, 0)
    assert options_from_json(form.options.to_json()) == form.options


def test_every_fault_is_collected() -> None:
    found = faults(
        model_name=" ", dataset="gone", framework="theano", train_epochs="28.0", learning_rate="fast,0.1",
        batch_size="0", snapshot_interval="-1", random_seed="-1", solver_type="", lr_policy="linear",
        standard_networks="lenet5", crop_size="x", aug_rot="181", select_gpu="7", python_layer_server_file="/x.py",
        use_mean="median", aug_hsv_s="0.6", rms_decay="nan",
    )  # fmt: skip
    assert set(found) == {
        "model_name", "dataset", "framework", "train_epochs", "learning_rate", "batch_size", "snapshot_interval",
        "random_seed", "solver_type", "lr_policy", "standard_networks", "crop_size", "aug_rot", "select_gpu",
        "python_layer_server_file", "use_mean", "aug_hsv_s", "rms_decay",
    }  # fmt: skip
    assert found["train_epochs"] == ["'28.0' is not a whole number."]
    assert found["random_seed"] == ["Must be from 0 to 9223372036854775807, not -1."]
    assert found["aug_hsv_s"] == ["Must be from 0 to 0.5, not 0.6."]


@pytest.mark.parametrize(
    ("shape", "fields", "wrong"),
    [
        ((20, 16, 3), {"crop_size": "16", "aug_hsv_use": "y"}, set()),
        ((20, 16, 3), {"crop_size": "17"}, {"crop_size"}),
        ((16, 20, 3), {"crop_size": "17"}, {"crop_size"}),
        ((16, 16, 1), {"crop_size": "17", "aug_hsv_use": "y"}, {"crop_size", "aug_hsv_use"}),
        ((16, 16, 1), {"aug_hsv_use": "no", "aug_hsv_h": "0.1"}, set()),
        (None, {"crop_size": "300", "aug_hsv_use": "y"}, set()),
    ],
)
def test_options_must_suit_the_pictures_of_the_dataset(
    shape: Shape | None, fields: dict[str, str], wrong: set[str]
) -> None:
    choices, found = replace(CHOICES, shape_of=lambda _: shape), set[str]()
    try:
        parse_model_form(LEAST | fields, choices)
    except InvalidFields as error:
        found = set(error.fields)
    assert found == wrong


@pytest.mark.parametrize("solver", ["SGD", "RMSPROP"])
def test_a_decay_has_no_upper_bound_that_a_user_meets(solver: str) -> None:
    assert parse(solver_type=solver, rms_decay="5").options.rms_decay == 5
    assert set(faults(solver_type=solver, rms_decay="-0.1")) == {"rms_decay"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"lr_policy": "multistep", "lr_multistep_values": "50,later"}, "lr_multistep_values"),
        ({"lr_policy": "step", "lr_step_size": "0"}, "lr_step_size"),
        ({"lr_policy": "exp", "lr_exp_gamma": "-1"}, "lr_exp_gamma"),
        ({"train_epochs": "100000", "snapshot_interval": "0.01"}, "snapshot_interval"),
        ({"train_epochs": ""}, "train_epochs"),
        ({"train_epochs": "9" * 5000}, "train_epochs"),
        ({"train_epochs": "-+5"}, "train_epochs"),
        ({"learning_rate": ",".join(["0.1"] * 101)}, "learning_rate"),
        ({"method": "previous", "previous_networks": "m9"}, "previous_networks"),
        ({"method": "previous", "previous_networks": "m1"}, "m1-snapshot"),
        ({"method": "previous", "previous_networks": "m1", "m1-snapshot": "2"}, "m1-snapshot"),
        ({"method": "previous", "previous_networks": "m1", "m1-snapshot": "-1"}, "m1-snapshot"),
        ({"method": "pretrained", "pretrained_networks": "p2"}, "pretrained_networks"),
        ({"method": "custom"}, "custom_network"),
        ({"method": "custom", "custom_network": "import torch"}, "custom_network"),
        ({"select_gpu": " "}, "select_gpu"),
        ({"select_gpu": "", "select_gpus_list": "0"}, "select_gpu"),
        ({"select_gpus_list": "0,5"}, "select_gpus_list"),
        ({"select_gpu_count": "3"}, "select_gpu_count"),
    ],
)
def test_faults_of_choices(fields: dict[str, str], field: str) -> None:
    assert set(faults(**fields)) == {field}


def too_many(shape: Shape | None, classes: int | None = None, most: int = 7000, **fields: str) -> dict[str, list[str]]:
    """What is said of a form where networks may have so many parameters."""
    choices = replace(CHOICES, shape_of=lambda _: shape, classes_of=lambda _: classes, max_parameters=most)
    try:
        parse_model_form(LEAST | fields, choices)
    except InvalidFields as error:
        return {name: list(texts) for name, texts in error.fields.items()}
    return {}


def test_networks_of_too_many_parameters_are_refused_as_far_as_the_dataset_is_known() -> None:
    custom = {"method": "custom", "custom_network": '{"layers": [{"type": "linear"}], "crop_size": 15}'}
    assert too_many((20, 16, 3), 10, **custom) == {}  # 15 * 15 * 3 * 10 + 10
    (told,) = too_many((20, 16, 3), 11, **custom)["custom_network"]
    assert "7436 parameters; at most 7000" in told and "EXPLORER_MAX_NETWORK_PARAMETERS" in told
    assert too_many((20, 16, 3), 10, crop_size="16", **custom).keys() == {"custom_network"}
    assert too_many((20, 16, 3), None, **custom) == too_many(None, 11, **custom) == {}
    assert too_many((20, 16, 3), None, 600, **custom).keys() == {"custom_network"}
    assert too_many((20, 16, 3), 11, crop_size="17", **custom).keys() == {"crop_size"}
    assert too_many((28, 28, 1), 10, 431_080) == {}
    assert too_many((28, 28, 1), 10, 431_079).keys() == {"standard_networks"}
    assert too_many((28, 28, 1), 10, standard_networks="resnet18") == {}  # of those the training tells
    misfit = '{"layers": [{"type": "flatten"}, {"type": "max_pool2d", "kernel_size": 2}, {"type": "linear"}]}'
    assert too_many((20, 16, 3), 10, 1, method="custom", custom_network=misfit) == {}


def test_the_first_line_of_a_network_keeps_its_blanks() -> None:
    text = "\r\n    layers:\r\n      - type: flatten\r\n      - type: linear\r\n    name: indented\r\n  "
    found = parse(method="custom", custom_network=text).network.definition
    assert found is not None and found.name == "indented"
    assert set(faults(method="custom", custom_network=" \n ")) == {"custom_network"}


def test_blank_lists_of_gpus_mean_any() -> None:
    assert parse(select_gpus="", select_gpus_list="", select_gpu="next", select_gpu_count="").gpus == ()


def test_previous_networks_and_weights() -> None:
    first = parse(**{"method": "previous", "previous_networks": "m1", "m1-snapshot": "1.5"}).network
    assert (first.method, first.id, first.snapshot) == ("previous", "m1", 1.5)
    assert parse(**{"method": "previous", "previous_networks": "m2", "m2-snapshot": "-1"}).network.snapshot == -1
    assert parse(**{"method": "previous", "previous_networks": "m1", "m1-snapshot": "0"}).network.snapshot == 0


def test_weights_for_custom_networks_must_be_allowed() -> None:
    text = '{"layers": [{"type": "linear"}]}'
    both = os.pathsep.join(["/data/a.pt", "/data/b.safetensors"])
    assert parse(method="custom", custom_network=text, custom_network_snapshot=both).network.weights == (
        "/data/a.pt",
        "/data/b.safetensors",
    )
    assert set(faults(method="custom", custom_network=text, custom_network_snapshot="/etc/passwd")) == {
        "custom_network_snapshot"
    }


def test_generic_datasets_have_no_standard_networks() -> None:
    with pytest.raises(InvalidFields) as caught:
        parse_model_form(LEAST, replace(CHOICES, classification=False))
    assert set(caught.value.fields) == {"standard_networks"}


def test_a_sweep_makes_one_job_per_combination() -> None:
    jobs = parse(learning_rate="0.1, 0.01", batch_size="[8,16]").jobs()
    assert [job.name for job in jobs] == [
        "mine learning_rate:0.1 batch_size:8",
        "mine learning_rate:0.1 batch_size:16",
        "mine learning_rate:0.01 batch_size:8",
        "mine learning_rate:0.01 batch_size:16",
    ]
    assert [(job.options.learning_rate, job.options.batch_size) for job in jobs][1] == (0.1, 16)
    assert [job.name for job in parse(learning_rate="0.1,1").jobs()] == [
        "mine learning_rate:0.1",
        "mine learning_rate:1",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"policy": 3}', '{"policy": {"name": "x", "parameters": {}}}'])
def test_damaged_options_are_told(text: str) -> None:
    with pytest.raises(Exception, match="training options"):
        options_from_text(text)


def test_a_form_makes_a_bounded_number_of_models() -> None:
    many, sizes = ",".join(f"0.{number}" for number in range(1, 31)), [str(size) for size in range(1, 5)]
    assert len(parse(learning_rate=many, batch_size=",".join(sizes[:3])).jobs()) <= 100
    (told,) = faults(learning_rate=many, batch_size=",".join(sizes))["learning_rate"]
    assert "At most 100 models" in told
