"""One network registered in two formats: the same features, the same map. A real server that keeps features in float32."""

import io
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save as save_safetensors
from torchvision.models import resnet18

from tests.conftest import encoded, zip_of
from tests.contracts.networks_api import Api
from tests.servers import Server

pytestmark = pytest.mark.slow
SIDE, COUNT = 96, 60
IMAGE = {
    "dimension_order": "NCHW", "resize_type": "CROP", "target_size": f"{SIDE}x{SIDE}", "color_channels": "RGB",
    "pixel_scaling": 1.0, "mean_file": "mean.npy", "std_file": "std.npy",
}  # fmt: skip
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
PREPROCESSING = json.dumps({"inputs": [{"tensor_name": "x", "image": IMAGE}], "batched_output": False})


def saved(values: Any) -> bytes:
    """An .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


CONSTANTS = {"mean.npy": saved(MEAN), "std.npy": saved(STD)}


def waves(seed: int) -> Image.Image:
    """A picture of smooth colours and a few shapes, of a size of its own."""
    chance = np.random.default_rng(seed)
    width, height = (int(side) for side in chance.integers(SIDE, 2 * SIDE, 2))
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    turns, phases = chance.uniform(1, 12, (3, 2)), chance.uniform(0, 6, 3)
    levels = [np.sin(a * x + b * y + c) for (a, b), c in zip(turns, phases, strict=True)]
    return Image.fromarray(((np.stack(levels, -1) + 1) * 127.5).astype(np.uint8))


PICTURES = {f"p{i:02d}.png": encoded(waves(i)) for i in range(COUNT)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, prepared: Callable[[Path], Path]) -> Iterator[Server]:
    folder = prepared(tmp_path_factory.mktemp("agreement") / "data")
    running = Server(folder, network="embedded", features_dtype="float32", starter="no")
    yield running
    running.kill()


@pytest.fixture(scope="module")
def module() -> Any:
    """A ResNet-18 of random weights whose batch norms have seen something, so that its values are of usual sizes."""
    torch.manual_seed(0)
    made = resnet18(num_classes=20).train()
    with torch.no_grad():
        for _ in range(5):
            made(torch.randn(16, 3, SIDE, SIDE))
    return made.eval()


def fed(data: bytes) -> torch.Tensor:
    """A picture as torchvision's users prepare it, by the contract's words (11.1 and 11.3)."""
    image = Image.open(io.BytesIO(data))
    scale = max(SIDE / image.width, SIDE / image.height)
    sides = [max(SIDE, int(side * scale + 0.5)) for side in image.size]
    left, top = (sides[0] - SIDE) // 2, (sides[1] - SIDE) // 2
    pixels = np.asarray(image.resize(sides, Image.Resampling.BILINEAR))[top : top + SIDE, left : left + SIDE]
    return torch.from_numpy(((pixels.astype(np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1)[None])


@pytest.fixture(scope="module")
def networks(server: Server, module: Any) -> dict[str, int]:
    """Its ids: the same weights as safetensors, as ONNX, and as safetensors again."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            module, (torch.zeros(1, 3, SIDE, SIDE),), buffer, dynamo=False, input_names=["x"], output_names=["logits"],
            dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}}, do_constant_folding=False,
        )  # fmt: skip
    architecture = b'{"name": "resnet18", "options": {"num_classes": 20}}'
    weights = {"model.safetensors": save_safetensors(module.state_dict()), "architecture.json": architecture}
    kinds: dict[str, tuple[str, dict[str, bytes]]] = {
        "pytorch": ("pytorch", weights),
        "again": ("pytorch", weights | {"notes.txt": b"a file that nobody refers to makes it another network"}),
        "onnx": ("onnx", {"model.onnx": buffer.getvalue()}),
    }  # fmt: skip
    api, found = Api(server), {}
    for kind, (framework, files) in kinds.items():
        parts = {name: ("x", data) for name, data in (files | CONSTANTS).items()}
        answer = api.submit(files=parts, framework=framework, preprocessing=PREPROCESSING)
        assert answer.status_code == 201, answer.text
        assert api.wait(answer.json()["task_id"])["status"] == "success", api.task(answer.json()["task_id"])
        found[kind] = answer.json()["id"]
    return found


@pytest.fixture(scope="module")
def datasets(server: Server, networks: dict[str, int]) -> dict[str, str]:
    """The pictures as a dataset of each."""
    made = {kind: server.upload(zip_of(PICTURES), query=f"?network={key}") for kind, key in networks.items()}
    assert all(answer.status_code == 200 for answer in made.values()), [answer.text for answer in made.values()]
    return {kind: answer.text for kind, answer in made.items()}


