import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file

from embedding_explorer.errors import BadInput, NetworkUnusable, UnknownLayer
from embedding_explorer.networks.frameworks import LoadedNetwork
from embedding_explorer.networks.frameworks.pytorch import state_dict_check
from embedding_explorer.networks.frameworks.pytorch.architecture import NAMES, Architecture
from embedding_explorer.networks.frameworks.pytorch.build import build, empty_network
from tests.networks.frameworks.helpers import faults_of, images, loaded, preprocessing, watched, written

WANTED = preprocessing(size=64)


def resnet(folder: Path, name: str) -> dict[str, Path]:
    return {name: folder / name, "architecture.json": folder / "architecture.json"}


@pytest.fixture(scope="module")
def network(resnet18: Path) -> LoadedNetwork:
    return loaded("pytorch", resnet(resnet18, "model.safetensors"), WANTED)


@pytest.fixture(scope="module")
def seen(resnet18: Path) -> dict[str, Any]:
    return watched(reference(resnet18), images(1, 64))


def reference(folder: Path) -> torch.nn.Module:
    network = torchvision.models.resnet18(num_classes=10).eval()
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return network


def test_onnx_and_safetensors_of_the_same_weights_agree(network: LoadedNetwork, resnet18: Path) -> None:
    given = images(2, 64)
    [(_, ours)] = network.run([given], None)
    onnx = loaded("onnx", {"model.onnx": resnet18 / "model.onnx"}, preprocessing("data", size=64))
    [(_, theirs)] = onnx.run([given], None)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    features = next(layer.name for layer in onnx.layers if layer.type == "Flatten")
    pooled = network.run([given], ["avgpool"])[0][1]
    np.testing.assert_allclose(pooled[..., 0, 0], onnx.run([given], [features])[0][1], rtol=1e-4, atol=1e-5)


def test_every_layer_is_what_a_hook_sees(network: LoadedNetwork, seen: dict[str, Any]) -> None:
    assert [layer.name for layer in network.layers] == [*seen, "output"]
    for path, value in network.run([images(1, 64)], list(seen)):
        np.testing.assert_allclose(value, seen[path], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["model.pth", "old.pth"])
def test_other_forms_of_the_same_weights(resnet18: Path, seen: dict[str, Any], name: str) -> None:
    [(_, value)] = loaded("pytorch", resnet(resnet18, name), WANTED).run([images(1, 64)], ["fc"])
    np.testing.assert_allclose(value, seen["fc"], rtol=1e-4, atol=1e-5)


def test_layers_and_names(network: LoadedNetwork) -> None:
    first, last = network.layers[0], network.layers[-1]
    assert (first.name, first.type, first.shape, first.dtype) == ("conv1", "Conv2d", (None, 64, 32, 32), "float32")
    assert (last.name, last.shape, last.output, first.output) == ("output", (None, 10), True, False)
    names = ["fc", "__output__", "output:0", "fc:0", "layer1.0.relu#1"]
    assert [name for name, _ in network.run([images(1, 64)], names)] == names
    with pytest.raises(UnknownLayer, match=r"layer1\.0\.conv2") as caught:
        network.resolve(["fc", "layer1.0.conv3"])
    assert len(caught.value.facts["near"]) == 5  # type: ignore[arg-type]


def test_memory_and_close(resnet18: Path) -> None:
    network = loaded("pytorch", resnet(resnet18, "model.safetensors"), WANTED)
    size = (resnet18 / "model.safetensors").stat().st_size
    assert network.memory() == pytest.approx(size, rel=0.01)
    network.close()
    assert network.memory() == 0


def test_other_input_types_are_computed_in_float32(network: LoadedNetwork) -> None:
    given = images(1, 64).astype(np.float16)
    [(_, half)], [(_, full)] = network.run([given], None), network.run([given.astype(np.float32)], None)
    assert half.dtype == np.float32 and np.array_equal(half, full)


def state() -> dict[str, Any]:
    return torchvision.models.squeezenet1_1(num_classes=3).state_dict()


def squeezenet(folder: Path, weights: dict[str, Any], classes: int = 3) -> dict[str, Path]:
    save_file(weights, folder / "model.safetensors")
    text = json.dumps({"name": "squeezenet1_1", "options": {"num_classes": classes}}).encode()
    return {"model.safetensors": folder / "model.safetensors"} | written(folder, {"architecture.json": text})


