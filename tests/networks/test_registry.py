"""Networks by name: the default, the list, and opening again what made a dataset."""

from dataclasses import replace
from pathlib import Path

import pytest

from embedding_explorer.errors import NetworkUnavailable, UnknownNetwork
from embedding_explorer.networks import engines, registry, weights
from embedding_explorer.networks.base import Extractor
from embedding_explorer.networks.definitions import NETWORKS, RANDOM_NOTE
from embedding_explorer.networks.registry import default_network, describe, list_networks, open_network, reopen


@pytest.fixture(autouse=True)
def empty_torch_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def put_resnet50(data: Path, monkeypatch: pytest.MonkeyPatch, member: int) -> None:
    """A file that passes for the weights of ResNet-50."""
    file = NETWORKS["resnet50"].weights[member]
    (data / "models").mkdir(exist_ok=True)
    (data / "models" / file.name).touch()
    monkeypatch.setattr(weights, "sha256", lambda path: file.prefix.ljust(64, "0"))


def test_every_network_of_the_table_is_listed_with_what_it_lacks(tmp_path: Path) -> None:
    listed = {s.name: s for s in list_networks(tmp_path)}
    assert list(listed) == ["resnet50", "googlenet", "inception_v3", "embedded", "resnet50-random"]
    assert not listed["resnet50"].usable and "networks fetch resnet50" in str(listed["resnet50"].reason)
    assert listed["resnet50-random"].usable and listed["resnet50-random"].note == RANDOM_NOTE


def test_unknown_network_is_refused_with_a_list(tmp_path: Path) -> None:
    with pytest.raises(UnknownNetwork, match="Known: resnet50, googlenet, inception_v3, embedded, resnet50-random"):
        open_network("alexnet", data=tmp_path)


def test_default_is_resnet50_where_its_weights_are_and_else_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_network(tmp_path) == "embedded"
    put_resnet50(tmp_path, monkeypatch, 0)
    assert default_network(tmp_path) == "resnet50"


@pytest.mark.parametrize(("member", "resize"), [(0, 256), (1, 232)])
def test_each_file_of_weights_brings_its_preprocessing(
    member: int, resize: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_resnet50(tmp_path, monkeypatch, member)
    assert (describe("resnet50", tmp_path).input.size, describe("resnet50", tmp_path).input.resize) == (224, resize)
    assert registry.plan_network("resnet50", data=tmp_path).input.resize == resize


@pytest.mark.parametrize("name", [None, "auto"])
def test_no_name_opens_the_default(name: str | None, data: Path) -> None:
    assert registry.plan_network(name, data=data).definition.name == "embedded"


def test_reopened_network_is_the_one_that_made_the_features(network: Extractor, data: Path) -> None:
    assert reopen(network.info, device="cpu", data=data).info == network.info


def test_other_weights_than_those_that_made_the_features_are_refused(network: Extractor, data: Path) -> None:
    with pytest.raises(NetworkUnavailable, match="not the ones that made these features"):
        reopen(replace(network.info, digest="f" * 64), data=data)


def test_precision_that_this_machine_lacks_is_replaced_when_reopening(
    network: Extractor, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines.devices, "cuda_available", lambda: False)
    reopened = reopen(replace(network.info, precision="float16"), data=data)
    assert reopened.info.precision in ("bfloat16", "float32") and reopened.info.space == network.info.space
