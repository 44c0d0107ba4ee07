"""A loaded network of PyTorch of any format: naming its layers, and giving them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from embedding_explorer.errors import NetworkUnusable
from embedding_explorer.networks.frameworks.base import Array, Layer
from embedding_explorer.networks.frameworks.names import unknown_layer
from embedding_explorer.networks.frameworks.pytorch.arguments import assign
from embedding_explorer.networks.frameworks.pytorch.program import Program, Run
from embedding_explorer.networks.frameworks.pytorch.tensors import (
    ALWAYS_FINAL,
    FINAL,
    module_of,
    named,
    occurrence,
    to_array,
)
from embedding_explorer.networks.frameworks.trial import layer_shape, one_line, trial_feeds
from embedding_explorer.networks.preprocessing import Preprocessing

_NUMBERS = "biuf"


class TorchNetwork:
    """A program that was tried out; see `LoadedNetwork`."""

    def __init__(
        self, program: Program, preprocessing: Preprocessing, device: str, dtype: torch.dtype | None = None
    ) -> None:
        """`dtype`: what inputs are turned into; None leaves them as the preprocessing makes them."""
        self._program, self._device, self._dtype = program, torch.device(device), dtype
        self._arguments = assign([spec.tensor_name for spec in preprocessing.inputs], program.arguments)
        # A module may have the name of the final result; then that has only its other one.
        self._final = ALWAYS_FINAL if FINAL in program.kinds else FINAL
        self.layers = self._try_out(preprocessing)
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
        paths = {path for name in meant if (path := module_of(name, self._program.kinds)) is not None}
        found = self._named(self._compute(feeds, paths))
        if missing := set(meant) - found.keys():
            raise NetworkUnusable(f"The network did not compute {min(missing)[:200]!r} for this image.")
        arrays = {name: to_array(found[name]) for name in set(meant)}
        return [(name, arrays[value]) for name, value in zip(names, meant, strict=True)]

    def memory(self) -> int:
        """See `LoadedNetwork.memory`."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self._program.tensors())

    def close(self) -> None:
        """See `LoadedNetwork.close`."""
        self._program.close()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _meant(self, name: str) -> str:
        """The layer that a name stands for; raises UnknownLayer."""
        final = name.removeprefix(ALWAYS_FINAL)
        plain = self._final + final if final != name and final[:1] in ("", ":") else name
        for meant in (plain, plain.removesuffix(":0")):
            if meant in self._known:
                return meant
        unknown_layer(name, self._known)

    def _compute(self, feeds: Sequence[Array], wanted: set[str] | None) -> Run:
        try:
            with torch.no_grad():
                fed = {name: self._tensor(feed) for name, feed in zip(self._arguments, feeds, strict=True)}
                return self._program.compute(fed, wanted)
        except Exception as error:  # whatever operators raise
            raise NetworkUnusable(f"The network fails: {_reason(error)}") from error

    def _tensor(self, feed: Array) -> torch.Tensor:
        # A copy: operators that work in place must not change what the caller has, and some arrays are read-only.
        return torch.from_numpy(np.array(feed)).to(self._device, self._dtype)

    def _named(self, run: Run) -> dict[str, torch.Tensor]:
        """All tensors of a run by name, in the order in which they were computed."""
        counts, found = Counter[str](), dict[str, torch.Tensor]()
        for path, value in run.seen:
            for name, tensor in named(occurrence(path, counts[path]), value):
                found.setdefault(name, tensor)
            counts[path] += 1
        return found | dict(named(self._final, run.final))

    def _try_out(self, preprocessing: Preprocessing) -> tuple[Layer, ...]:
        """Every tensor that comes out of runs on blank images."""
        runs = [self._described(self._compute(feeds, None)) for feeds in trial_feeds(preprocessing)]
        layers = [self._layer(name, [run.get(name) for run in runs]) for name in runs[0]]
        found = tuple(layer for layer in layers if layer)
        if not any(layer.output for layer in found):
            raise NetworkUnusable("The network gives no tensor.")
        return found

    def _described(self, run: Run) -> dict[str, tuple[tuple[int, ...], np.dtype[np.generic]]]:
        arrays = {name: to_array(tensor) for name, tensor in self._named(run).items()}
        return {name: (array.shape, array.dtype) for name, array in arrays.items()}

    def _layer(self, name: str, seen: Sequence[tuple[tuple[int, ...], np.dtype[np.generic]] | None]) -> Layer | None:
        """None for what is no array of numbers."""
        there = [each for each in seen if each is not None]
        dtype = there[0][1]
        if dtype.kind not in _NUMBERS:
            return None
        shape = layer_shape([shape for shape, _ in there]) if len(there) == len(seen) else None
        path = module_of(name, self._program.kinds)
        kind = "Output" if path is None else self._program.kinds[path]
        return Layer(name, kind, shape, dtype.name, output=path is None)


def _reason(error: Exception) -> str:
    """What an operator said; the interpreter of TorchScript puts the code around it in front."""
    text = one_line(error, 100_000)
    return text.rpartition("RuntimeError: ")[2][:400] or one_line(error)
