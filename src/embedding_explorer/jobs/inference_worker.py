"""The process that runs registered networks, apart from the worker of jobs: what a network does ends nothing but this.

    python -m embedding_explorer.jobs.inference_worker

Started by the first task of the networks API. It is given paths and gives paths: pictures, layers and results are files.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embedding_explorer.jobs import inside
from embedding_explorer.jobs.bounded import MEMORY
from embedding_explorer.jobs.tensors import write_tensors
from embedding_explorer.jobs.worker import work
from embedding_explorer.networks.base import Pooling
from embedding_explorer.networks.frameworks.base import LoadedNetwork
from embedding_explorer.networks.preprocessing import Constants, Preprocessing, Region, prepare
from embedding_explorer.networks.registered.extraction import first_of, pooled
from embedding_explorer.networks.registered.loading import is_there, load_network
from embedding_explorer.settings import Settings

Report = Callable[[str, int, int], None]


@dataclass
class Warm:
    """A network that is loaded, with all that its inputs need; `bytes` is what it held after its last use."""

    network: LoadedNetwork
    preprocessing: Preprocessing
    constants: Constants
    bytes: int = 0


class InferenceContext:
    """The networks that stay loaded, the least recently used going first."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._warm: OrderedDict[str, Warm] = OrderedDict()

    def warm_up(self) -> dict[str, Any]:
        """Nothing is loaded before it is asked for."""
        inside.bound_memory(self.settings.inference_memory)
        return {}

    def network(self, where: str) -> Warm:
        """The network in that folder, or the public one of that slug; raises what loading raises."""
        if where not in self._warm:
            self._forget_deleted()
            self._make_room(self.settings.inference_warm_bytes)
            loaded, preprocessing, constants = load_network(where, self.settings)
            self._warm[where] = Warm(loaded, preprocessing, constants)
        self._warm.move_to_end(where)
        return self._warm[where]

    def trim(self) -> None:
        """Let go of what is over the bound, the network just used included if it alone is."""
        used = next(reversed(self._warm.values()))
        used.bytes = used.network.memory()
        self._make_room(self.settings.inference_warm_bytes)

    def _make_room(self, most: int) -> None:
        while self._warm and sum(warm.bytes for warm in self._warm.values()) > most:
            self._warm.popitem(last=False)[1].network.close()

    def _forget_deleted(self) -> None:
        for where in [where for where in self._warm if not is_there(where)]:
            self._warm.pop(where).network.close()


def deploy(context: InferenceContext, report: Report, *, network: str, layers: str) -> None:
    """Load a network and write what layers it has to the new file `layers`."""
    with one_line_errors():
        Path(layers).unlink(missing_ok=True)
        found = [asdict(layer) for layer in context.network(network).network.layers]
        Path(layers).write_text(json.dumps(found))
        context.trim()


def infer(
    context: InferenceContext,
    report: Report,
    *,
    network: str,
    inputs: list[dict[str, Any]],
    names: list[str] | None,
    result: str,
) -> None:
    """Run a network on pictures, one for each of its inputs, and write the tensors of `names` to the file `result`."""
    with one_line_errors():
        warm, settings = context.network(network), context.settings
        feeds = [
            prepare(Path(given["file"]).read_bytes(), spec, region_of(given), mean, std, settings.max_image_pixels)
            for given, spec, (mean, std) in zip(inputs, warm.preprocessing.inputs, warm.constants, strict=True)
        ]
        Path(result).unlink(missing_ok=True)
        write_tensors(Path(result), warm.network.run(feeds, names), settings.max_result_bytes)
        context.trim()


def features(
    context: InferenceContext,
    report: Report,
    *,
    network: str,
    layer: str | None,
    pooling: Pooling,
    batch: str,
    result: str,
) -> str:
    """Write the features of a batch of prepared images to the file `result`; the name of the layer that they come from."""
    with one_line_errors():
        warm, values = context.network(network), np.load(batch)
        name, tensor = first_of(warm.network.run([values], None if layer is None else [layer]))
        np.save(result, pooled(tensor, len(values), warm.preprocessing.inputs[0].axes, pooling))
        context.trim()
        return name


def region_of(given: dict[str, Any]) -> Region:
    """The region of a picture, from JSON."""
    polygon = given["polygon"] and tuple((x, y) for x, y in given["polygon"])
    bbox = given["bbox"] and tuple(given["bbox"])
    return Region(bbox, polygon, given["crop_uniform_background"])


def one_line_errors() -> AbstractContextManager[None]:
    """Whatever a network or its framework raises becomes one sentence for the user who registered it."""
    return inside.one_line_errors(MEMORY, "registered network")


def main() -> None:
    """Work with the real frameworks."""
    work(InferenceContext, {"deploy": deploy, "infer": infer, "features": features})


if __name__ == "__main__":
    main()
