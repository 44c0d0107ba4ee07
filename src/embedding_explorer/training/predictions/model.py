"""A model that is loaded, with all that its answers need."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embedding_explorer.errors import BadInput, NotFound
from embedding_explorer.training.datasets.lists import stored_labels
from embedding_explorer.training.datasets.places import Places
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.models.folder import LABELS, open_model
from embedding_explorer.training.models.predictor import Predictor
from embedding_explorer.training.predictions.reading import Reader


@dataclass(frozen=True)
class Model:
    """A snapshot at work.

    Attributes:
        labels: in index order; empty where there are none.
        bytes: of its weights and statistics.
    """

    predictor: Predictor
    pictures: Pictures
    labels: list[str]
    bytes: int

    @property
    def output(self) -> str:
        """What its result is called."""
        definition = self.predictor.definition
        return "softmax" if definition.classes is not None else definition.output

    def reader(self, places: Places, max_pixels: int, resize: bool = True) -> Reader:
        """What prepares pictures for it."""
        return Reader(places, self.pictures, max_pixels, resize)

    def check_classes(self) -> None:
        """Raise BadInput for a model without classes."""
        if self.predictor.definition.classes is None or not self.labels:
            raise BadInput("This model has no labels to classify by. Use infer_one or infer_many.")


def load_model(folder: Path, epoch: float | None, pictures: Pictures, device: str) -> Model:
    """The model in a job's folder; raises BadInput for a snapshot that is not there or damaged."""
    try:
        predictor = open_model(folder, epoch, device)
    except NotFound as error:
        raise BadInput(error.message) from error
    path = folder / LABELS
    labels = stored_labels(path) if path.is_file() else []
    tensors = predictor.network.state_dict().values()
    return Model(predictor, pictures, labels, sum(each.nbytes for each in tensors))


Find = Callable[[], Model]