def test_weights_that_do_not_fit_are_answered_in_one_line(tmp_path: Path) -> None:
    weights = {name: tensor for name, tensor in state().items() if name != "features.0.bias"}
    weights["extra.weight"] = torch.zeros(2)
    with pytest.raises(NetworkUnusable) as caught:
        loaded("pytorch", squeezenet(tmp_path, weights, classes=4), WANTED)
    assert caught.value.message == (
        "The weights do not fit squeezenet1_1: 1 missing (features.0.bias); 1 not of it (extra.weight); 2 of another "
        "shape (classifier.1.weight is 3x512x1x1 where 4x512x1x1 is needed, classifier.1.bias is 3 where 4 is needed)."
    )


def test_half_precision_weights_and_missing_counters(tmp_path: Path) -> None:
    network = torchvision.models.resnet18(num_classes=2)
    weights = {
        k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items() if "batches" not in k
    }
    save_file(weights, tmp_path / "w.safetensors")
    text = b'{"name": "resnet18", "options": {"num_classes": 2}}'
    files = {"w.safetensors": tmp_path / "w.safetensors"} | written(tmp_path, {"architecture.json": text})
    assert loaded("pytorch", files, WANTED).run([images(1, 64)], None)[0][1].dtype == np.float32


def test_the_names_are_torchvisions() -> None:
    assert sorted(NAMES) == sorted(torchvision.models.list_models(module=torchvision.models))


@pytest.mark.parametrize("name", ["regnet_y_400mf", "inception_v3", "googlenet", "vit_b_16", "swin_v2_t", "maxvit_t"])
def test_building_takes_no_memory_and_leaves_nothing_unfilled(name: str) -> None:
    empty = empty_network(Architecture(name))
    assert any(parameter.is_meta for parameter in empty.parameters())
    filled = build(
        Architecture(name), {key: torch.zeros(t.shape, dtype=t.dtype) for key, t in empty.state_dict().items()}
    )
    assert not any(tensor.is_meta for tensor in (*filled.parameters(), *filled.buffers()))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "more than"),
        (b"[" * 60_000, "no JSON"),
        (b"[]", "an object"),
        (b'{"name": "os.system"}', "torchvision's classification models"),
        (b'{"name": "resnet18", "weights": "DEFAULT"}', "unknown key 'weights'"),
        (b'{"name": "resnet18", "options": {"num_classes": 1e9}}', "num_classes"),
        (b'{"name": "resnet18", "options": {"num_classes": true}}', "num_classes"),
        (b'{"name": "resnet18", "options": {"num_classes": 100001}}', "num_classes"),
        (b'{"name": "resnet18", "options": {"aux_logits": true}}', "does not take"),
        (b'{"name": "resnet18", "options": {"block": "x"}}', "unknown option 'block'"),
        (b'{"name": "googlenet", "options": {"aux_logits": 1}}', "true or false"),
    ],
)
def test_architectures_are_checked(tmp_path: Path, text: bytes, says: str) -> None:
    files = squeezenet(tmp_path, state()) | written(tmp_path, {"architecture.json": text})
    assert says in faults_of("pytorch", files)["files.architecture.json"][0]


def test_a_state_dict_needs_an_architecture(tmp_path: Path) -> None:
    files = squeezenet(tmp_path, state())
    del files["architecture.json"]
    assert "is missing" in faults_of("pytorch", files)["files.architecture.json"][0]


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.marker}",)


class StackGlobal(pickle._Pickler):  # type: ignore[name-defined,misc]
    """Names its globals by the newer opcode."""


def bombs(folder: Path) -> dict[str, Path]:
    marker, found = folder / "marker", {}
    state_dict: dict[str, Any] = {"w": torch.zeros(2), "x": Bomb(marker)}
    for name, new in (("zip.pth", True), ("legacy.pth", False)):
        torch.save(state_dict, folder / name, _use_new_zipfile_serialization=new)
        found[name] = folder / name
    for protocol in range(6):
        (folder / f"plain{protocol}.pth").write_bytes(pickle.dumps(state_dict["x"], protocol))
        found[f"plain{protocol}.pth"] = folder / f"plain{protocol}.pth"
    torch.save(torch.nn.Linear(2, 2), folder / "module.pt")
    return found | {"module.pt": folder / "module.pt"}


