"""Which maps were made of a model's snapshots: one file for each series, in `<data>/series/<model id>/`.

A series stays after its model, as the datasets do. What of it was deleted since is left out.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.datasets.manifest import now
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.training.figures import whole

log = logging.getLogger(__name__)
FOLDER = "series"


@dataclass(frozen=True)
class Series:
    """Maps of the same pictures through snapshots of one model, by epoch.

    Attributes:
        id: 16 hex digits, derived from all that follows but the maps.
        model, dataset: ids of the training jobs.
        set: "train", "val", "test" or "all".
        limit: most pictures.
        layer: as it was asked for; None for the default.
        epochs: those that were asked for, ascending.
        recipe: what else decides on the numbers; JSON values.
        maps: epoch and dataset of each map that is there, in order.
    """

    model: str
    dataset: str
    set: str
    limit: int
    layer: str | None
    pooling: str | None
    epochs: tuple[float, ...]
    recipe: Sequence[Any] = ()
    maps: tuple[tuple[float, str], ...] = ()
    created: str = field(default_factory=now)

    @property
    def id(self) -> str:
        """See the class."""
        parts = [self.model, self.dataset, self.set, self.limit, self.layer, self.pooling, self.epochs, self.recipe]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    @property
    def complete(self) -> bool:
        """Whether every map that was asked for is there."""
        return len(self.maps) == len(self.epochs)

    def with_map(self, epoch: float, dataset: str) -> "Series":
        """With one map more."""
        return replace(self, maps=(*self.maps, (epoch, dataset)))

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "model": self.model,
            "dataset": self.dataset,
            "set": self.set,
            "limit": self.limit,
            "layer": self.layer,
            "pooling": self.pooling,
            "created": self.created,
            "complete": self.complete,
            "epochs": [whole(epoch) for epoch in self.epochs],
            "maps": [{"epoch": whole(epoch), "dataset": dataset} for epoch, dataset in self.maps],
        }

    def save(self, data: Path) -> None:
        """Write it, in place of what was known of it before."""
        path = data / FOLDER / self.model / f"{self.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(self)).encode())


def series_of(model: str, store: DatasetStore) -> list[Series]:
    """The series of a model whose datasets are there, the newest first."""
    found = [read_series(path) for path in (store.data / FOLDER / model).glob("*.json")]
    present = (replace(each, maps=tuple(entry for entry in each.maps if entry[1] in store)) for each in found if each)
    return sorted((each for each in present if each.maps), key=lambda each: each.created, reverse=True)


def read_series(path: Path) -> Series | None:
    """The series in a file; None for a damaged one, as it can be made again."""
    try:
        values = json.loads(path.read_bytes())
        maps = tuple((float(epoch), str(dataset)) for epoch, dataset in values["maps"])
        return Series(**{**values, "maps": maps, "epochs": tuple(values["epochs"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("%s is left out: %s", path, error)
        return None
