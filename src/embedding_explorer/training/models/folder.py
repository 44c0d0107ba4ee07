"""The files of a model in its job's folder: written once before the training, read by inference and later trainings.

network.json    the network, fitted to the data (contract, 11.4)
solver.json     the training options, with the seed that was drawn
mean.npy        mean image, uint8 (H, W, C), where one is subtracted
labels.txt      one label per line, classifications only
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import BadInput, NotFound
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.figures import whole
from embedding_explorer.training.models.plan import Plan
from embedding_explorer.training.models.predictor import Predictor
from embedding_explorer.training.options import Options, options_from_text
from embedding_explorer.training.snapshots import list_snapshots

NETWORK, SOLVER, MEAN, LABELS = "network.json", "solver.json", "mean.npy", "labels.txt"


def write_model(folder: Path, plan: Plan, labels: list[str] | None) -> None:
    """Write the files of a training that is about to begin; the same again when it is resumed."""
    _write_text(folder / NETWORK, json.dumps(plan.definition.to_json(), indent=1) + "\n")
    _write_text(folder / SOLVER, json.dumps(plan.options.to_json(), indent=1, sort_keys=True) + "\n")
    if plan.mean is not None:
        np.save(folder / MEAN, plan.mean, allow_pickle=False)
    if labels is not None:
        _write_text(folder / LABELS, "".join(f"{label}\n" for label in labels))


def _write_text(path: Path, text: str) -> None:
    """Whole or not at all: without the seed in its options a training cannot be resumed."""
    write_atomically(path, text.encode())


def read_model(folder: Path) -> tuple[Definition, Options, NDArray[np.uint8] | None]:
    """Network, options and mean image of a model; raises BadInput where a file is missing or damaged.

    The options have the seed that was drawn, so a training resumed with them is the same one.
    """
    try:
        options = options_from_text((folder / SOLVER).read_text())
        text = (folder / NETWORK).read_text()
        mean = np.load(folder / MEAN, allow_pickle=False) if (folder / MEAN).exists() else None
    except (OSError, ValueError, EOFError) as error:
        raise BadInput(f"The files of the model in {folder.name} cannot be read; train it anew. ({error})") from error
    return read_definition(text, classification=_has_classes(text)), options, mean


def _has_classes(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return True  # whoever reads it next says what is wrong with it
    return isinstance(value, dict) and value.get("classes") is not None


def open_model(folder: Path, epoch: float | None = None, device: str = "cpu") -> Predictor:
    """A trained network, ready for inference.

    Args:
        folder: of the job.
        epoch: of the snapshot; None or -1 for the last one.
        device: "cpu" or "cuda".

    Raises:
        NotFound: there is no snapshot, or none of that epoch; the message lists those that are there.
        BadInput: a file is damaged.
    """
    snapshots = list_snapshots(folder)
    if not snapshots:
        raise NotFound("The model has no snapshot yet; wait for the first one.")
    wanted = max(snapshots) if epoch is None or epoch == -1 else epoch
    if wanted not in snapshots:
        known = ", ".join(f"{whole(each)}" for each in snapshots)
        raise NotFound(f"There is no snapshot of epoch {whole(wanted)}; there are {known[:500]}.")
    definition, options, mean = read_model(folder)
    return Predictor(definition, options, mean, snapshots[wanted], device)
