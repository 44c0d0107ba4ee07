"""Exports of small networks, made once."""

import json
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from tests.networks.frameworks.helpers import images, quietly, small


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`script.pt`, `trace.pt` and `model.pt2` of the small network."""
    folder, network, example = tmp_path_factory.mktemp("exports"), small(), torch.from_numpy(images())
    quietly(lambda: torch.jit.save(torch.jit.script(network), folder / "script.pt"))
    quietly(lambda: torch.jit.save(torch.jit.trace(network, example, strict=False), folder / "trace.pt"))
    quietly(lambda: torch.export.save(torch.export.export(network, (example,)), folder / "model.pt2"))
    return folder


@pytest.fixture(scope="session")
def resnet18(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ResNet-18 of random weights as `model.onnx`, `model.safetensors`, `model.pth` and `old.pth`."""
    folder = tmp_path_factory.mktemp("resnet18")
    torch.manual_seed(5)
    network = torchvision.models.resnet18(num_classes=10).eval()
    (folder / "architecture.json").write_text(json.dumps({"name": "resnet18", "options": {"num_classes": 10}}))
    state = network.state_dict()
    save_file(state, folder / "model.safetensors")
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, folder / "model.pth")
    torch.save(state, folder / "old.pth", _use_new_zipfile_serialization=False)
    options = {"input_names": ["data"], "output_names": ["prob"], "dynamic_axes": {"data": {0: "n"}}}
    example = (torch.from_numpy(images(size=64)),)
    quietly(torch.onnx.export, network, example, folder / "model.onnx", dynamo=False, **options)
    return folder
