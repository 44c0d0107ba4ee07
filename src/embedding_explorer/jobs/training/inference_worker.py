"""The process in which trained models look at pictures, apart from the one that trains.

    python -m embedding_explorer.jobs.training.inference_worker

Started by the first request. It is given paths, and writes each answer as JSON to a file: answers for thousands of
pictures go through no pipe. Models stay loaded, the least recently used going first.
"""

import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedding_explorer.errors import ExplorerError
from embedding_explorer.jobs.inside import OUT_OF_MEMORY, bound_memory, one_line_errors
from embedding_explorer.jobs.worker import work
from embedding_explorer.networks.devices import cuda_available
from embedding_explorer.settings import GiB, Settings
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.spec import Pictures

if TYPE_CHECKING:
    from embedding_explorer.training.predictions.model import Model

log = logging.getLogger(__name__)
Report = Callable[[str, int, int], None]
MEMORY = "EXPLORER_PREDICTION_MEMORY"
WARM_BYTES = GiB  # of models that stay loaded
Key = tuple[str, str, int, int, str]


class PredictionContext:
    """The models that stay loaded."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._warm: OrderedDict[Key, Model] = OrderedDict()

    def warm_up(self) -> dict[str, Any]:
        """Load torch, whose seconds are then no request's; models are loaded when they are asked for."""
        import_module("embedding_explorer.training.predictions.answering")
        bound_memory(self.settings.prediction_memory)
        return {}

    def model(self, given: dict[str, Any], device: str) -> "Model":
        """The model that a request names: `folder`, `epoch`, `pictures`; raises BadInput."""
        from embedding_explorer.training.predictions.model import load_model

        folder, pictures = Path(given["folder"]), Pictures(**given["pictures"])
        key = _key(folder, given["epoch"], pictures, device)
        if key not in self._warm:
            self._forget_deleted()
            self._warm[key] = load_model(folder, given["epoch"], pictures, device)
        self._warm.move_to_end(key)
        while len(self._warm) > 1 and sum(model.bytes for model in self._warm.values()) > WARM_BYTES:
            self._warm.popitem(last=False)
        return self._warm[key]

    def forget(self, device: str) -> None:
        """Let go of all models on a device."""
        for key in [key for key in self._warm if key[-1] == device]:
            del self._warm[key]

    def _forget_deleted(self) -> None:
        for key in [key for key in self._warm if not Path(key[0]).is_dir()]:
            del self._warm[key]


def _key(folder: Path, epoch: float | None, pictures: Pictures, device: str) -> Key:
    """What tells a loaded snapshot from another, also from one of the same name that a later training wrote."""
    from embedding_explorer.training.snapshot_files import list_snapshots

    snapshots = list_snapshots(folder) if folder.is_dir() else {}
    path = snapshots.get(max(snapshots, default=0.0) if epoch is None or epoch == -1 else epoch, folder)
    state = path.stat() if path.exists() else None
    return (str(folder), f"{path.name} {pictures}", *((state.st_mtime_ns, state.st_size) if state else (0, 0)), device)


def predict(
    context: PredictionContext,
    report: Report,
    *,
    kind: str,
    model: dict[str, Any],
    places: dict[str, Any],
    device: str,
    result: str,
    **wanted: Any,
) -> None:
    """Write an answer of `kind` (see `predictions.answering.KINDS`) to the new file `result`.

    Args:
        model: `folder`, `epoch` and `pictures` of it.
        places: `roots`, `urls`, `private` for what images the request may name.
        device: "auto" or "cpu".
        wanted: what that kind of answer takes.
    """
    from embedding_explorer.training.predictions.answering import KINDS, Request

    allowed = Places(map(Path, places["roots"]), urls=places["urls"], private=places["private"])
    settings = context.settings
    request = Request(allowed, settings.max_image_pixels, settings.max_result_bytes, Path(result))

    def answer(on: str) -> None:
        KINDS[kind](context.model(model, on), request, **wanted)

    with sentences():
        _somewhere(context, _device(settings, device), answer)


def _somewhere(context: PredictionContext, device: str, answer: Callable[[str], None]) -> None:
    """Work on that device; where it is a GPU without room, which a training may have taken, on the processor."""
    try:
        answer(device)
    except (RuntimeError, ExplorerError) as error:
        if device == "cpu" or not OUT_OF_MEMORY.search(str(error)):
            raise
        log.warning("the GPU has no room (%s); this answer comes from the processor", error)
        context.forget(device)
        answer("cpu")


def _device(settings: Settings, wanted: str) -> str:
    if wanted == "cpu" or settings.device == "cpu":
        return "cpu"
    return "cuda" if settings.device == "cuda" or cuda_available() else "cpu"


def describe(context: PredictionContext, report: Report, *, definition: dict[str, Any]) -> Any:
    """Layers and parameters of a network, given as `Definition.to_json` does."""
    import json

    from embedding_explorer.training.definitions.reading import read_definition
    from embedding_explorer.training.models.describing import describe as described

    with sentences():
        read = read_definition(json.dumps(definition), classification=definition.get("classes") is not None)
        return described(read, context.settings.max_network_parameters)


def import_model(context: PredictionContext, report: Report, **given: Any) -> Any:
    """Check and convert the files of a model that came from outside; see `models.importing.import_model`."""
    from embedding_explorer.training.models.importing import Incoming, import_model

    with sentences():
        incoming = Incoming.from_json({**given, "max_parameters": context.settings.max_network_parameters})
        return import_model(incoming).to_json()


def sentences() -> AbstractContextManager[None]:
    """Whatever a network or torch raises becomes one sentence."""
    return one_line_errors(MEMORY, "trained model", (ExplorerError, OSError))


def main() -> None:
    """Work with torch."""
    # Waiting threads of OpenMP would otherwise take the processor from the training beside this.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    work(PredictionContext, {"predict": predict, "describe": describe, "import_model": import_model})


if __name__ == "__main__":
    main()
