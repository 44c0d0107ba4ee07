"""Any layer of a network, pooled three ways, is what a torch forward hook sees there."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_explorer.errors import BadInput, NetworkUnavailable, UnknownNetwork
from embedding_explorer.networks.base import Extractor, Features, Pixels
from embedding_explorer.networks.definitions import define
from embedding_explorer.networks.embedded.architecture import SmallResNet
from embedding_explorer.networks.embedded.train import normalise
from embedding_explorer.networks.layers import load_module, load_state, tap
from embedding_explorer.networks.registry import open_network
from tests.networks.conftest import compute, cosines


def hooked(module: torch.nn.Module, layer: str, x: torch.Tensor) -> torch.Tensor:
    """The output of a submodule during a plain forward."""
    seen: list[torch.Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _, __, output: seen.append(output.clone()))
    with torch.inference_mode():
        module(x)
    handle.remove()
    return seen[0]


@pytest.fixture(scope="module")
def model(data: Path) -> SmallResNet:
    loaded = load_module(define("embedded"), data / "models" / "embedded.safetensors")
    assert isinstance(loaded, SmallResNet)
    return loaded


@pytest.fixture(scope="module")
def inputs(small_pictures: Pixels) -> torch.Tensor:
    """The pictures as the training normalises them."""
    return normalise(torch.from_numpy(small_pictures).permute(0, 3, 1, 2))


CASES = [("blocks.3", "avg"), ("blocks.7", "max"), ("blocks.7", "flatten"), ("fc", "avg")]
SLOW = [pytest.param(*case, "openvino", marks=pytest.mark.slow) for case in CASES if case != CASES[2]]


@pytest.mark.parametrize(
    ("layer", "pooling", "engine"), [(*CASES[2], "openvino"), *[(*case, "torch") for case in CASES], *SLOW]
)
def test_layer_gives_what_a_forward_hook_sees(
    layer: str, pooling: str, engine: str, data: Path, model: SmallResNet, inputs: torch.Tensor, small_pictures: Pixels
) -> None:
    output = hooked(model, layer, inputs)
    if output.ndim == 4:
        output = {"avg": output.mean((2, 3)), "max": output.amax((2, 3)), "flatten": output.flatten(1)}[pooling]
    network = open_network(
        "embedded", layer=layer, pooling=pooling, precision="float32", device="cpu", engine=engine, data=data
    )
    got = compute(network, small_pictures)
    assert network.info.dimension == output.shape[1]
    np.testing.assert_allclose(got, output.numpy(), rtol=1e-3, atol=1e-4)


def test_last_block_gives_the_features_before_the_classes(
    model: SmallResNet, inputs: torch.Tensor, data: Path, small_pictures: Pixels
) -> None:
    with torch.inference_mode():
        expected: Features = model.features(inputs).numpy()
    network = open_network(
        "embedded", layer="blocks.7", pooling="avg", precision="float32", device="cpu", engine="torch", data=data
    )
    assert network.info.dimension == 256
    assert cosines(compute(network, small_pictures), expected).min() > 0.99999


def test_default_layer_is_the_last_block_but_one(network: Extractor) -> None:
    assert (network.info.layer, network.info.pooling, network.info.dimension) == ("blocks.6", "max", 256)


@pytest.mark.parametrize("layer", ["layer9", "blocks.70", "x" * 10_000, "x", "blocks.7.nope"])
def test_unknown_layer_is_refused_with_a_list(layer: str, model: SmallResNet) -> None:
    with pytest.raises(UnknownNetwork, match=r"Some of its layers: stem\.0") as caught:
        tap(model, layer, "avg", size=32, max_dimension=512)
    assert len(caught.value.message) < 400


def test_unknown_pooling_is_refused_with_a_list(data: Path) -> None:
    with pytest.raises(BadInput, match="avg, max, flatten"):
        open_network("embedded", pooling="median", data=data)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(NetworkUnavailable, match="do not fit the network embedded"):
        load_module(define("embedded"), tmp_path / "other.pth")


@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights at all", bytes(range(256)) * 50])
def test_file_that_is_no_weights_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NetworkUnavailable, match="cannot be used"):
        load_state(tmp_path / name)


@pytest.mark.parametrize("content", [[torch.zeros(3)], {"weight": 3}])
def test_anything_but_a_table_of_tensors_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(NetworkUnavailable, match="no table of named tensors"):
        load_state(tmp_path / "x.pth")


class Attack:
    """Unpickling it creates a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.target),))


def test_pickle_in_a_file_of_weights_is_not_executed(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Attack(tmp_path / "executed")}, tmp_path / "bad.pth")
    with pytest.raises(NetworkUnavailable, match="will not be executed"):
        load_state(tmp_path / "bad.pth")
    assert not (tmp_path / "executed").exists()
