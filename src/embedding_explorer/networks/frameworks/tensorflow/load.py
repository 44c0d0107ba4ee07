"""Running SavedModels with TensorFlow. It is imported by the functions here: only a worker calls them."""

import os
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from embedding_explorer.errors import NetworkUnusable
from embedding_explorer.networks.devices import usable_cpus
from embedding_explorer.networks.frameworks.base import Array, Files, Layer
from embedding_explorer.networks.frameworks.examine import recheck
from embedding_explorer.networks.frameworks.names import unknown_layer
from embedding_explorer.networks.frameworks.tensorflow.check import check, model_of, variables_of
from embedding_explorer.networks.frameworks.tensorflow.graph import computable
from embedding_explorer.networks.frameworks.tensorflow.saved_model import laid_out
from embedding_explorer.networks.frameworks.trial import (
    check_input_shape,
    layer_shape,
    obtainable,
    one_line,
    trial_feeds,
)
from embedding_explorer.networks.preprocessing import Preprocessing


def load(files: Files, preprocessing: Preprocessing, device: str) -> "SavedModelNetwork":
    """Open a SavedModel and try it out; see `Framework.load`. It runs on the CPU whatever the device."""
    recheck(check, files)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf: Any = import_module("tensorflow")
    tf.config.set_visible_devices([], "GPU")
    options = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=usable_cpus(), device_count={"GPU": 0})
    session = tf.compat.v1.Session(graph=tf.Graph(), config=options)
    with laid_out(files) as (folder, meta):
        try:
            with session.graph.as_default():
                tf.compat.v1.saved_model.load(session, list(meta.meta_info_def.tags), str(folder))
        except Exception as error:  # whatever its operators raise
            raise NetworkUnusable(f"TensorFlow cannot load the model: {one_line(error)}") from error
        size = sum(files[name].stat().st_size for name in [*variables_of(files), model_of(files) or ""] if name)
        return SavedModelNetwork(session, meta, preprocessing, size)


class SavedModelNetwork:
    """A session with a graph; see `LoadedNetwork`."""

    def __init__(self, session: Any, meta: Any, preprocessing: Preprocessing, size: int) -> None:
        self._session, self._size = session, size
        signatures = [each for key, each in _serving_first(meta.signature_def) if not key.startswith("__")]
        keys = {key: info.name for each in reversed(signatures) for key, info in each.inputs.items()}
        self._fed = [self._input(spec.tensor_name, keys) for spec in preprocessing.inputs]
        for spec, tensor in zip(preprocessing.inputs, self._fed, strict=True):
            if tensor.shape.rank is not None:
                check_input_shape(spec, tensor.shape.as_list())
        fed = {tensor.name for tensor in self._fed}
        self._tensors = {
            tensor.name: tensor for tensor in computable(session.graph, fed, meta.graph_def.library.function)
        }
        outputs = [(key, info.name) for each in signatures for key, info in each.outputs.items()]
        self._outputs = list(dict.fromkeys(name for _, name in outputs if name in self._tensors))
        self._keys: dict[str, str] = {
            key: name for key, name in reversed(outputs) if name in self._tensors and not self._has(key)
        }
        self.layers = self._try_out(preprocessing, fed)
        self._known = {layer.name for layer in self.layers}

    def resolve(self, names: Sequence[str]) -> None:
        """See `LoadedNetwork.resolve`."""
        for name in names:
            self._meant(name)

    def run(self, feeds: Sequence[Array], names: Sequence[str] | None) -> list[tuple[str, Array]]:
        """See `LoadedNetwork.run`."""
        if names is None:
            names = [layer.name for layer in self.layers if layer.output]
        meant = [self._meant(name) for name in names]
        found = self._compute(feeds, list(dict.fromkeys(meant)))
        return [(name, found[value]) for name, value in zip(names, meant, strict=True)]

    def memory(self) -> int:
        """See `LoadedNetwork.memory`."""
        return self._size if self._session is not None else 0

    def close(self) -> None:
        """See `LoadedNetwork.close`."""
        if self._session is not None:
            self._session.close()
        self._session, self._tensors, self._fed = None, {}, []

    def _has(self, operation: str) -> bool:
        try:
            self._session.graph.get_operation_by_name(operation)
        except (KeyError, ValueError):
            return False
        return True

    def _input(self, name: str, keys: dict[str, str]) -> Any:
        """The tensor of an input: by its own name, that of its operation, or a signature's key for it."""
        for tried in (name, f"{name}:0", keys.get(name, "")):
            try:
                return self._session.graph.get_tensor_by_name(tried)
            except (KeyError, ValueError):
                continue
        raise NetworkUnusable(
            f"The network has no input {name!r}. Inputs of its signatures: {', '.join(list(keys)[:20])}."
        )

    def _meant(self, name: str) -> str:
        """The tensor that a name stands for; raises UnknownLayer."""
        for meant in (name, f"{name}:0", self._keys.get(name, "")):
            if meant in self._known and meant in self._tensors:
                return meant
        unknown_layer(name, self._known)

    def _compute(self, feeds: Sequence[Array], names: Sequence[str]) -> dict[str, Array]:
        try:
            fed = dict(zip(self._fed, feeds, strict=True))
            found = self._session.run([self._tensors[name] for name in names], fed)
        except Exception as error:  # whatever operators raise
            raise NetworkUnusable(f"The network fails: {one_line(error)}") from error
        return {name: _as_numbers(value) for name, value in zip(names, found, strict=True)}

    def _try_out(self, preprocessing: Preprocessing, fed: set[str]) -> tuple[Layer, ...]:
        """Every tensor that comes out of runs on blank images, and the signatures' keys for outputs."""
        trials = trial_feeds(preprocessing)
        if not self._outputs:
            raise NetworkUnusable("No output of the network's signatures can be computed from the inputs that are fed.")
        for feeds in trials:
            self._compute(feeds, self._outputs)
        names, runs = list(self._tensors), list[dict[str, Array]]()
        for feeds in trials:
            runs.append(obtainable(partial(self._compute, feeds), names))
            names = list(runs[-1])
        layers = {name: self._layer(name, [run[name] for run in runs], fed) for name in names}
        for key, name in sorted(self._keys.items()):
            if name in layers:
                layers[key] = Layer(key, "SignatureOutput", layers[name].shape, layers[name].dtype)
        return tuple(layers.values())

    def _layer(self, name: str, seen: Sequence[Array], fed: set[str]) -> Layer:
        kind = "Input" if name in fed else self._tensors[name].op.type
        return Layer(
            name,
            kind,
            layer_shape([each.shape for each in seen]),
            seen[0].dtype.name,
            name in fed,
            name in self._outputs,
        )


def _serving_first(signatures: Any) -> list[tuple[str, Any]]:
    return sorted(signatures.items(), key=lambda item: (item[0] != "serving_default", item[0]))


def _as_numbers(value: Any) -> Array:
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
