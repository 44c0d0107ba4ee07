"""What identifies a network, and how it is kept in JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest

from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.base import Calibration, NetworkInfo

INFO = NetworkInfo(
    name="embedded",
    layer="blocks.7",
    pooling="avg",
    dimension=256,
    input=InputSpec(size=32, resize=32),
    digest="0" * 64,
    precision="float32",
    device="cpu",
    engine="openvino",
)


@pytest.mark.parametrize("calibration", [None, Calibration("ab", 300, 0.99, 0.9)])
def test_info_survives_json(calibration: Calibration | None) -> None:
    info = replace(INFO, calibration=calibration)
    assert NetworkInfo.from_json(json.loads(json.dumps(info.to_json()))) == info


def test_fields_of_a_later_version_are_ignored() -> None:
    assert NetworkInfo.from_json(INFO.to_json() | {"colour": "red"}) == INFO


@pytest.mark.parametrize(
    "change",
    [
        {"name": "resnet50"},
        {"layer": "blocks.6"},
        {"pooling": "max"},
        {"input": InputSpec(size=32, resize=40)},
        {"digest": "1" * 64},
        {"precision": "bfloat16"},
    ],
)
def test_fingerprint_changes_with_whatever_changes_the_values(change: dict[str, Any]) -> None:
    assert replace(INFO, **change).fingerprint != INFO.fingerprint


@pytest.mark.parametrize("change", [{"device": "cuda"}, {"engine": "torch"}, {"note": "x"}])
def test_fingerprint_does_not_depend_on_the_machine(change: dict[str, Any]) -> None:
    assert replace(INFO, **change).fingerprint == INFO.fingerprint


def test_precisions_share_a_space_and_layers_do_not() -> None:
    assert replace(INFO, precision="int8").space == INFO.space
    assert replace(INFO, layer="blocks.6").space != INFO.space
