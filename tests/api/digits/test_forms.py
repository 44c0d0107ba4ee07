"""What is kept of a form that creates a job."""

import pytest

from embedding_explorer.api.digits.fields import Values
from embedding_explorer.api.digits.forms import known_values
from embedding_explorer.errors import InvalidFields
from embedding_explorer.jobs.training.records import JobType

DATASET, GENERIC, MODEL = JobType.CLASSIFICATION_DATASET, JobType.GENERIC_DATASET, JobType.CLASSIFICATION_MODEL


@pytest.mark.parametrize(
    ("type", "known"),
    [
        (DATASET, {"dataset_name": "a", "folder_train": "/x", "s3_secretkey": "s", "group_name": ""}),
        (GENERIC, {"dataset_name": "a", "feature_folder": "/x", "image_width": "3"}),
        (MODEL, {"model_name": "a", "learning_rate": "1", "python_layer_client_file": "/x", "select_gpus": ["0", "1"]}),
        (MODEL, {"previous_networks": " id-1", "id-1-snapshot": "3"}),
    ],
)  # fmt: skip
def test_fields_that_nobody_reads_are_not_kept(type: JobType, known: Values) -> None:
    unknown: Values = {"junk": "x" * 1_000_000, "id-2-snapshot": "3", "{previous_networks}-snapshot": "3"}
    found = known_values(known | unknown, type)
    assert {name: found[name] for name in known} == known and not {"junk", "id-2-snapshot"} & found.keys()


@pytest.mark.parametrize(
    ("type", "name", "value"),
    [
        (DATASET, "has_val_folder", "y" * 20_000),
        (GENERIC, "channel_conversion", "y" * 20_000),
        (MODEL, "lr_exp_gamma", "1" * 20_000),
        (MODEL, "select_gpus", ["0"] * 20_000),
        (MODEL, "custom_network", " " * (4 << 20) + "{}"),
    ],
)
def test_values_that_are_too_long_are_named(type: JobType, name: str, value: str | list[str]) -> None:
    with pytest.raises(InvalidFields) as caught:
        known_values({name: value, "shuffle": "1"}, type)
    assert list(caught.value.fields) == [name]
    assert known_values({"custom_network": "x" * 50_000}, MODEL)
