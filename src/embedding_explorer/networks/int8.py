"""Eight-bit models, calibrated on the user's own pictures by NNCF."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from embedding_explorer.errors import BadInput, NetworkUnavailable
from embedding_explorer.networks import child
from embedding_explorer.networks.base import Calibration, Features, Pixels
from embedding_explorer.networks.conversion import (
    Converted,
    Plan,
    converted,
    find,
    found_or_fail,
    key,
    networks_folder,
    temporary_folder,
    write,
)
from embedding_explorer.networks.devices import import_openvino
from embedding_explorer.networks.ordered import check_batch

MAX_SAMPLE = 300
NEIGHBOURS = 10
BATCH = 8


def calibrated(plan: Plan, data: Path, sample: Pixels) -> Converted:
    """The int8 IR of a plan, calibrated on the first 300 pictures of `sample` (N, S, S, 3), or found again.

    Raises:
        BadInput: a sample that does not fit the network, or an empty one.
        NetworkUnavailable: NNCF is not installed, or the calibration failed.
    """
    check_batch(sample, plan.input)
    if not len(sample):
        raise BadInput("An int8 network is calibrated on pictures, and there are none. Use another precision.")
    chosen = np.ascontiguousarray(sample[:MAX_SAMPLE])
    digest = hashlib.sha256(chosen.data).hexdigest()
    return recalled(plan, data, digest) or _calibrate(plan, data, chosen, digest)


def recalled(plan: Plan, data: Path, digest: str) -> Converted | None:
    """The int8 IR of a plan that was calibrated on the sample with this digest, if it is still there."""
    return find(_target(plan, data, digest))


def calibration(model: Converted) -> Calibration:
    """How well an int8 IR agrees with float32."""
    return Calibration(**model.facts["calibration"])


def _target(plan: Plan, data: Path, digest: str) -> Path:
    return networks_folder(data) / f"{key(plan, 'int8', digest)}.xml"


def _calibrate(plan: Plan, data: Path, sample: Pixels, digest: str) -> Converted:
    source, target = converted(plan, data), _target(plan, data, digest)
    with temporary_folder(target.parent) as folder:
        path = folder / "sample.npy"
        np.save(path, sample)
        files = {"source": str(source.path), "sample": str(path), "target": str(target)}
        child.run("quantise", files | {"digest": digest})
    return found_or_fail(target)


def quantise(request: dict[str, Any]) -> dict[str, Any]:
    """In the child process (NNCF imports torch): quantise an IR, compare it with the original, and write it."""
    openvino = import_openvino()
    try:
        import nncf
    except ImportError as error:
        raise NetworkUnavailable("int8 needs the package nncf. Install it, or use another precision.") from error
    sample: Pixels = np.load(request["sample"], mmap_mode="r")
    original = openvino.Core().read_model(request["source"])
    pictures = nncf.Dataset([picture[None] for picture in sample])
    model = nncf.quantize(original, pictures, subset_size=len(sample), target_device=nncf.TargetDevice.CPU)
    report = compare(_features(original, sample), _features(model, sample))
    facts = {"dimension": model.output(0).partial_shape[1].get_length()}
    facts["calibration"] = {"digest": request["digest"], "images": len(sample), **report}
    write(model, Path(request["target"]), facts)
    return {}


def compare(exact: Features, other: Features) -> dict[str, float]:
    """Mean cosine between features (N, D) of the same pictures, and the share of true 10 nearest neighbours found."""
    a, b = unit(exact), unit(other)
    true, found = nearest(a, NEIGHBOURS), nearest(b, NEIGHBOURS)
    hits = [len(np.intersect1d(t, f)) for t, f in zip(true, found, strict=True)]
    return {"cosine": float((a * b).sum(1).mean()), "recall_at_10": sum(hits) / max(1, true.size) if true.size else 1.0}


def unit(features: Features) -> Features:
    """Rows (N, D) scaled to length 1; a row of zeros stays."""
    lengths: Features = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(lengths, 1e-30)).astype(np.float32)


def nearest(units: Features, count: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Indices (N, k) of the rows of highest cosine to every row, itself left out; k = min(count, N - 1)."""
    similarity = units @ units.T
    np.fill_diagonal(similarity, -np.inf)
    return np.argsort(-similarity, axis=1, kind="stable")[:, : min(count, len(units) - 1)]


def _features(model: Any, sample: Pixels) -> Features:
    compiled = import_openvino().Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    batches = (np.ascontiguousarray(sample[i : i + BATCH]) for i in range(0, len(sample), BATCH))
    return np.concatenate([compiled(batch)[0].copy() for batch in batches])
