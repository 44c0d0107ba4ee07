"""Weights of Caffe's networks (`.caffemodel`) as those of layer lists: read by field numbers, never executed.

See https://github.com/BVLC/caffe/blob/master/src/caffe/proto/caffe.proto for the messages.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.protobuf import Message, open_message, text, varint
from embedding_explorer.training.definitions.definition import INPUT, Definition
from embedding_explorer.training.definitions.prototxt import Message as Layer
from embedding_explorer.training.definitions.prototxt import parse_prototxt
from embedding_explorer.training.models.build import build_network
from embedding_explorer.training.models.layered import LayerNetwork

State = dict[str, torch.Tensor]
Blob = NDArray[np.float32]
# NetParameter: layers of the present version, and of the first one.
_LAYER, _V1_LAYER = 100, 2
_NAME, _BLOBS, _V1_NAME, _V1_BLOBS = 1, 7, 4, 6
_SIDES, _DATA, _SHAPE, _DOUBLES, _DIM = (1, 2, 3, 4), 5, 7, 8, 1
MAX_LAYERS = 2000
# Layers that leave each channel where it is.
_KEEPING = ("scale", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "dropout", "relu", "leaky_relu", "sigmoid",
            "tanh", "gelu", "identity", "local_response_norm", "upsample", "flatten")  # fmt: skip


def read_caffemodel(path: Path) -> dict[str, list[Blob]]:
    """Name of a layer → its arrays; raises BadInput for what is no such file."""
    found: dict[str, list[Blob]] = {}
    try:
        for field in (message := open_message(path)):
            if field.number not in (_LAYER, _V1_LAYER):
                continue
            name_field, blob_field = (_NAME, _BLOBS) if field.number == _LAYER else (_V1_NAME, _V1_BLOBS)
            name, blobs = _layer(message.inside(field.value), name_field, blob_field)
            if blobs:
                found[name] = blobs
            if len(found) > MAX_LAYERS:
                raise BadInput(f"has more than {MAX_LAYERS} layers")
    except BadInput as error:
        raise BadInput(f"The weights {path.name} cannot be used: the file {error.message}.") from error
    if not found:
        raise BadInput(f"The weights {path.name} cannot be used: no layer in it has any.")
    return found


def _layer(layer: Message, name_field: int, blob_field: int) -> tuple[str, list[Blob]]:
    name, blobs = "", []
    for field in layer:
        if field.number == name_field:
            name = text(field.value)
        elif field.number == blob_field:
            blobs.append(read_blob(layer.inside(field.value)))
    return name, blobs


def read_blob(blob: Message) -> Blob:
    """One array of a BlobProto; raises BadInput where its size and its values disagree."""
    old_sides: dict[int, int] = {}
    shape: list[int] | None = None
    pieces: list[Blob] = []
    for field in blob:
        if field.number in _SIDES and isinstance(field.value, int):
            old_sides[field.number] = field.value
        elif field.number in (_DATA, _DOUBLES) and not isinstance(field.value, int):
            kind = "<f4" if field.number == _DATA else "<f8"
            if len(field.value) % np.dtype(kind).itemsize:
                raise BadInput("has a damaged array")
            pieces.append(np.frombuffer(field.value, kind).astype(np.float32))
        elif field.number == _SHAPE:
            shape = [
                side for inner in blob.inside(field.value) if inner.number == _DIM for side in _numbers(inner.value)
            ]
    sides = shape if shape is not None else [old_sides.get(each, 1) for each in _SIDES]
    values = np.concatenate(pieces) if pieces else np.empty(0, np.float32)
    if len(sides) > 8 or int(np.prod(sides, dtype=object)) != values.size:
        raise BadInput("has an array whose values are not those of its shape")
    return values.reshape(sides)


def _numbers(value: int | memoryview) -> Iterator[int]:
    if isinstance(value, int):
        yield value
        return
    position = 0
    while position < len(value):
        number, position = varint(value, position)
        yield number


def caffe_state(definition: Definition, prototxt: str, blobs: dict[str, list[Blob]]) -> State:
    """The state dict of a network (fitted to its pictures) out of a file's arrays, for pictures in RGB instead of BGR.

    Arrays of layers that the network does not have are left out; raises BadInput for those that do not fit.
    """
    with torch.device("meta"):
        network = build_network(definition, max_parameters=None)
    if not isinstance(network, LayerNetwork):
        raise BadInput("Weights of Caffe need a network of layers. Send the prototxt that they were trained with.")
    paths = {name: path for path, name in network.layer_names().items()}
    wanted = network.state_dict()
    scales = _scales(parse_prototxt(prototxt))
    state: State = {}
    for spec in definition.layers:
        given = blobs.get(spec.name, [])
        if spec.type == "batch_norm":
            arrays = _norm(given, blobs.get(scales.get(spec.name, ""), []))
        else:
            arrays = dict(zip(("weight", "bias"), given, strict=False))
        for key, values in arrays.items():
            target = wanted.get(f"{paths[spec.name]}.{key}")
            if target is not None:
                state[f"{paths[spec.name]}.{key}"] = _fitted(values, tuple(target.shape), spec.name)
    _swap_colours(definition, paths, state)
    return state


def _norm(statistics: list[Blob], scale: list[Blob]) -> dict[str, Blob]:
    """Caffe keeps sums with a factor in BatchNorm, and the affine part in the Scale after it."""
    found: dict[str, Blob] = {}
    if len(statistics) >= 3 and statistics[2].size:
        factor = float(statistics[2].ravel()[0])
        factor = 1 / factor if factor else 0.0
        found = {"running_mean": statistics[0] * factor, "running_var": statistics[1] * factor}
    return found | dict(zip(("weight", "bias"), scale, strict=False))


def _scales(network: Layer) -> dict[str, str]:
    """Name of a BatchNorm → name of the Scale that belongs to it."""
    made: dict[str, str] = {}
    found: dict[str, str] = {}
    for layer in network.messages.get("layer", []):
        kind, name, bottom = layer.get("type"), layer.get("name"), layer.get_first("bottom")
        top = layer.get_first("top") or name
        if kind == "Scale" and bottom in made:
            found.setdefault(made[bottom], name)
        if kind == "BatchNorm":
            made[top] = name
        else:
            made.pop(top, None)
    return found


def _fitted(values: Blob, shape: tuple[int, ...], name: str) -> torch.Tensor:
    if values.size == 1 and len(shape) == 1:  # one slope for all channels
        values = np.broadcast_to(values.reshape(1), shape)
    if values.size != int(np.prod(shape)):
        sides = "x".join(map(str, values.shape))
        raise BadInput(
            f"The weights of the layer {name!r} are {sides}, but the network needs {'x'.join(map(str, shape))}. "
            "Give the width, height and image_type that the network was trained with."
        )
    return torch.from_numpy(np.array(values, np.float32).reshape(shape))


def _swap_colours(definition: Definition, paths: dict[str, str], state: State) -> None:
    """Let the layers that see the picture's own channels take RGB: Caffe's networks were trained on BGR."""
    if definition.input_shape is None or definition.input_shape[0] != 3:
        return
    colours = {INPUT}
    for spec in definition.layers:
        if not colours & set(spec.inputs):
            continue
        weight = f"{paths[spec.name]}.weight"
        if spec.type in _KEEPING:
            colours.add(spec.name)
        elif spec.type in ("batch_norm", "prelu"):
            colours.add(spec.name)
            for key in ("weight", "bias", "running_mean", "running_var"):
                _flip(state, f"{paths[spec.name]}.{key}", 0)
        elif spec.type == "conv2d" and spec.parameters.get("groups", 1) == 1:
            _flip(state, weight, 1)
        elif spec.type == "conv_transpose2d" and spec.parameters.get("groups", 1) == 1:
            _flip(state, weight, 0)
        elif spec.type == "linear":
            if weight in state:
                planes = state[weight].reshape(len(state[weight]), 3, -1)
                state[weight] = planes.flip(1).reshape(state[weight].shape)
        else:
            raise BadInput(
                f"The layer {spec.name!r} ({spec.type}) works on the colours of the picture, whose order differs in "
                "Caffe. Such a network cannot be taken over; train it here from its network text."
            )


def _flip(state: State, key: str, axis: int) -> None:
    if key in state:
        state[key] = state[key].flip(axis).contiguous()