def kept(server: Server, dataset: str, name: str) -> Any:
    """An array of a dataset: features, or the coordinates of a reducer."""
    folder = Path(server.data) / "datasets" / dataset
    if name == "features":
        return np.load(folder / "features.npy")
    return np.array(server.get(f"/dataset/{dataset}/features/{name}").json()["features"])


def test_features_and_the_principal_components_agree(server: Server, datasets: dict[str, str], module: Any) -> None:
    assert datasets["pytorch"] != datasets["onnx"]  # their files differ
    a, b = (kept(server, datasets[kind], "features") for kind in ("pytorch", "onnx"))
    assert a.dtype == np.float32 and a.shape == (COUNT, 20)
    with torch.no_grad():
        expected = torch.cat([module(fed(data)) for data in PICTURES.values()]).numpy()
    span = np.abs(expected).max()
    assert np.abs(a - b).max() < 1e-5 * span
    assert np.abs(a - expected).max() < 1e-4 * span and np.abs(b - expected).max() < 1e-4 * span
    p, q = (kept(server, datasets[kind], "pca") for kind in ("pytorch", "onnx"))
    assert np.abs(p - q).max() < 1e-3 * np.abs(p).max()


def neighbours(points: Any, count: int = 10) -> Any:
    """The nearest others of each point, (N, count), by brute force."""
    gaps = np.linalg.norm(points[:, None].astype(float) - points[None], axis=-1)
    return np.argsort(gaps, axis=1)[:, 1 : count + 1]


def test_umap_sees_the_same_neighbours_and_depends_on_nothing_but_the_features(
    server: Server, datasets: dict[str, str]
) -> None:
    """UMAP's descent makes other maps of features that differ in their last digits, so its coordinates are compared where
    the features are equal: of the same weights registered once more."""
    a, b, again = (kept(server, datasets[kind], "features") for kind in ("pytorch", "onnx", "again"))
    shared = [len(set(x) & set(y)) for x, y in zip(neighbours(a), neighbours(b), strict=True)]
    assert np.mean(shared) > 9.9  # of the ten nearest of each picture
    assert datasets["pytorch"] != datasets["again"] and (a == again).all()
    for reducer in ("pca", "umap"):
        np.testing.assert_array_equal(*(kept(server, datasets[kind], reducer) for kind in ("pytorch", "again")))


def test_an_inner_layer_is_what_a_forward_hook_sees(server: Server, networks: dict[str, int], module: Any) -> None:
    api, data = Api(server), PICTURES["p07.png"]
    seen: dict[str, Any] = {}
    wanted = ("conv1", "layer1.0.conv2", "layer3.1.bn2", "layer4", "avgpool", "fc")
    handles = [
        each.register_forward_hook(lambda _m, _i, value, path=path: seen.update({path: value.clone()}))
        for path, each in module.named_modules()
        if path in wanted
    ]
    with torch.no_grad():
        module(fed(data))
    for handle in handles:
        handle.remove()
    found = api.features(networks["pytorch"], *wanted, picture=data)
    for path in wanted:
        values = seen[path].numpy()
        assert found[path]["shape"] == list(values.shape)
        np.testing.assert_allclose(found[path]["data"], values.ravel(), rtol=1e-3, atol=1e-4 * np.abs(values).max())
    layers = api.get(f"/networks/{networks['onnx']}/layers").json()["results"]
    first = next(layer["name"] for layer in layers if layer["type"] == "GlobalAveragePool")
    pooled = api.features(networks["onnx"], first, picture=data)[first]["data"]
    np.testing.assert_allclose(pooled, seen["avgpool"].numpy().ravel(), rtol=1e-3, atol=1e-4)


def test_the_pooled_rows_of_an_inner_layer_are_the_means_of_its_maps(
    server: Server, networks: dict[str, int], module: Any
) -> None:
    answer = server.upload(zip_of(PICTURES), query=f"?network={networks['pytorch']}&layer=layer2")
    with torch.no_grad():
        maps = [module.layer2(module.layer1(module.maxpool(torch.relu(module.bn1(module.conv1(fed(data))))))) for data in PICTURES.values()]  # fmt: skip
    expected = torch.cat(maps).mean((2, 3)).numpy()
    np.testing.assert_allclose(kept(server, answer.text, "features"), expected, rtol=1e-3, atol=1e-4 * expected.max())
