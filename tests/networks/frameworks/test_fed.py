"""Every row of the table of section 11 through every kind of file of section 13: what a network sees of a picture.

The networks give back what they are fed with; what that must be is computed by `reference.py`, which shares no code.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from embedding_explorer.networks.frameworks import FRAMEWORKS
from embedding_explorer.networks.preprocessing import ImageInput, Preprocessing, prepare
from tests.networks.frameworks.helpers import faults_of, quietly, written
from tests.networks.preprocessing.reference import noise, prepared, spec

PIXELS = noise(12, 10, seed=5)
WIDTH, HEIGHT = 12, 10
TORCH = {"FLOAT32": torch.float32, "FLOAT16": torch.float16, "FLOAT64": torch.float64, "UINT8": torch.uint8}


class Same(nn.Module):
    """Gives its input back, in a tensor of its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 1


def blank(wanted: ImageInput) -> torch.Tensor:
    sides = {"C": wanted.channels, "W": wanted.target[0], "H": wanted.target[1]}
    return torch.zeros(1, *(sides[axis] for axis in wanted.axes), dtype=TORCH[wanted.data_type])


def as_onnx(folder: Path, wanted: ImageInput) -> dict[str, Path]:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(wanted.data_type.lower()))
    given = helper.make_tensor_value_info("x", kind, [None] * 4)
    result = helper.make_tensor_value_info("y", kind, [None] * 4)
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [given], [result])
    made = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(made)
    return written(folder, {"model.onnx": made.SerializeToString()})


def as_script(name: str, how: Callable[..., Any]) -> Callable[[Path, ImageInput], dict[str, Path]]:
    def write(folder: Path, wanted: ImageInput) -> dict[str, Path]:
        quietly(how, Same().eval(), blank(wanted)).save(folder / name)
        return {name: folder / name}

    return write


def as_program(folder: Path, wanted: ImageInput) -> dict[str, Path]:
    free = {n: torch.export.Dim.AUTO for n in range(4)} if wanted.resize_type == "NETWORK" else None
    program = quietly(torch.export.export, Same().eval(), (blank(wanted),), dynamic_shapes=free and {"x": free})
    torch.export.save(program, folder / "model.pt2")
    return {"model.pt2": folder / "model.pt2"}


FILES: dict[str, tuple[str, Callable[[Path, ImageInput], dict[str, Path]]]] = {
    "onnx": ("onnx", as_onnx),
    "model.pt, traced": ("pytorch", as_script("model.pt", torch.jit.trace)),
    "model.ts, scripted": ("pytorch", as_script("model.ts", lambda module, _: torch.jit.script(module))),
    "model.torchscript": ("pytorch", as_script("model.torchscript", torch.jit.trace)),
    "model.pt2": ("pytorch", as_program),
}
# One row each; sizes are such that nothing is resampled, so values are exact to the rounding of floats.
ROWS: dict[str, dict[str, Any]] = {
    **{order: {"dimension_order": order} for order in ("NCHW", "NCWH", "NHWC", "NWHC")},
    "SQUASH": {"resize_type": "SQUASH"},
    "CROP": {"resize_type": "CROP", "target_size": f"7x{HEIGHT}"},
    "FILL": {"resize_type": "FILL", "target_size": f"{WIDTH}x15"},
    "FILL a square": {"resize_type": "FILL", "target_size": f"{WIDTH}"},
    "NETWORK": {"resize_type": "NETWORK"},
    "NETWORK of a side": {"resize_type": "NETWORK", "target_size": f"{WIDTH}"},
    **{colours: {"color_channels": colours} for colours in ("RGB", "BGR", "L")},
    "scaled to 1": {"pixel_scaling": 1.0},
    "scaled to 2": {"pixel_scaling": 2.0},
    "a mean": {"mean_file": "mean.npy", "color_channels": "BGR"},
    "a mean and a std": {"mean_file": "mean.npy", "std_file": "std.npy", "dimension_order": "NWHC"},
    **{kind: {"data_type": kind} for kind in ("FLOAT32", "FLOAT16", "FLOAT64", "UINT8")},
}
TOLERANCE = {"FLOAT32": 1e-5, "FLOAT16": 1e-3, "FLOAT64": 1e-5, "UINT8": 0}


def constants(wanted: ImageInput) -> dict[str, Any]:
    """Mean and std of the row, of the full shape of the input."""
    shape, chance = blank(wanted).shape[1:], np.random.default_rng(2)
    named = {"mean": wanted.mean_file, "std": wanted.std_file}
    return {key: chance.uniform(1, 9, shape).astype(np.float32) for key, file in named.items() if file}


def check(network: Any, wanted: ImageInput, seen: Callable[[Any], Any]) -> None:
    """The network's first output for the picture is what `seen` makes of the reference's input."""
    given = constants(wanted)
    feed = prepare(png(), wanted, None, given.get("mean"), given.get("std"))
    expected = seen(prepared(PIXELS, wanted, **given))
    [(_, found)] = network.run([feed], None)
    assert found.shape == expected.shape
    tolerance = TOLERANCE[wanted.data_type]
    np.testing.assert_allclose(found.astype(float), expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG")
    return buffer.getvalue()


def row_of(name: str) -> ImageInput:
    return spec(**({"tensor_name": "x", "target_size": f"{WIDTH}x{HEIGHT}"} | ROWS[name]))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("row", ROWS)
def test_a_network_sees_what_the_reference_computes(row: str, kind: str, tmp_path: Path) -> None:
    wanted, (framework, write) = row_of(row), FILES[kind]
    files = write(tmp_path, wanted)
    assert faults_of(framework, files) == {}
    check(FRAMEWORKS[framework].load(files, Preprocessing((wanted,)), "cpu"), wanted, lambda values: values)


@pytest.fixture(scope="module")
def weights() -> Any:
    """A ResNet-18 of random weights, for the rows of state dicts: they have no network that gives back its input."""
    from torchvision.models import resnet18

    torch.manual_seed(4)
    return resnet18(num_classes=5).eval()


@pytest.mark.parametrize("name", ["model.safetensors", "model.pth", "state.pt"])
@pytest.mark.parametrize("row", ["SQUASH", "CROP", "FILL", "NETWORK", "BGR", "scaled to 1", "a mean"])
def test_a_state_dict_computes_with_what_the_reference_computes(
    row: str, name: str, tmp_path: Path, weights: Any
) -> None:
    wanted = spec(**({"target_size": f"{WIDTH}x{HEIGHT}"} | ROWS[row] | {"dimension_order": "NCHW"}))
    if name.endswith("safetensors"):
        save_file(weights.state_dict(), tmp_path / name)
    else:
        torch.save(weights.state_dict(), tmp_path / name)
    options = {"name": "resnet18", "options": {"num_classes": 5}}
    (tmp_path / "architecture.json").write_text(json.dumps(options))
    files = {each: tmp_path / each for each in (name, "architecture.json")}
    network = FRAMEWORKS["pytorch"].load(files, Preprocessing((wanted,)), "cpu")

    def seen(values: Any) -> Any:
        with torch.no_grad():
            return weights(torch.from_numpy(values.astype(np.float32))).numpy()

    given = constants(wanted)
    [(_, found)] = network.run([prepare(png(), wanted, None, given.get("mean"), given.get("std"))], None)
    expected = seen(prepared(PIXELS, wanted, **given))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
