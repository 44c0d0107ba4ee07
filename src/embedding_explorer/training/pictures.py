"""What a model takes as pictures, kept beside it, so that it can be used without its dataset. No torch."""

import json
from dataclasses import asdict
from pathlib import Path

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets.bounds import Bounds
from embedding_explorer.training.datasets.reading import TrainingDataset
from embedding_explorer.training.datasets.resizing import RESIZE_MODES
from embedding_explorer.training.datasets.spec import Pictures

FILE = "pictures.json"


def write_pictures(folder: Path, pictures: Pictures) -> None:
    """Keep what pictures are resized and converted to in a model's folder."""
    write_atomically(folder / FILE, json.dumps(asdict(pictures)).encode())


def read_pictures(folder: Path) -> Pictures | None:
    """What `write_pictures` wrote; None where there is nothing, or nothing that makes sense."""
    try:
        values = json.loads((folder / FILE).read_bytes())
        found = Pictures(**values)
        sides = (found.width, found.height)
        assert found.mode in RESIZE_MODES and found.channels in (1, 3)
        assert all(type(side) is int and 1 <= side <= Bounds.max_side for side in sides)
    except (OSError, ValueError, TypeError, AssertionError):
        return None
    return found


def pictures_of_dataset(dataset: TrainingDataset) -> Pictures:
    """What the pictures of a dataset are; those of a generic one are squashed to the size of its first entry.

    Raises BadInput while that is not known.
    """
    if dataset.plan.kind == "classification":
        return Pictures(**dataset.plan.pictures)
    shapes = (state.shape for name in dataset.plan.sets if (state := dataset.state(name)) is not None)
    shape = next((each for each in shapes if each is not None), None)
    if shape is None:
        raise BadInput("The size of the dataset's pictures is not known yet. Wait until the dataset is done.")
    height, width, channels = shape
    return Pictures(width, height, 1 if channels == 1 else 3, "squash")


def pictures_of_model(folder: Path, dataset: Path | None = None) -> Pictures:
    """What a model takes: as its own folder says, else as its dataset does; raises BadInput, NotFound."""
    found = read_pictures(folder)
    if found is not None:
        return found
    if dataset is None:
        raise BadInput("The model does not say which pictures it takes. Send it again with its image settings.")
    return pictures_of_dataset(TrainingDataset(dataset))
