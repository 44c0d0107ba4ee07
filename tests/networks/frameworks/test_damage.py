"""Files that are cut off or changed at random: the check, which runs in the web process, always gives faults or nothing."""

import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.networks.frameworks.helpers import faults_of, small, written
from tests.networks.frameworks.saved_models import INDEX, constant, node, saved_model
from tests.networks.frameworks.test_onnx import convolution

ARCHITECTURE = b'{"name": "resnet18"}'
CHANGES = 60


@pytest.fixture(scope="module")
def originals(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("originals")
    save_file(small().state_dict(), folder / "w.safetensors")
    torch.save(small().state_dict(), folder / "w.pth")
    torch.save(small().state_dict(), folder / "old.pth", _use_new_zipfile_serialization=False)
    paths = [
        folder / "w.safetensors",
        folder / "w.pth",
        folder / "old.pth",
        exports / "script.pt",
        exports / "model.pt2",
    ]
    return {path.name: ("pytorch", path.read_bytes()) for path in paths} | {
        "model.onnx": ("onnx", convolution().SerializeToString()),
        "saved_model.pb": ("tensorflow-1.x", saved_model(node("x", "Placeholder"), constant(3, 4))),
    }


NAMES = ["w.safetensors", "w.pth", "old.pth", "script.pt", "model.pt2", "model.onnx", "saved_model.pb"]


@pytest.mark.parametrize("name", NAMES)
def test_changed_at_random(originals: dict[str, tuple[str, bytes]], tmp_path: Path, name: str) -> None:
    framework, data = originals[name]
    chance = random.Random(name)
    for _ in range(CHANGES):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 5, 50))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        files = written(tmp_path, {name: bytes(changed), "architecture.json": ARCHITECTURE, "variables.index": INDEX})
        faults_of(framework, files)


@pytest.mark.parametrize("name", NAMES)
def test_cut_off(originals: dict[str, tuple[str, bytes]], tmp_path: Path, name: str) -> None:
    framework, data = originals[name]
    # Of the format before archives, only torch can tell how many values must follow the pickles.
    for share in (0.0, 0.01, 0.3, 0.7)[: 3 if name == "old.pth" else 4]:
        files = written(tmp_path, {name: data[: int(len(data) * share)], "architecture.json": ARCHITECTURE})
        assert f"files.{name}" in faults_of(framework, files), share
