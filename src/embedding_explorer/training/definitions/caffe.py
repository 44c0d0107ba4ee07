"""Caffe's network texts as layer lists, for the layers of the contract (11.4). Padding and rounding are Caffe's."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.definitions.definition import INPUT, Definition
from embedding_explorer.training.definitions.entries import MAX_LAYERS, raise_faults, read_layers
from embedding_explorer.training.definitions.prototxt import Message, parse_prototxt

_LOSSES = {"SoftmaxWithLoss": "cross_entropy", "EuclideanLoss": "mse"}
_DATA = ("Data", "Input", "ImageData", "HDF5Data", "MemoryData")
_DROPPED = ("Accuracy", "Softmax", "Silence")
_TRUE = ("true", "True", "t", "1")
_FILLERS = {"xavier": "xavier", "msra": "kaiming", "gaussian": "normal"}
Entry = dict[str, Any]


def read_caffe(text: str, classification: bool) -> Definition:
    """The network that a Caffe text defines; raises BadInput naming layers that cannot be had here."""
    network = parse_prototxt(text)
    layers = network.messages.get("layer", [])
    if "layers" in network.messages:
        raise BadInput('The Caffe network text has `layers { … }` of its first version; write `layer { type: "…" … }`.')
    if not 1 <= len(layers) <= 2 * MAX_LAYERS:
        raise BadInput(f"The Caffe network text must have 1 to {2 * MAX_LAYERS} layers.")
    reader = _Reader()
    for layer in layers:
        reader.read(layer)
    raise_faults(reader.faults)
    kept = _leading_to(reader.output(), reader.entries)
    if not kept:
        raise BadInput("The Caffe network text has no layer that computes anything from its data.")
    value = reader.settings | {"name": network.get("name")[:200], "layers": kept}
    if reader.loss and (reader.loss == "cross_entropy") == classification:
        value["loss"] = reader.loss
    return replace(read_layers(value, classification), input_scale=1.0)


class _Reader:
    def __init__(self) -> None:
        self.faults = Faults()
        self.entries: list[Entry] = []
        self.settings: Entry = {}
        self.loss: str | None = None
        self._blobs = {"data": INPUT}  # which layer made what a name stands for at present
        self._result: str | None = None

    def read(self, layer: Message) -> None:
        """One layer, in the order of the text."""
        kind, name = layer.get("type"), layer.get("name")
        if kind in _DATA:
            self._data(layer)
        elif kind in _LOSSES:
            self.loss = _LOSSES[kind]
            self._result = self._blobs.get(layer.get_first("bottom"), self._result)
        elif kind in _DROPPED:
            pass
        elif kind in _CONVERTERS:
            self._computing(layer, kind, name)
        else:
            known = (*_CONVERTERS, *_LOSSES, *_DATA, *_DROPPED)
            self.faults.add(name or "layer", f"has the type {kind[:80]!r}, which is none of {', '.join(known)}")

    def output(self) -> str | None:
        """The layer whose result is the network's."""
        return self._result or (self.entries[-1]["name"] if self.entries else None)

    def _data(self, layer: Message) -> None:
        for top in layer.values.get("top", [])[:1]:
            self._blobs[top] = INPUT
        sizes = {size for rule in layer.messages.get("include", [Message()]) if (size := _size_of(rule))}
        if number := _whole(layer.inner("data_param").get("batch_size")):
            self.settings.update(dict.fromkeys(sizes, number))
        transform = layer.inner("transform_param")
        if crop := _whole(transform.get("crop_size")):
            self.settings["crop_size"] = crop
        if "batch_size" in sizes and transform.get("mirror") in _TRUE:
            self.settings["mirror"] = True

    def _computing(self, layer: Message, kind: str, name: str) -> None:
        inputs = []
        for bottom in layer.values.get("bottom", []):
            if bottom not in self._blobs:
                self.faults.add(name, f"has the bottom {bottom[:80]!r}, which no earlier layer gives")
            inputs.append(self._blobs.get(bottom, INPUT))
        top = layer.get_first("top") or name
        try:
            entry = _CONVERTERS[kind](layer)
        except BadInput as error:
            self.faults.add(name, f"({kind}) {error.message}")
            return
        if not entry:  # a Scale, which belongs to the BatchNorm before it
            if not any(each["name"] in inputs[:1] and each["type"] == "batch_norm" for each in self.entries):
                self.faults.add(name, "(Scale) can be had after a BatchNorm only; use Power to multiply by one number")
            self._blobs[top] = inputs[0] if inputs else INPUT
            return
        self.entries.append({"name": name, "inputs": inputs} | entry)
        self._blobs[top] = name


def _size_of(rule: Message) -> str | None:
    """Which batch size a data layer gives where a rule includes it: texts of Caffe name phases, DIGITS' own stages."""
    stages = rule.values.get("stage", [])
    if "deploy" in stages:
        return None
    return "val_batch_size" if "val" in stages or rule.get("phase") == "TEST" else "batch_size"


def _leading_to(output: str | None, entries: list[Entry]) -> list[Entry]:
    """The entries that a result depends on: heads that only serve a training are left away."""
    needed, kept = {output}, []
    for entry in reversed(entries):
        if entry["name"] in needed:
            needed.update(entry["inputs"])
            kept.append(entry)
    return kept[::-1]


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _integer(message: Message, name: str, default: int | None) -> int | None:
    text = message.get_first(name)
    if not text:
        return default
    if (value := _whole(text)) is None:
        raise BadInput(f"has {text[:40]!r} as `{name}`, which must be a whole number")
    return value


