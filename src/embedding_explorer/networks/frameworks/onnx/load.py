"""Running ONNX models with ONNX Runtime. It is imported by the functions here: only a worker calls them."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from embedding_explorer.errors import NetworkUnusable
from embedding_explorer.networks.devices import usable_cpus
from embedding_explorer.networks.frameworks.base import Array, Files, Layer
from embedding_explorer.networks.frameworks.examine import recheck
from embedding_explorer.networks.frameworks.names import unknown_layer
from embedding_explorer.networks.frameworks.onnx.check import check, model_of
from embedding_explorer.networks.frameworks.onnx.values import INITIALIZER, values_of, with_outputs
from embedding_explorer.networks.frameworks.trial import (
    check_input_shape,
    layer_shape,
    obtainable,
    one_line,
    trial_feeds,
)
from embedding_explorer.networks.preprocessing import Preprocessing

# A session for other values than before holds the weights once more.
MAX_SESSIONS = 2
FATAL = 4
# What numpy has, by ONNX Runtime's names. Others are texts, sequences and maps, or floats that would come as raw bits.
_SAME = ("bool", "float16", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
TYPES = {"tensor(float)": "float32", "tensor(double)": "float64"} | {f"tensor({name})": name for name in _SAME}


def load(files: Files, preprocessing: Preprocessing, device: str) -> "OnnxNetwork":
    """Open a model and try it out; see `Framework.load`. It runs on the CPU whatever the device."""
    recheck(check, files)
    return OnnxNetwork(model_of(files), preprocessing, sum(path.stat().st_size for path in files.values()))


class OnnxNetwork:
    """A model and the sessions that compute its values; see `LoadedNetwork`."""

    def __init__(self, path: Path, preprocessing: Preprocessing, size: int) -> None:
        self._path, self._size = path, size
        self._sessions: OrderedDict[frozenset[str], Any] = OrderedDict()
        self._values = values_of(path)
        self._outputs: list[str] = []
        session = self._session(())
        self._outputs = [output.name for output in session.get_outputs()]
        self._inputs = _inputs(session, preprocessing)
        self.layers = self._try_out(preprocessing)
        self._known = {layer.name for layer in self.layers}

    def resolve(self, names: Sequence[str]) -> None:
        """See `LoadedNetwork.resolve`."""
        for name in names:
            self._meant(name)

    def run(self, feeds: Sequence[Array], names: Sequence[str] | None) -> list[tuple[str, Array]]:
        """See `LoadedNetwork.run`."""
        if names is None:
            names = [name for name in self._outputs if name in self._known]
        meant = [self._meant(name) for name in names]
        found = self._compute(feeds, meant)
        return [(name, found[value]) for name, value in zip(names, meant, strict=True)]

    def memory(self) -> int:
        """See `LoadedNetwork.memory`."""
        # The file is read for every session, which then has the weights in a form of its own beside what it read.
        return self._size * 2 * len(self._sessions)

    def close(self) -> None:
        """See `LoadedNetwork.close`."""
        self._sessions.clear()

    def _meant(self, name: str) -> str:
        """The value that a name stands for: itself, or without `:0`; raises UnknownLayer."""
        if name in self._known:
            return name
        if (bare := name.removesuffix(":0")) in self._known:
            return bare
        unknown_layer(name, self._known)

    def _compute(self, feeds: Sequence[Array], wanted: Collection[str], among: Iterable[str] = ()) -> dict[str, Array]:
        """Values, by a session that gives these, or all that they are `among`."""
        fed = dict(zip(self._inputs, feeds, strict=True))
        computed = sorted(set(wanted) - fed.keys())
        found = {name: np.asarray(fed[name]) for name in fed.keys() & set(wanted)}
        if computed:
            session = self._session(among or computed)
            try:
                found |= zip(computed, session.run(computed, fed), strict=True)
            except Exception as error:  # ONNX Runtime's own classes share no other base
                raise NetworkUnusable(f"The network fails: {one_line(error)}") from error
        return found

    def _session(self, wanted: Iterable[str]) -> Any:
        """A session that gives the model's own outputs and these values, kept for the next call."""
        more = frozenset(wanted) - set(self._outputs)
        if more not in self._sessions:
            while len(self._sessions) >= MAX_SESSIONS:
                self._sessions.popitem(last=False)
            self._sessions[more] = _open(self._path, sorted(more))
        self._sessions.move_to_end(more)
        return self._sessions[more]

    def _try_out(self, preprocessing: Preprocessing) -> tuple[Layer, ...]:
        """The initializers, which are there without any run, and every tensor that comes out of runs on blank images."""
        declared = obtainable(self._declared, list(self._values)) | self._declared(())
        numbers = {name: node for name, node in declared.items() if node.type in TYPES}
        fixed = [name for name in numbers if self._values.get(name) == INITIALIZER and name not in self._outputs]
        order = dict.fromkeys([*self._values, *self._outputs])
        computed = [name for name in order if name in numbers.keys() - set(fixed)]
        seen = self._seen(trial_feeds(preprocessing), computed, declared)
        self._sessions.clear()
        self._session(())
        found = [layer for name, values in seen.items() if (layer := self._layer(name, values))]
        if not any(layer.output for layer in found):
            raise NetworkUnusable("The network gives no tensor: its outputs are sequences, maps or texts.")
        return (*(_initializer(numbers[name]) for name in fixed), *found)

    def _declared(self, names: Iterable[str]) -> dict[str, Any]:
        """What the runtime knows of these values and of the final outputs; raises NetworkUnusable unless it gives all."""
        return {node.name: node for node in self._session(names).get_outputs()}

    def _seen(
        self, trials: Sequence[Sequence[Array]], computed: Sequence[str], among: Collection[str]
    ) -> dict[str, list[Any]]:
        """What is fed and computed in each trial, as far as it can be had in all."""
        for feeds in trials:  # what fails here fails for good
            self._compute(feeds, set(self._outputs).intersection(computed))
        seen: dict[str, list[Any]] = {name: [] for name in (*self._inputs, *computed)}
        for feeds in trials:
            run = obtainable(partial(self._compute, feeds, among=among), list(seen))
            seen = {name: [*values, run[name]] for name, values in seen.items() if name in run}
        return seen

    def _layer(self, name: str, seen: list[Any]) -> Layer | None:
        """None for what is no tensor of numbers: sequences, maps, texts."""
        if any(not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" for value in seen):
            return None
        kind = "Input" if name in self._inputs else self._values.get(name, INITIALIZER)
        shape = layer_shape([value.shape for value in seen])
        return Layer(name, kind, shape, seen[0].dtype.name, name in self._inputs, name in self._outputs)


def _initializer(node: Any) -> Layer:
    return Layer(node.name, INITIALIZER, tuple(node.shape), TYPES[node.type])


def _open(path: Path, more: Sequence[str]) -> Any:
    onnxruntime: Any = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL
    options.intra_op_num_threads = usable_cpus()
    # The file's bytes decide what it is: no other format, which was not screened, is guessed from them.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path.parent))
    try:
        model = path.read_bytes()
        model = with_outputs(model, more) if more else model
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise NetworkUnusable(f"ONNX Runtime cannot open the model: {one_line(error)}") from error


def _inputs(session: Any, preprocessing: Preprocessing) -> list[str]:
    """The graph's names of the inputs, in the order of the preprocessing; raises NetworkUnusable where they differ."""
    declared = {node.name: node for node in session.get_inputs()}
    names = []
    for spec in preprocessing.inputs:
        name = spec.tensor_name if spec.tensor_name in declared else spec.tensor_name.removesuffix(":0")
        if name not in declared:
            known = ", ".join(list(declared)[:20])
            raise NetworkUnusable(f"The network has no input {spec.tensor_name!r}. Its inputs: {known}.")
        if shape := declared[name].shape:  # empty for a single value, and also where the model does not say: a run will
            check_input_shape(spec, [side if isinstance(side, int) else None for side in shape])
        names.append(name)
    if missing := declared.keys() - set(names):
        raise NetworkUnusable(
            f"The network also has the inputs {', '.join(sorted(missing)[:20])}, which nothing feeds."
        )
    return names
