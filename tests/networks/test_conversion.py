"""IRs: found again, never half, and not without bound."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import LimitExceeded, NetworkUnavailable
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks import conversion
from embedding_explorer.networks.base import Extractor
from embedding_explorer.networks.conversion import Plan, key, networks_folder, prune
from embedding_explorer.networks.devices import import_openvino
from embedding_explorer.networks.registry import open_network, plan_network

SUFFIXES = (".xml", ".json", ".bin")


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when a child process is started."""
    monkeypatch.setattr(conversion.child, "run", lambda *arguments: pytest.fail("converted again"))


@pytest.fixture
def plan(data: Path) -> Plan:
    return plan_network("embedded", data=data)


@pytest.mark.usefixtures("no_child")
def test_converted_network_is_found_again(network: Extractor, data: Path) -> None:
    assert open_network("embedded", precision="float32", device="cpu", data=data).info == network.info


@pytest.mark.parametrize("missing", SUFFIXES)
def test_half_an_ir_is_not_found(missing: str, network: Extractor, plan: Plan, data: Path, tmp_path: Path) -> None:
    source = networks_folder(data) / key(plan)
    for suffix in SUFFIXES:
        if suffix != missing:
            os.link(source.with_suffix(suffix), tmp_path / f"ir{suffix}")
    assert conversion.find(tmp_path / "ir.xml") is None


@pytest.mark.parametrize(
    "change", [{"layer": "blocks.5"}, {"pooling": "avg"}, {"digest": "1"}, {"input": InputSpec(size=32, resize=40)}]
)
def test_whatever_changes_the_model_changes_its_key(change: dict[str, Any], plan: Plan) -> None:
    assert key(replace(plan, **change)) != key(plan)


def test_another_version_of_openvino_converts_again(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(plan)
    monkeypatch.setattr(conversion, "version", lambda package: "1.0")
    assert key(plan) != before


def test_models_longest_unused_are_deleted(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "old", "oldest")):
        for suffix in SUFFIXES:
            (tmp_path / f"{name}{suffix}").touch()
        os.utime(tmp_path / f"{name}.xml", (1000 - age, 1000 - age))
    prune(tmp_path, keep=1)
    assert {p.stem for p in tmp_path.iterdir()} == {"new"}


def test_leftovers_of_killed_processes_are_deleted_after_a_day(tmp_path: Path) -> None:
    for name in ("part-now", "part-then"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / "part-then", (0, 0))
    prune(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["part-now"]


def test_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = import_openvino()

    def save_model(model: object, path: Path, **options: object) -> None:
        path.write_text("half of it")
        raise RuntimeError("No space left on device")

    monkeypatch.setattr(openvino, "save_model", save_model)
    with pytest.raises(NetworkUnavailable, match="No space left"):
        conversion.write(None, tmp_path / "ir.xml", {})
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_is_named(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(NetworkUnavailable, match="cannot be written"):
        conversion.converted(plan, tmp_path)


def test_too_many_features_are_refused_by_the_named_bound(data: Path) -> None:
    with pytest.raises(LimitExceeded, match=r"gives 4096 features .* 4095") as caught:
        open_network("embedded", layer="blocks.7", pooling="flatten", device="cpu", data=data, max_dimension=4095)
    assert caught.value.facts == {"limit": 4095, "setting": "EXPLORER_MAX_DIMENSION"}


def test_damaged_ir_is_named(network: Extractor, data: Path, tmp_path: Path) -> None:
    from embedding_explorer.networks.openvino_engine import compile_model

    (tmp_path / "ir.xml").write_text("<net")
    (tmp_path / "ir.bin").touch()
    with pytest.raises(NetworkUnavailable, match="Delete the folder"):
        compile_model(tmp_path / "ir.xml", "float32")
