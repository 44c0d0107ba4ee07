"""Networks of PyTorch by way of the networks API: every kind of file gives what the module itself gives."""

import io
import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save as save_safetensors
from torch import nn
from torchvision.models import squeezenet1_1

from tests.conftest import encoded, picture
from tests.contracts.networks_api import Api

SIDE = 64
IMAGE = {
    "dimension_order": "NCHW",
    "resize_type": "SQUASH",
    "target_size": f"{SIDE}x{SIDE}",
    "color_channels": "RGB",
    "pixel_scaling": 1.0,
}
FIELDS = {
    "framework": "pytorch",
    "preprocessing": json.dumps({"inputs": [{"tensor_name": "x", "image": IMAGE}], "batched_output": False}),
}
PICTURE = picture((200, 120, 40), (SIDE, SIDE), seed=3)


class Small(nn.Module):
    """A few layers, one of which runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(inplace=True))
        self.head = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.head(self.body(x).mean((2, 3)))
        return result


@pytest.fixture(scope="module")
def small() -> Small:
    torch.manual_seed(0)
    return Small().eval()


def fed() -> torch.Tensor:
    """What the network is to be fed with for the picture."""
    pixels = np.asarray(Image.open(io.BytesIO(encoded(PICTURE))), np.float32).transpose(2, 0, 1) / 255
    return torch.from_numpy(pixels[None])


def saved(save: Any, *arguments: Any) -> bytes:
    """What a function of torch writes."""
    buffer = io.BytesIO()
    save(*arguments, buffer)
    return buffer.getvalue()


def deployed(api: Api, **files: bytes) -> dict[str, Any]:
    """A network of these files, deployed."""
    answer = api.submit(files={name.replace("__", "."): ("x", data) for name, data in files.items()}, **FIELDS)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert api.wait(made["task_id"])["status"] == "success", api.task(made["task_id"])
    return made


@pytest.mark.parametrize("kind", ["traced", "scripted", "exported"])
def test_programs_give_the_values_of_all_their_layers(api: Api, small: Small, kind: str) -> None:
    example = torch.zeros(1, 3, SIDE, SIDE)
    if kind == "exported":
        batch = {"x": {0: torch.export.Dim("batch", min=1, max=64)}}
        program = torch.export.export(small, (torch.zeros(2, 3, SIDE, SIDE),), dynamic_shapes=batch)
        made = deployed(api, model__pt2=saved(torch.export.save, program))
    else:
        module = torch.jit.trace(small, example) if kind == "traced" else torch.jit.script(small)
        made = deployed(api, model__pt=saved(torch.jit.save, module))
    found = api.features(made["id"], "body.0", "body", "head", "output", "__output__", picture=encoded(PICTURE))
    with torch.no_grad():
        expected = {"body.0": small.body[0](fed()), "body": small.body(fed()), "head": small(fed())}
    for name, values in {**expected, "output": expected["head"], "__output__": expected["head"]}.items():
        assert found[name]["shape"] == list(values.shape)
        np.testing.assert_allclose(found[name]["data"], values.flatten(), rtol=1e-4, atol=1e-5)
    layers = api.get(f"/networks/{made['id']}/layers").json()["results"]
    assert {"body.0", "body.1", "body", "head", "output"} <= {layer["name"] for layer in layers}
    assert [layer["name"] for layer in layers if layer["output"]] == ["output"]


@pytest.mark.parametrize("kind", ["model__safetensors", "model__pth"])
def test_a_state_dict_comes_with_the_name_of_its_architecture(api: Api, kind: str) -> None:
    torch.manual_seed(1)
    module = squeezenet1_1(num_classes=7).eval()
    state = module.state_dict()
    data = save_safetensors(state) if kind == "model__safetensors" else saved(torch.save, {"state_dict": state})
    architecture = b'{"name": "squeezenet1_1", "options": {"num_classes": 7}}'
    made = deployed(api, architecture__json=architecture, **{kind: data})
    found = api.features(made["id"], "features.3", "output", picture=encoded(PICTURE))
    with torch.no_grad():
        np.testing.assert_allclose(found["output"]["data"], module(fed())[0], rtol=1e-3, atol=1e-4)
        inner = module.features[:4](fed())
    assert found["features.3"]["shape"] == list(inner.shape)
    np.testing.assert_allclose(found["features.3"]["data"], inner.flatten(), rtol=1e-3, atol=1e-4)