def test_pickles_that_run_something_are_refused_and_nothing_runs(tmp_path: Path) -> None:
    from embedding_explorer.networks.frameworks.pytorch.load import load

    text = written(tmp_path, {"architecture.json": b'{"name": "resnet18"}'})
    for name, path in bombs(tmp_path).items():
        assert list(faults_of("pytorch", {name: path} | text)) == [f"files.{name}"], name
        with pytest.raises(NetworkUnusable):
            load({name: path} | text, WANTED, "cpu")
    assert not (tmp_path / "marker").exists()


def test_a_pickle_hidden_behind_a_harmless_one(tmp_path: Path) -> None:
    """The format before archives is five pickles, one after another."""
    torch.save({"w": torch.zeros(2)}, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    data = (tmp_path / "a.pth").read_bytes()
    bomb = pickle.dumps(Bomb(tmp_path / "marker"), 2)
    ends = [i + 1 for i in range(len(data)) if data[i : i + 1] == b"." and data[i + 1 : i + 3] == b"\x80\x02"]
    for end in ends:
        files = written(
            tmp_path, {"b.pth": data[:end] + bomb + data[end:], "architecture.json": b'{"name": "resnet18"}'}
        )
        assert "files.b.pth" in faults_of("pytorch", files)
    assert len(ends) == 4


def test_the_message_names_what_was_asked_for(tmp_path: Path) -> None:
    files = {"module.pt": bombs(tmp_path)["module.pt"]} | written(
        tmp_path, {"architecture.json": b'{"name": "resnet18"}'}
    )
    assert "torch.nn.modules.linear.Linear" in faults_of("pytorch", files)["files.module.pt"][0]


def header(**tensor: Any) -> bytes:
    text = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | tensor}).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, this is no file of weights",
        b"\xff" * 8 + b"{}",
        b"\x02" + b"\0" * 7 + b"[]",
        header() + b"\0" * 7,
        header(shape=[1 << 62]) + b"\0" * 8,
        header(data_offsets=[0, 1 << 60]) + b"\0" * 8,
        header(data_offsets=[-8, 0]) + b"\0" * 8,
        header(dtype="OBJECT") + b"\0" * 8,
        header(shape=None) + b"\0" * 8,
        header(shape=[2] + [1] * 64) + b"\0" * 8,
    ],
)
def test_files_that_are_no_safetensors(tmp_path: Path, data: bytes) -> None:
    files = written(tmp_path, {"m.safetensors": data, "architecture.json": b'{"name": "resnet18"}'})
    assert list(faults_of("pytorch", files)) == ["files.m.safetensors"]


def test_a_header_of_more_values_than_any_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_dict_check.json, "loads", lambda _: pytest.fail("it was parsed"))
    files = written(tmp_path, {"m.safetensors": header(more=[[]] * state_dict_check.MAX_VALUES)})
    with pytest.raises(BadInput, match="values"):
        state_dict_check.screen_safetensors(files["m.safetensors"])


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pt2", "model.safetensors", "model.ts"])
@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04hello", b"\x80\x02hello", b"\x80\x02."])
def test_wrong_magic(tmp_path: Path, name: str, data: bytes) -> None:
    from embedding_explorer.networks.frameworks.pytorch.load import load

    files = written(tmp_path, {name: data, "architecture.json": b'{"name": "resnet18"}'})
    with pytest.raises(NetworkUnusable):
        load(files, WANTED, "cpu")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", ["model.safetensors", "model.pth", "model.onnx"])
def test_truncated_files(tmp_path: Path, resnet18: Path, name: str, share: float) -> None:
    data = (resnet18 / name).read_bytes()
    files = written(tmp_path, {name: data[: int(len(data) * share)]})
    files["architecture.json"] = resnet18 / "architecture.json"
    assert list(faults_of("onnx" if name.endswith("onnx") else "pytorch", files)) == [f"files.{name}"]


def test_a_bomb_of_a_pickle_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.pth", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("m/data.pkl", b"\x80\x02" + b"(" * (60 << 20))
    files = {"m.pth": tmp_path / "m.pth"} | written(tmp_path, {"architecture.json": b'{"name": "resnet18"}'})
    assert "would unpack" in faults_of("pytorch", files)["files.m.pth"][0]


def test_no_model_and_two_models(tmp_path: Path) -> None:
    assert list(faults_of("pytorch", {})) == ["files.model.pt"]
    files = squeezenet(tmp_path, state()) | written(tmp_path, {"b.pt2": b""})
    assert list(faults_of("pytorch", files)) == ["files.b.pt2"]
