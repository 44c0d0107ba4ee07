"""Models from outside (contract, 7.2, 7.3 and 11.5), checked and brought into the form of those that were trained here.

What is left in the job's folder afterwards is what a training leaves: `network.json`, `solver.json`, one snapshot, and
where there is one `mean.npy`. Nothing of what was sent is kept as it was, so nobody reads it unchecked later.
"""

import json
import tokenize
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.networks.protobuf import open_message
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.reading import MAX_TEXT, read_definition
from embedding_explorer.training.definitions.shapes import MAX_PARAMETERS
from embedding_explorer.training.models.build import build_network, last_linear
from embedding_explorer.training.models.caffe_weights import caffe_state, read_blob, read_caffemodel
from embedding_explorer.training.models.folder import MEAN, NETWORK, SOLVER
from embedding_explorer.training.models.start import Loaded, load_start, read_weights
from embedding_explorer.training.options import Augmentation, Options, options_from_text
from embedding_explorer.training.snapshots import write_snapshot

State = dict[str, torch.Tensor]
MAX_MEAN_BYTES = 256 << 20
MAX_OPTIONS_BYTES = 1 << 20
_COUNTER = "num_batches_tracked"  # files of other programs lack it, and no result depends on it
_SHOWN = 100
# What numpy raises for files that are damaged, or no arrays at all.
_UNREADABLE = (ValueError, EOFError, OSError, SyntaxError, RecursionError, tokenize.TokenError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Incoming:
    """A model to be checked.

    Attributes:
        folder: of the job, where the result goes.
        framework: "pytorch" or "caffe".
        weights, network: files, with the endings that say what they are.
        pictures: what it takes.
        labels: how many there are; 0 where that is not known.
        epoch: of the snapshot that is written.
        mean: `.npy` (H, W, C) uint8, or `.binaryproto`.
        solver: options of its training.
        subtraction: of `MEANS`; empty for what the options say.
        max_parameters: most weights and biases.
    """

    folder: Path
    framework: str
    weights: Path
    network: Path
    pictures: Pictures
    labels: int = 0
    epoch: float = 1.0
    mean: Path | None = None
    solver: Path | None = None
    subtraction: str = ""
    max_parameters: int = MAX_PARAMETERS

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        values = {name: str(value) if isinstance(value, Path) else value for name, value in vars(self).items()}
        return values | {"pictures": asdict(self.pictures)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Incoming":
        """What `to_json` gave."""
        paths = {name: Path(values[name]) for name in ("folder", "weights", "network")}
        paths |= {name: Path(values[name]) for name in ("mean", "solver") if values[name] is not None}
        return cls(**{**values, **paths, "pictures": Pictures(**values["pictures"])})


@dataclass(frozen=True)
class Imported:
    """What it turned out to be: `classes` is None for a network that gives numbers; `left` are weights of no use."""

    classes: int | None
    taken: int
    left: list[str]

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        return asdict(self)


def import_model(incoming: Incoming) -> Imported:
    """Check a model, and write it into its folder.

    Raises:
        BadInput: a file that cannot be read, too many parameters, or not a single weight that fits the network.
    """
    text = _text(incoming.network, MAX_TEXT)
    definition, classifies = _definition(text, incoming)
    fit = _caffe if incoming.framework == "caffe" else _pytorch
    definition, state = fit(definition, text, classifies, incoming)
    loaded = _checked(definition, state, incoming.max_parameters)
    mean = None if incoming.mean is None else _mean(incoming.mean, incoming.pictures)
    _write(incoming, definition, state, mean)
    return Imported(definition.classes, len(loaded.taken), list(loaded.left[:_SHOWN]))


def _text(path: Path, most: int) -> str:
    if path.stat().st_size > most:
        raise BadInput(f"{path.name} has {path.stat().st_size} bytes; at most {most} are allowed.")
    return path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")


def _definition(text: str, incoming: Incoming) -> tuple[Definition, bool]:
    """The network as it is written, and whether it classifies: so it is unless something says otherwise."""
    try:
        found = read_definition(text, classification=True)
    except BadInput:
        if incoming.labels:
            raise
        return read_definition(text, classification=False), False
    if incoming.labels or found.classes is not None or found.standard is not None:
        return found, True
    # Whatever was fitted to pictures here and has no classes was made for a generic dataset.
    generic = found.input_shape is not None or ("EuclideanLoss" in text and "Softmax" not in text)
    return (read_definition(text, classification=False), False) if generic else (found, True)


def _shape(pictures: Pictures) -> tuple[int, int, int]:
    return pictures.channels, pictures.height, pictures.width


def _pytorch(definition: Definition, text: str, classifies: bool, incoming: Incoming) -> tuple[Definition, State]:
    """The network for these pictures, with as many classes as its weights have."""
    state, shape = read_weights([incoming.weights]), _shape(incoming.pictures)
    if not classifies:
        return definition.for_data(shape, None, None), state
    classes = _head(definition, state, shape) or definition.classes or incoming.labels
    _check_classes(classes, incoming)
    return definition.for_data(shape, classes, None), state


def _check_classes(classes: int | None, incoming: Incoming) -> None:
    if not classes:
        raise BadInput("How many classes the network has cannot be told. Send a file of labels with it.")
    if incoming.labels > classes:
        raise BadInput(f"There are {incoming.labels} labels, but the network has only {classes} classes.")


def _head(definition: Definition, state: State, shape: tuple[int, int, int]) -> int | None:
    """How many outputs the last fully connected layer of the weights has."""
    if definition.standard is not None:
        with torch.device("meta"):
            name = last_linear(build_network(definition.for_data(shape, 2, None), max_parameters=None))
    else:
        linear = [spec for spec in definition.layers if spec.type == "linear"]
        explicit = linear[-1].parameters.get("out_features") if linear else None
        if isinstance(explicit, int):
            return explicit
        name = linear[-1].name.replace(".", "_") if linear else None
    weight = state.get(f"{name}.weight")
    return None if weight is None else len(weight)


def _caffe(definition: Definition, text: str, classifies: bool, incoming: Incoming) -> tuple[Definition, State]:
    """The network with the size of its last layer left open, as other datasets will have other classes."""
    shape, classes = _shape(incoming.pictures), None
    if classifies:
        classes = _head(definition, {}, shape) or incoming.labels
        _check_classes(classes, incoming)
        definition = _open_ended(definition)
    fitted = definition.for_data(shape, classes, None)
    return fitted, caffe_state(fitted, text, read_caffemodel(incoming.weights))


def _open_ended(definition: Definition) -> Definition:
    last = max((n for n, spec in enumerate(definition.layers) if spec.type == "linear"), default=None)
    layers = [
        replace(spec, parameters={k: v for k, v in spec.parameters.items() if k != "out_features"})
        if n == last
        else spec
        for n, spec in enumerate(definition.layers)
    ]
    return replace(definition, layers=tuple(layers))


def _checked(definition: Definition, state: State, max_parameters: int) -> Loaded:
    """Raise BadInput unless some weights fit; complete what other programs leave away."""
    try:
        with torch.device("meta"):
            network = build_network(definition, max_parameters=max_parameters)
    except LimitExceeded as error:  # of the network, not of what was sent: its text is at fault
        raise BadInput(error.message) from error
    for name, tensor in network.state_dict().items():
        if name.endswith(_COUNTER) and name not in state:
            state[name] = torch.zeros(tuple(tensor.shape), dtype=tensor.dtype)
    floats = {name: tensor for name, tensor in state.items() if not name.endswith(_COUNTER)}
    return load_start(network, floats)


def _mean(path: Path, pictures: Pictures) -> NDArray[np.uint8]:
    """A mean image, uint8 (H, W, C)."""
    if path.stat().st_size > MAX_MEAN_BYTES:
        raise BadInput(f"The mean image has {path.stat().st_size} bytes; at most {MAX_MEAN_BYTES} are allowed.")
    try:
        values = _binaryproto(path) if path.suffix == ".binaryproto" else np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise BadInput("The mean image cannot be read. Send an array of numpy (.npy).") from error
    wanted = (pictures.height, pictures.width, pictures.channels)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "uif" or values.shape != wanted:
        raise BadInput(f"The mean image must be an array {wanted} like the pictures: height, width, channels.")
    return np.clip(np.rint(values.astype(np.float32)), 0, 255).astype(np.uint8)


def _binaryproto(path: Path) -> NDArray[Any]:
    blob = read_blob(open_message(path))
    planes = blob.reshape(blob.shape[-3:])
    return planes.transpose(1, 2, 0)[:, :, ::-1]


def _write(incoming: Incoming, definition: Definition, state: State, mean: NDArray[np.uint8] | None) -> None:
    folder = incoming.folder
    plain = {name: tensor.float() if tensor.dtype == torch.float64 else tensor for name, tensor in state.items()}
    write_snapshot(folder, incoming.epoch, plain, {"imported": incoming.framework})
    (folder / NETWORK).write_text(json.dumps(definition.to_json(), indent=1) + "\n")
    options = _options(incoming, mean is not None)
    (folder / SOLVER).write_text(json.dumps(options.to_json(), indent=1, sort_keys=True) + "\n")
    if mean is not None:
        np.save(folder / MEAN, mean, allow_pickle=False)


def _options(incoming: Incoming, has_mean: bool) -> Options:
    """Only what inference needs: all else belongs to a training that nobody will go on with."""
    given = (
        Options(mean="image")
        if incoming.solver is None
        else options_from_text(_text(incoming.solver, MAX_OPTIONS_BYTES))
    )
    kind = (incoming.subtraction or given.mean) if has_mean else "none"
    return Options(mean=kind, augmentation=Augmentation(whitening=bool(given.augmentation.whitening)))
