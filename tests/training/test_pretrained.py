import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from embedding_explorer.errors import BadInput, ExplorerError, InvalidFields, LimitExceeded
from embedding_explorer.networks.protobuf import encode
from embedding_explorer.training.archives import pack, unpack
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.shapes import sized_layers
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.models.build import build_network
from embedding_explorer.training.models.folder import open_model, read_model, write_model
from embedding_explorer.training.models.importing import Incoming, import_model
from embedding_explorer.training.models.plan import make_plan
from embedding_explorer.training.models.start import load_start, read_weights
from embedding_explorer.training.models.trainer import Trainer
from embedding_explorer.training.options import Options
from embedding_explorer.training.pictures import read_pictures
from embedding_explorer.training.pretrained import (
    ACCEPTED,
    MAX_LABELS_BYTES,
    copy_model,
    finish,
    parse_upload,
    read_sent,
)
from embedding_explorer.training.snapshot_files import list_snapshots
from tests.training.sources import shades
from tests.training.test_archives import LIMITS

SOURCE = shades(16, side=20, channels=3, classes=3)
PICTURES = Pictures(20, 20, 3, "crop")
PIXELS = SOURCE.batch(np.arange(6))[0]
TINY = {"layers": [{"type": "conv2d", "name": "c", "out_channels": 4, "kernel_size": 3},
                   {"type": "relu"}, {"type": "linear", "name": "last"}]}  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder as a training leaves it, with two snapshots."""
    folder = tmp_path / "model"
    folder.mkdir()
    plan = make_plan(Options(epochs=2, seed=3, crop_size=18), STANDARD["lenet"].definition(), SOURCE)
    write_model(folder, plan, SOURCE.labels)
    Trainer(plan, plan.build(), SOURCE, None, folder).run()
    return folder


def new(tmp_path: Path, name: str = "new") -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_a_snapshot_becomes_a_model_of_its_own(tmp_path: Path, model: Path) -> None:
    expected = open_model(model, 1.0).run(PIXELS)
    folder = new(tmp_path)
    details = copy_model(model, 1.0, PICTURES, folder)
    for path in model.iterdir():
        path.unlink()
    assert np.array_equal(open_model(folder).run(PIXELS), expected)
    assert read_pictures(folder) == PICTURES
    assert details["labels"] and details["files"]["snapshot file"] == "snapshot_epoch_1.safetensors"
    assert (details["image_type"], details["resize_mode"], details["width"]) == (3, "crop", 20)
    assert not (folder / "resume.pt").exists()


def test_an_epoch_that_is_not_there_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(BadInput, match=r"1\.5"):
        copy_model(model, 1.5, PICTURES, new(tmp_path))


INFO = {"name": "shades", "framework": "pytorch", "snapshot file": "snapshot_epoch_2.safetensors",
        "model file": "network.json", "labels file": "labels.txt", "mean file": "mean.npy", "solver file": "solver.json",
        "image dimensions": [20, 20, 3], "image resize mode": "crop"}  # fmt: skip


def archived(model: Path, tmp_path: Path, info: dict[str, Any] | None = None, extension: str = "tar.gz") -> Path:
    """The model packed and unpacked again."""
    names = ("snapshot_epoch_2.safetensors", "network.json", "labels.txt", "mean.npy", "solver.json")
    packed = tmp_path / f"model.{extension}"
    files: dict[str, Path | bytes] = {name: model / name for name in names}
    files["info.json"] = json.dumps(INFO if info is None else info).encode()
    packed.write_bytes(b"".join(pack(files, extension)))
    folder = new(tmp_path, "unpacked")
    unpack(packed, folder, LIMITS)
    return folder


def imported(folder: Path, target: Path) -> dict[str, Any]:
    """All that happens to a model that was sent, without a server."""
    sent = read_sent(folder)
    labels = sent.label_list()
    found = import_model(Incoming.from_json(json.loads(json.dumps(sent.to_import(target, len(labels))))))
    return finish(target, sent, labels, found.left)


def start_from(folder: Path) -> tuple[Definition, dict[str, torch.Tensor]]:
    """What a training that starts from a pretrained model takes of it."""
    return read_model(folder)[0], read_weights([max(list_snapshots(folder).items())[1]])


@pytest.mark.parametrize("extension", ["tar", "zip", "tar.bz2"])
def test_an_archive_of_a_model_computes_the_same(tmp_path: Path, model: Path, extension: str) -> None:
    expected = open_model(model, 2.0).run(PIXELS)
    folder = new(tmp_path)
    details = imported(archived(model, tmp_path, extension=extension), folder)
    assert np.array_equal(open_model(folder).run(PIXELS), expected)
    assert details["labels"] and read_pictures(folder) == PICTURES
    definition, state = start_from(folder)
    assert definition.classes == 3
    fresh = make_plan(Options(seed=9), definition, SOURCE).build()
    assert not load_start(fresh, state).left


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"snapshot file": None}, "snapshot file"),
        ({"framework": ""}, "framework"),
        ({"name": ""}, "name"),
        ({"model file": "", "network file": ""}, "model file or network file"),
        ({"snapshot file": "other.safetensors"}, "missing"),
        ({"snapshot file": "../model/snapshot_epoch_2.safetensors"}, "plain file name|unsafe"),
        ({"labels file": "/etc/passwd"}, "unsafe"),
        ({"mean file": "gone.npy"}, "missing"),
        ({"framework": "tensorflow"}, "Accepted are"),
        ({"image dimensions": [0, 20, 3]}, "image dimensions"),
        ({"image resize mode": "stretch"}, "resize mode"),
    ],
)
def test_what_is_wrong_with_the_information_is_told(
    tmp_path: Path, model: Path, change: dict[str, Any], reason: str
) -> None:
    folder = archived(model, tmp_path, INFO | change)
    with pytest.raises(BadInput, match=reason):
        read_sent(folder)


def test_weights_of_epoch_0_are_not_taken_for_none(tmp_path: Path, model: Path) -> None:
    folder = archived(model, tmp_path, INFO | {"snapshot file": "snapshot_epoch_0.safetensors"})
    (folder / "snapshot_epoch_2.safetensors").rename(folder / "snapshot_epoch_0.safetensors")
    imported(folder, target := new(tmp_path))
    assert 0 not in list_snapshots(target) and len(list_snapshots(target)) == 1


def test_no_information_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no info\.json"):
        read_sent(new(tmp_path))


def sent_files(tmp_path: Path, state: dict[str, torch.Tensor], network: Any, suffix: str = ".safetensors") -> Any:
    weights, definition = tmp_path / f"weights{suffix}", tmp_path / "network.json"
    if suffix == ".safetensors":
        save_file(state, weights)
    else:
        torch.save(state, weights)
    definition.write_text(network if isinstance(network, str) else json.dumps(network))
    return {"weights": weights, "network": definition, "framework": "pytorch", "pictures": PICTURES}


def tiny_state(classes: int = 5) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "c.weight": torch.randn(4, 3, 3, 3, generator=generator), "c.bias": torch.randn(4, generator=generator),
        "last.weight": torch.randn(classes, 4 * 18 * 18, generator=generator), "last.bias": torch.zeros(classes),
    }  # fmt: skip


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth"])
def test_single_files_say_how_many_classes_they_have(tmp_path: Path, suffix: str) -> None:
    folder, state = new(tmp_path), tiny_state()
    found = import_model(Incoming(folder, **sent_files(tmp_path, state, TINY, suffix)))
    assert found.classes == 5 and not found.left
    x = torch.from_numpy(PIXELS.astype(np.float32)).permute(0, 3, 1, 2)
    hidden = nn.functional.conv2d(x, state["c.weight"], state["c.bias"]).relu().flatten(1)
    expected = (hidden @ state["last.weight"].T).softmax(1)
    assert np.allclose(open_model(folder).run(PIXELS), expected.numpy(), atol=1e-5)


def test_a_standard_network_is_named_by_its_file(tmp_path: Path) -> None:
    plan = make_plan(Options(seed=3), STANDARD["squeezenet1_1"].definition(), shades(6, side=40, channels=3, classes=3))
    given = sent_files(tmp_path, plan.build().state_dict(), {"standard": "squeezenet1_1"})
    given["pictures"] = Pictures(40, 40, 3, "squash")
    assert import_model(Incoming(new(tmp_path), **given)).classes == 3


def test_networks_that_give_numbers_stay_so(tmp_path: Path) -> None:
    network = {"loss": "mse", "output": "slopes", "layers": [{"type": "linear", "name": "l", "out_features": 2}]}
    state = {"l.weight": torch.ones(2, 1200), "l.bias": torch.zeros(2)}
    folder = new(tmp_path)
    assert import_model(Incoming(folder, **sent_files(tmp_path, state, network))).classes is None
    assert open_model(folder).definition.output == "slopes"


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def evil_pickle(path: Path) -> None:
    torch.save({"c.weight": _Evil(path.with_name("evil-was-here"))}, path)


def whole_module(path: Path) -> None:
    torch.save(nn.Linear(2, 2), path)


@pytest.mark.parametrize("write", [evil_pickle, whole_module, lambda path: path.write_bytes(b"damaged")])
def test_pickles_of_anything_but_tensors_are_refused_and_not_run(
    tmp_path: Path, write: Callable[[Path], object]
) -> None:
    given = sent_files(tmp_path, tiny_state(), TINY, ".pt")
    write(given["weights"])
    with pytest.raises(ExplorerError, match="cannot be used"):
        import_model(Incoming(new(tmp_path), **given))
    assert not list(tmp_path.rglob("evil-was-here"))


@pytest.mark.parametrize(
    ("network", "state", "reason"),
    [
        ({"layers": [{"type": "python"}]}, tiny_state(), "python"),
        ("import os", tiny_state(), "none of the forms"),
        (TINY, {"other.weight": torch.ones(2)}, "[Hh]ow many classes"),
        (TINY, tiny_state() | {"c.weight": torch.ones(1), "c.bias": torch.ones(1)}, None),
        ({"layers": [*TINY["layers"][:2], {"type": "linear", "out_features": 2}]}, {"x": torch.ones(3)}, "None of the"),
    ],
)
def test_networks_that_do_not_fit_are_refused(tmp_path: Path, network: Any, state: Any, reason: str | None) -> None:
    given = sent_files(tmp_path, state, network)
    if reason is None:  # some weights fit, the others are listed
        assert import_model(Incoming(new(tmp_path), **given)).left == ["c.bias", "c.weight"]
        return
    with pytest.raises(BadInput, match=reason):
        import_model(Incoming(new(tmp_path), **given))


def test_networks_of_too_many_parameters_are_refused_as_what_cannot_be_used(tmp_path: Path) -> None:
    given = Incoming(new(tmp_path), **sent_files(tmp_path, tiny_state(), TINY))
    told = given.to_json() | {"max_parameters": 6596}
    with pytest.raises(BadInput, match=r"6597 parameters; at most 6596 .*EXPLORER_MAX_NETWORK_PARAMETERS"):
        import_model(Incoming.from_json(told))
    assert not list(given.folder.iterdir())
    assert import_model(Incoming.from_json(told | {"max_parameters": 6597})).classes == 5


def test_a_model_that_was_taken_is_opened_whatever_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = new(tmp_path)
    import_model(Incoming(folder, **sent_files(tmp_path, tiny_state(), TINY)))
    for function in (build_network, sized_layers):
        monkeypatch.setattr(function, "__defaults__", (*(function.__defaults__ or ())[:-1], 10))
    assert open_model(folder).run(PIXELS).shape == (6, 5)


@pytest.mark.parametrize("network", [TINY | {"mirror": True}, TINY, {"standard": "squeezenet1_1", "mirror": False}])
def test_whether_a_network_mirrors_is_kept(tmp_path: Path, network: dict[str, Any]) -> None:
    if "standard" in network:
        definition = STANDARD[network["standard"]].definition().for_data((3, 40, 40), 3, None)
        given = sent_files(tmp_path, build_network(definition).state_dict(), network)
        given["pictures"] = Pictures(40, 40, 3, "squash")
    else:
        given = sent_files(tmp_path, tiny_state(), network)
    folder = new(tmp_path)
    import_model(Incoming(folder, **given))
    assert read_model(folder)[0].mirror is network.get("mirror", False)


def test_more_labels_than_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="7 labels"):
        import_model(Incoming(new(tmp_path), labels=7, **sent_files(tmp_path, tiny_state(), TINY)))


@pytest.mark.parametrize("values", [np.zeros((3, 3, 3), np.uint8), np.array([{"a": 1}], object)])
def test_mean_images_that_do_not_fit_are_refused(tmp_path: Path, values: NDArray[Any]) -> None:
    np.save(tmp_path / "mean.npy", values, allow_pickle=True)
    given = sent_files(tmp_path, tiny_state(), TINY)
    with pytest.raises(BadInput, match="mean image"):
        import_model(Incoming(new(tmp_path), mean=tmp_path / "mean.npy", **given))


# What follows writes Caffe's files by the numbers of its caffe.proto.


def number(field: int, value: int) -> bytes:
    return bytes([field << 3]) + _varint(value)


def _varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


def blob(values: NDArray[np.float32], old: bool = False) -> bytes:
    data = encode(5, values.astype("<f4").tobytes())
    if old:
        sides = [1] * (4 - values.ndim) + list(values.shape)
        return b"".join(number(field, side) for field, side in enumerate(sides, 1)) + data
    return encode(7, b"".join(number(1, side) for side in values.shape)) + data


def layer(name: str, kind: str, *blobs: NDArray[np.float32]) -> bytes:
    inner = encode(1, name.encode()) + encode(2, kind.encode()) + b"".join(encode(7, blob(each)) for each in blobs)
    return encode(100, inner)


def old_layer(name: str, *blobs: NDArray[np.float32]) -> bytes:
    return encode(2, encode(4, name.encode()) + b"".join(encode(6, blob(each, old=True)) for each in blobs))


PROTOTXT = """
name: "small"
layer { name: "data" type: "Data" top: "data" }
layer { name: "conv/1" type: "Convolution" bottom: "data" top: "conv/1" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "norm" type: "BatchNorm" bottom: "conv/1" top: "conv/1" }
layer { name: "affine" type: "Scale" bottom: "conv/1" top: "conv/1" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv/1" top: "conv/1" }
layer { name: "ip" type: "InnerProduct" bottom: "conv/1" top: "ip" inner_product_param { num_output: 5 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


def caffe_arrays() -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(0)
    shapes = {
        "w": (4, 3, 3, 3),
        "b": (4,),
        "mean": (4,),
        "gamma": (4,),
        "beta": (4,),
        "iw": (5, 4 * 18 * 18),
        "ib": (5,),
    }
    arrays = {name: random.normal(size=shape).astype(np.float32) * 0.1 for name, shape in shapes.items()}
    return arrays | {"var": random.uniform(1, 2, 4).astype(np.float32), "factor": np.array([4.0], np.float32)}


def caffe_files(tmp_path: Path, data: bytes) -> dict[str, Any]:
    (tmp_path / "w.caffemodel").write_bytes(data)
    (tmp_path / "net.prototxt").write_text(PROTOTXT)
    return {"weights": tmp_path / "w.caffemodel", "network": tmp_path / "net.prototxt", "framework": "caffe",
            "pictures": PICTURES}  # fmt: skip


def caffe_scores(arrays: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """What Caffe computes: pictures in BGR, statistics divided by their factor, then scale and shift."""
    t = {name: torch.from_numpy(values) for name, values in arrays.items()}
    bgr = torch.from_numpy(PIXELS.astype(np.float32)).permute(0, 3, 1, 2).flip(1)
    x = nn.functional.conv2d(bgr, t["w"], t["b"])
    mean, var = t["mean"] / 4, t["var"] / 4
    x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
    x = (x * t["gamma"][:, None, None] + t["beta"][:, None, None]).relu()
    return (x.flatten(1) @ t["iw"].T + t["ib"]).softmax(1).numpy()


def test_weights_of_caffe_compute_what_they_computed_there(tmp_path: Path) -> None:
    a, folder = caffe_arrays(), new(tmp_path)
    data = (
        layer("conv/1", "Convolution", a["w"], a["b"]) + layer("norm", "BatchNorm", a["mean"], a["var"], a["factor"])
        + layer("affine", "Scale", a["gamma"], a["beta"]) + layer("ip", "InnerProduct", a["iw"], a["ib"])
    )  # fmt: skip
    assert import_model(Incoming(folder, **caffe_files(tmp_path, data))).classes == 5
    predictor = open_model(folder)
    assert np.allclose(predictor.run(PIXELS), caffe_scores(a), atol=1e-5)
    definition, state = start_from(folder)
    ten = make_plan(Options(seed=1), definition, shades(12, side=20, channels=3, classes=10)).build()
    assert set(load_start(ten, state).left) == {"ip.weight", "ip.bias"}


def test_the_first_format_of_caffe_is_read_too(tmp_path: Path) -> None:
    a, folder = caffe_arrays(), new(tmp_path)
    data = old_layer("conv/1", a["w"], a["b"]) + old_layer("ip", a["iw"], a["ib"])
    import_model(Incoming(folder, **caffe_files(tmp_path, data)))
    state = load_file(folder / "snapshot_epoch_1.safetensors")
    assert np.array_equal(state["conv/1.weight"].numpy(), a["w"][:, ::-1])
    assert np.array_equal(state["ip.weight"].numpy(), a["iw"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x80\x04K\x01.", "no protobuf|damaged|no layer"),
        (encode(100, encode(1, b"ip") + encode(7, encode(7, number(1, 99)) + encode(5, bytes(8)))), "shape"),
        (layer("ip", "InnerProduct", np.ones((5, 7), np.float32)), "'ip' are 5x7"),
        (layer("other", "InnerProduct", np.ones((5, 7), np.float32)), "None of the weights"),
    ],
)
def test_damaged_weights_of_caffe_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        import_model(Incoming(new(tmp_path), **caffe_files(tmp_path, data)))


def test_a_mean_of_caffe_is_turned_to_rgb(tmp_path: Path) -> None:
    a = caffe_arrays()
    planes = np.arange(1200, dtype=np.float32).reshape(3, 20, 20) / 5
    (tmp_path / "mean.binaryproto").write_bytes(blob(planes, old=True))
    data = layer("conv/1", "Convolution", a["w"], a["b"]) + layer("ip", "InnerProduct", a["iw"], a["ib"])
    folder = new(tmp_path)
    import_model(Incoming(folder, mean=tmp_path / "mean.binaryproto", **caffe_files(tmp_path, data)))
    assert np.array_equal(np.load(folder / "mean.npy"), np.rint(planes.transpose(1, 2, 0)[:, :, ::-1]).astype(np.uint8))


def form(**changes: str) -> dict[str, str]:
    return {"job_name": "x", "width": "20", "height": "10", "image_type": "1", "resize_mode": "Half_Crop"} | changes


def files(tmp_path: Path, weights: str = "a.pth", network: str = "b.yaml") -> dict[str, tuple[Path, str]]:
    found = {}
    for number_, (field, name) in enumerate((("weights_file", weights), ("model_def_file", network))):
        path = tmp_path / f"file-{number_}"
        path.write_bytes(b"")
        found[field] = (path, name)
    return found


def test_the_form_of_single_files(tmp_path: Path) -> None:
    sent = parse_upload(form(), files(tmp_path))
    assert asdict(sent.pictures) == {"width": 20, "height": 10, "channels": 1, "mode": "half_crop"}
    assert (sent.weights.suffix, sent.network.suffix, sent.framework) == (".pth", ".yaml", "pytorch")
    assert sent.weights.exists() and sent.labels is None


@pytest.mark.parametrize(
    ("changes", "weights", "network", "field"),
    [
        ({"job_name": ""}, "a.pt", "b.json", "job_name"),
        ({}, "a.caffemodel", "b.json", "weights_file"),
        ({}, "a.pt", "b.lua", "model_def_file"),
        ({"framework": "torch"}, "a.t7", "b.lua", "framework"),
        ({"framework": "caffe"}, "a.pt", "b.prototxt", "weights_file"),
        ({"image_type": "2"}, "a.pt", "b.json", "image_type"),
        ({"width": "0"}, "a.pt", "b.json", "width"),
        ({"resize_mode": "stretch"}, "a.pt", "b.json", "resize_mode"),
        ({"resize_mode": " "}, "a.pt", "b.json", "resize_mode"),
    ],
)
def test_fields_that_break_rules_are_named(
    tmp_path: Path, changes: dict[str, str], weights: str, network: str, field: str
) -> None:
    with pytest.raises(InvalidFields) as refused:
        parse_upload(form(**changes), files(tmp_path, weights, network))
    assert field in refused.value.fields
    if field in ("weights_file", "framework"):
        assert ACCEPTED in str(refused.value.fields)


def test_a_caffe_model_needs_a_network_of_layers(tmp_path: Path) -> None:
    found = caffe_files(tmp_path, layer("ip", "InnerProduct", np.ones((5, 7), np.float32)))
    found["network"].write_text('{"standard": "resnet18"}')
    with pytest.raises(BadInput, match="network of layers"):
        import_model(Incoming(new(tmp_path), labels=3, **found))


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 and no more", b"\x93NUMPY\x01\x00\x06\x00{'a'\n\n", b"", b"\x80\x04K\x01."]
)
def test_a_damaged_mean_is_refused(tmp_path: Path, model: Path, data: bytes) -> None:
    folder = archived(model, tmp_path)
    (folder / "mean.npy").write_bytes(data)
    with pytest.raises(BadInput, match="mean image cannot be read"):
        imported(folder, new(tmp_path))


@pytest.mark.parametrize(("name", "shown"), [("a\ud800b", "ab"), ("a\0\n b ", "a b"), ("x" * 9999, "x")])
def test_names_are_visible_text(tmp_path: Path, model: Path, name: str, shown: str) -> None:
    found = read_sent(archived(model, tmp_path, INFO | {"name": name})).name
    assert found.encode() and found.isprintable() and found.rstrip("x") == shown.rstrip("x") and len(found) < 9999


def test_a_name_without_anything_visible_is_none(tmp_path: Path, model: Path) -> None:
    with pytest.raises(BadInput, match="lacks name"):
        read_sent(archived(model, tmp_path, INFO | {"name": "\ud800"}))


def test_a_large_file_of_labels_is_not_read(tmp_path: Path, model: Path) -> None:
    folder = archived(model, tmp_path)
    with (folder / "labels.txt").open("wb") as file:
        file.truncate(MAX_LABELS_BYTES + 1)  # blanks all of it, which would be no labels at all
    with pytest.raises(LimitExceeded, match=str(MAX_LABELS_BYTES)):
        read_sent(folder).label_list()
