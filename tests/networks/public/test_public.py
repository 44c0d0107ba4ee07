"""Public networks: what is said of them without torch holds with it, and their values are the networks' own."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from embedding_explorer.errors import InvalidFields, NetworkUnavailable, UnknownLayer
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.definitions import define
from embedding_explorer.networks.layers import load_module
from embedding_explorer.networks.preprocessing import Faults, describe, parse_preprocessing
from embedding_explorer.networks.public import PUBLIC, Alias, find_public, load
from embedding_explorer.networks.public.hooked import AliasedNetwork, NormalisedProgram
from embedding_explorer.networks.public.listing import layers_of
from embedding_explorer.networks.public.load import load_public
from embedding_explorer.networks.weights import locate


class Small(nn.Module):
    """A network that runs one submodule twice, works in place, and has one that does not run."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.relu = nn.ReLU(inplace=True)
        self.unused = nn.Linear(2, 2)
        self.fc = nn.Linear(4, 5)

    def forward(self, x: Any) -> Any:
        x = self.relu(self.conv(x))
        x = self.fc(self.relu(x - 0.1).mean((2, 3)))
        return x.mul_(2)


@pytest.fixture(scope="module")
def small() -> tuple[Small, AliasedNetwork]:
    torch.manual_seed(0)
    module = Small().eval()
    return module, AliasedNetwork(
        NormalisedProgram(module, (0.5, 0.4, 0.3), (0.1, 0.2, 0.3)),
        describe(InputSpec(8, 8)),
        {"prob": Alias("output", softmax=True)},
    )


@pytest.mark.parametrize("slug", PUBLIC)
def test_the_layers_that_are_listed_are_those_of_the_network(slug: str) -> None:
    found = [{**layer, "shape": list(layer["shape"])} for layer in layers_of(PUBLIC[slug])]
    assert PUBLIC[slug].layers() == found
    assert [layer["name"] for layer in found if layer["output"]] == ["output"]


@pytest.mark.parametrize(("slug", "side"), [("imagenet-inception-v1", 224), ("imagenet-inception-v3", 299), ("imagenet-resnet-50", 224)])  # fmt: skip
def test_preprocessing_is_as_the_contract_says(slug: str, side: int) -> None:
    shown = PUBLIC[slug].network(1).to_json()
    image = shown["preprocessing"]["inputs"][0]["image"]
    assert (image["color_channels"], image["dimension_order"], image["resize_type"]) == ("RGB", "NCHW", "CROP")
    assert (image["pixel_scaling"], image["mean_file"], image["target_size"]) == (1.0, None, f"{side}x{side}")
    assert shown["preprocessing"]["batched_output"] is False and shown["id"] == slug
    faults = Faults()
    parse_preprocessing(shown["preprocessing"], faults, text=False)
    assert not faults


def test_aliases_of_old_examples_are_names_and_others_are_not() -> None:
    names = ["prob", "loss3/classifier", "pool5/7x7_s1", "pool2/3x3_s2", "inception4a.branch1.conv", "__output__"]
    PUBLIC["imagenet-inception-v1"].check_names(names)
    PUBLIC["imagenet-inception-v3"].check_names(["inception_v3/logits/predictions"])
    with pytest.raises(InvalidFields, match="inception4a"):
        PUBLIC["imagenet-inception-v1"].check_names(["inception4a.branch9"])
    PUBLIC["imagenet-inception-v1"].check_layer("prob")
    with pytest.raises(InvalidFields, match=r"^layer: there is no layer 'nope'; its last ones are .*fc, output$"):
        PUBLIC["imagenet-inception-v1"].check_layer("nope")
    assert find_public("resnet50") is PUBLIC["imagenet-resnet-50"] and find_public("1") is None


def test_layers_are_what_the_modules_gave_even_where_the_next_step_works_in_place(
    small: tuple[Small, AliasedNetwork],
) -> None:
    module, network = small
    images = np.random.default_rng(0).random((1, 3, 8, 8), dtype=np.float32)
    names = ["conv", "relu", "relu#1", "fc", "output", "prob", "output:0", "__output__"]
    found = dict(network.run([images], names))
    mean, std = np.array([0.5, 0.4, 0.3])[:, None, None], np.array([0.1, 0.2, 0.3])[:, None, None]
    with torch.no_grad():
        conv = module.conv(torch.from_numpy(((images - mean) / std).astype(np.float32)))
        second = torch.clamp(torch.clamp(conv, min=0) - 0.1, min=0)
        fc = module.fc(second.mean((2, 3)))
    assert list(found) == names
    for name, expected in {
        "conv": conv,
        "relu": conv.clamp(min=0),
        "relu#1": second,
        "fc": fc,
        "output": 2 * fc,
    }.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-6)
    e = np.exp(2 * fc.numpy())
    np.testing.assert_allclose(found["prob"], e / e.sum(), rtol=1e-5)
    assert [name for name, _ in network.run([images], None)] == ["output"]


def test_layers_that_do_not_run_are_unknown(small: tuple[Small, AliasedNetwork]) -> None:
    with pytest.raises(UnknownLayer, match="unused"):
        small[1].resolve(["unused"])
    with pytest.raises(UnknownLayer, match=r"Near ones are .*relu#1"):
        small[1].run([np.zeros((1, 3, 8, 8), np.float32)], ["relu#2"])


def test_the_embedded_network_is_served_with_its_weights(tmp_path: Path) -> None:
    network, preprocessing, digest = load_public(PUBLIC["embedded"], tmp_path, "cpu")
    definition = define("embedded")
    located = locate(definition, tmp_path)
    module = load_module(definition, located.path)
    images = np.random.default_rng(1).random((1, 3, 32, 32), dtype=np.float32)
    with torch.no_grad():
        mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (definition.mean, definition.std))
        expected = module((torch.from_numpy(images) - mean) / std)
    np.testing.assert_allclose(network.run([images], None)[0][1], expected, rtol=1e-5, atol=1e-5)
    assert digest == located.digest and preprocessing.inputs[0].target_size == "32x32"
    assert network.memory() > 10**6


@pytest.mark.parametrize("hangs", [True, False])
def test_weights_that_cannot_be_had_are_named_and_not_waited_for(
    hangs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def no_fetch(name: str, data: Path, progress: Any, timeout: float) -> None:
        if hangs:
            progress(3 << 20, 100 << 20)
            free.wait(20)
        raise NetworkUnavailable("googlenet-1378be20.pth could not be downloaded: no route")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    monkeypatch.setattr(load, "fetch", no_fetch)
    monkeypatch.setattr(load, "PATIENCE", 0.3)
    monkeypatch.setattr(load._Download, "running", {})
    begin = time.monotonic()
    with pytest.raises(NetworkUnavailable, match=r"googlenet-1378be20\.pth") as error:
        load_public(PUBLIC["imagenet-inception-v1"], tmp_path, "cpu")
    free.set()
    assert time.monotonic() - begin < 5 and ("3 of 100 MiB" in error.value.message) == hangs


def test_the_table_needs_no_torch() -> None:
    code = (
        "import sys; from embedding_explorer.networks.public import PUBLIC;"
        "[(p.layers(), p.network(1), p.check_names(['output'])) for p in PUBLIC.values()]; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