def _number(message: Message, name: str, default: float) -> float:
    try:
        value = float(message.get(name) or default)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f"has {message.get(name)[:40]!r} as `{name}`, which must be a number")
    return value


def _pair(message: Message, name: str, stem: str, default: int | None) -> Any:
    """A size given once, twice, or as `<stem>_h` and `<stem>_w`."""
    if message.get(f"{stem}_h") or message.get(f"{stem}_w"):
        return [_integer(message, f"{stem}_h", default), _integer(message, f"{stem}_w", default)]
    several = message.values.get(name, [])
    if len(several) == 2:
        return [_whole(each) for each in several]
    return _integer(message, name, default)


def _convolution(layer: Message) -> Entry:
    parameters = layer.inner("convolution_param")
    kind = "conv2d" if layer.get("type") == "Convolution" else "conv_transpose2d"
    return {
        "type": kind,
        "out_channels": _integer(parameters, "num_output", None),
        "kernel_size": _pair(parameters, "kernel_size", "kernel", None),
        "stride": _pair(parameters, "stride", "stride", 1),
        "padding": _pair(parameters, "pad", "pad", 0),
        "dilation": _pair(parameters, "dilation", "dilation", 1),
        "groups": _integer(parameters, "group", 1),
        "bias": parameters.get("bias_term") != "false",
        "init": _init(parameters),
    }


def _inner_product(layer: Message) -> Entry:
    parameters = layer.inner("inner_product_param")
    size = _integer(parameters, "num_output", None)
    entry = {"type": "linear", "bias": parameters.get("bias_term") != "false", "init": _init(parameters)}
    return entry | ({"out_features": size} if size is not None else {})


def _init(parameters: Message) -> str:
    return _FILLERS.get(parameters.inner("weight_filler").get("type"), "default")


def _pooling(layer: Message) -> Entry:
    parameters = layer.inner("pooling_param")
    average = {"AVE": True, "MAX": False, "": False, "1": True, "0": False}.get(parameters.get("pool"))
    if average is None:
        raise BadInput(f"pools by {parameters.get('pool')[:40]!r}; MAX and AVE can be had")
    if parameters.get("global_pooling") == "true":
        if not average:
            raise BadInput("has global MAX pooling; only AVE can be global here, or give its kernel_size")
        return {"type": "adaptive_avg_pool2d", "output_size": 1}
    return {
        "type": "avg_pool2d" if average else "max_pool2d",
        "kernel_size": _pair(parameters, "kernel_size", "kernel", None),
        "stride": _pair(parameters, "stride", "stride", 1),
        "padding": _pair(parameters, "pad", "pad", 0),
        "ceil_mode": True,
    }


def _relu(layer: Message) -> Entry:
    slope = _number(layer.inner("relu_param"), "negative_slope", 0.0)
    return {"type": "leaky_relu", "negative_slope": slope} if slope else {"type": "relu"}


def _lrn(layer: Message) -> Entry:
    parameters = layer.inner("lrn_param")
    if parameters.get("norm_region") == "WITHIN_CHANNEL":
        raise BadInput("normalises within channels; only across channels can be had")
    return {
        "type": "local_response_norm",
        "size": _integer(parameters, "local_size", 5),
        "alpha": _number(parameters, "alpha", 1.0),
        "beta": _number(parameters, "beta", 0.75),
        "k": _number(parameters, "k", 1.0),
    }


def _dropout(layer: Message) -> Entry:
    return {"type": "dropout", "p": _number(layer.inner("dropout_param"), "dropout_ratio", 0.5)}


def _power(layer: Message) -> Entry:
    parameters = layer.inner("power_param")
    if _number(parameters, "power", 1.0) != 1:
        raise BadInput("raises to a power; only scale and shift can be had")
    return {
        "type": "scale",
        "factor": _number(parameters, "scale", 1.0),
        "shift": _number(parameters, "shift", 0.0),
    }


def _scale(layer: Message) -> Entry:
    return {}


def _eltwise(layer: Message) -> Entry:
    parameters = layer.inner("eltwise_param")
    if parameters.get("operation", "SUM") not in ("SUM", "1") or set(parameters.values.get("coeff", ["1"])) - {"1"}:
        raise BadInput("combines by something else than a plain SUM, which alone can be had")
    return {"type": "add"}


def _concat(layer: Message) -> Entry:
    if layer.inner("concat_param").get("axis", "1") != "1":
        raise BadInput("joins along another axis than the channels, which alone can be had")
    return {"type": "concat"}


def _plain(kind: str) -> Callable[[Message], Entry]:
    return lambda layer: {"type": kind}


_CONVERTERS: dict[str, Callable[[Message], Entry]] = {
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "InnerProduct": _inner_product,
    "Pooling": _pooling,
    "ReLU": _relu,
    "PReLU": _plain("prelu"),
    "Sigmoid": _plain("sigmoid"),
    "TanH": _plain("tanh"),
    "LRN": _lrn,
    "Dropout": _dropout,
    "BatchNorm": _plain("batch_norm"),
    "Scale": _scale,
    "Power": _power,
    "Concat": _concat,
    "Eltwise": _eltwise,
    "Flatten": _plain("flatten"),
}
