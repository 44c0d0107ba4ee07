"""From a torch network to an OpenVINO model (IR) in the data folder, once.

The IR takes uint8 pictures (B, S, S, 3): normalisation and layout are part of it. Its weights stay float32; OpenVINO
rounds them when it compiles the model for another precision. Beside `<key>.xml` and `<key>.bin` lies `<key>.json` with
what is known about the model. The `.xml` is written last and makes the model found.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks import child
from embedding_explorer.networks.base import Pooling
from embedding_explorer.networks.definitions import Definition, define
from embedding_explorer.networks.devices import import_openvino

if TYPE_CHECKING:
    import openvino
    from torch import nn

CONVERSION_VERSION = 1
# Every int8 calibration leaves a model of its own; 32 of ResNet-50's size take 1 to 3 GB.
MAX_CACHED = 32
MAX_DIMENSION = 65_536
PART, ABANDONED = "part-", 24 * 3600.0  # seconds


@dataclass(frozen=True)
class Plan:
    """A network with its weights, layer and pooling chosen, before anything heavy is loaded."""

    definition: Definition
    input: InputSpec
    weights: Path | None
    digest: str
    layer: str
    pooling: Pooling
    max_dimension: int = MAX_DIMENSION


@dataclass(frozen=True)
class Converted:
    """An IR on disk: its `.xml`, and what its `.json` says."""

    path: Path
    facts: dict[str, Any]


def converted(plan: Plan, data: Path) -> Converted:
    """The float32 IR of a plan, from the data folder or converted now in a child process (about 10 s)."""
    target = networks_folder(data) / f"{key(plan)}.xml"
    found = find(target)
    if found and found.facts["dimension"] <= plan.max_dimension:
        return found
    make_folder(target.parent)
    request = asdict(plan) | {"definition": plan.definition.name, "weights": plan.weights and str(plan.weights)}
    child.run("convert", request | {"target": str(target)})
    return found_or_fail(target)


def key(plan: Plan, *more: str) -> str:
    """The name of a plan's IR: whatever changes the file is in it."""
    d = plan.definition
    parts = [CONVERSION_VERSION, d.name, plan.digest, plan.layer, plan.pooling, asdict(plan.input), d.mean, d.std]
    versions = [version("openvino"), version("torch")]
    return hashlib.sha256(json.dumps([*parts, *versions, *more], sort_keys=True).encode()).hexdigest()[:32]


def networks_folder(data: Path) -> Path:
    """Where IRs are kept."""
    return data / "cache" / "networks"


def find(target: Path) -> Converted | None:
    """The IR at `target` if it is whole."""
    try:
        facts = json.loads(target.with_suffix(".json").read_text())
    except (OSError, ValueError):
        return None
    if not (target.is_file() and target.with_suffix(".bin").is_file()):
        return None
    with suppress(OSError):  # a read-only cache serves as well
        os.utime(target)
    return Converted(target, facts)


def found_or_fail(target: Path) -> Converted:
    """The IR that was just written; raises NetworkUnavailable when it is gone already."""
    if found := find(target):
        return found
    raise NetworkUnavailable(f"{target} vanished while it was written. Try again.", path=str(target))


def convert(request: dict[str, Any]) -> dict[str, Any]:
    """In the child process: load the torch network, cut it off at the layer, and write its IR."""
    from embedding_explorer.networks.layers import load_module, tap

    definition = define(request["definition"])
    module = load_module(definition, request["weights"] and Path(request["weights"]))
    spec = InputSpec(**request["input"])
    tapped, dimension = tap(
        module, request["layer"], request["pooling"], size=spec.size, max_dimension=request["max_dimension"]
    )
    write(to_openvino(tapped, definition, spec), Path(request["target"]), {"dimension": dimension})
    return {}


def to_openvino(module: "nn.Module", definition: Definition, spec: InputSpec) -> "openvino.Model":
    """An OpenVINO model of uint8 pictures (B, S, S, 3), B free, around a torch module of normalised (B, 3, S, S)."""
    import torch

    openvino, shape = import_openvino(), [-1, 3, spec.size, spec.size]
    model = openvino.convert_model(module, example_input=torch.zeros(1, *shape[1:]), input=shape)
    processor = openvino.preprocess.PrePostProcessor(model)
    entrance = processor.input()
    entrance.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    entrance.model().set_layout(openvino.Layout("NCHW"))
    mean, scale = [255 * m for m in definition.mean], [255 * s for s in definition.std]
    entrance.preprocess().convert_element_type(openvino.Type.f32).mean(mean).scale(scale)
    return processor.build()


def write(model: "openvino.Model", target: Path, facts: dict[str, Any]) -> None:
    """Write an IR so that it is found whole or not at all, and forget the ones longest unused."""
    openvino = import_openvino()
    try:
        with temporary_folder(target.parent) as folder:
            part = folder / target.name
            openvino.save_model(model, part, compress_to_fp16=False)
            part.with_suffix(".json").write_text(json.dumps(facts))
            for suffix in (".bin", ".json", ".xml"):
                part.with_suffix(suffix).replace(target.with_suffix(suffix))
    except (OSError, RuntimeError) as error:
        raise _unwritable(target.parent, error) from error
    prune(target.parent)


def make_folder(folder: Path) -> None:
    """Create the folder of IRs; raises NetworkUnavailable before minutes are spent on what cannot be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary_folder(folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A folder in the folder of IRs, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=PART) as folder:
        yield Path(folder)


def prune(folder: Path, keep: int = MAX_CACHED) -> None:
    """Delete all but the `keep` IRs used last, and what killed processes left half-written."""
    for part in folder.glob(f"{PART}*"):
        if part.stat().st_mtime < time.time() - ABANDONED:
            shutil.rmtree(part, ignore_errors=True)
    models = sorted(folder.glob("*.xml"), key=lambda p: p.stat().st_mtime_ns, reverse=True)
    for model in models[keep:]:
        for suffix in (".xml", ".json", ".bin"):
            model.with_suffix(suffix).unlink(missing_ok=True)


def _unwritable(folder: Path, error: Exception) -> NetworkUnavailable:
    return NetworkUnavailable(
        f"The converted network cannot be written to {folder}: {error}. Free some space or make the folder writable.",
        path=str(folder),
    )
