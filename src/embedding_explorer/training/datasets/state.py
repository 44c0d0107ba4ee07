"""How far a set is, on the disk beside its records: `state.json`, replaced in one step at every commit."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.training.datasets.encoding import Encoding
from embedding_explorer.training.datasets.records import DataType, Shape

FILE = "state.json"
FEATURES, LABELS = "features", "labels"


@dataclass
class Stored:
    """One folder of records: how they are kept, and how many of them with how many bytes are committed."""

    encoding: Encoding = "none"
    dtype: DataType = "uint8"
    count: int = 0
    size: int = 0


@dataclass
class SetState:
    """One set.

    Attributes:
        plan: digest of all that decides on its records.
        total: entries to be made.
        next: those that were tried.
        done: whether it is finished; it is read only then.
        counts, errors: class index (-1 without classes) → records written, images that could not be read.
        shape: of the first record, (H, W, C).
        features, labels: what is stored; `labels` None where they are class indices.
    """

    plan: str
    total: int
    next: int = 0
    done: bool = False
    counts: Counter[int] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    shape: Shape | None = None
    features: Stored = field(default_factory=Stored)
    labels: Stored | None = None

    @property
    def entries(self) -> int:
        """Records that are committed."""
        return self.features.count

    @property
    def failed(self) -> int:
        """Images that could not be read."""
        return self.errors.total()

    def save(self, folder: Path) -> None:
        """Write the state beside the records."""
        values: dict[str, Any] = {
            **vars(self),
            "counts": sorted(self.counts.items()),
            "errors": sorted(self.errors.items()),
            "features": vars(self.features),
            "labels": self.labels and vars(self.labels),
        }
        write_atomically(folder / FILE, json.dumps(values).encode())


def load_state(folder: Path) -> SetState | None:
    """The state of the set in a folder; None where none was committed, or it is of another version of this program."""
    try:
        values = json.loads((folder / FILE).read_bytes())
        return SetState(
            **{
                **values,
                "counts": Counter(dict(values["counts"])),
                "errors": Counter(dict(values["errors"])),
                "shape": tuple(values["shape"]) if values["shape"] else None,
                "features": Stored(**values["features"]),
                "labels": Stored(**values["labels"]) if values["labels"] else None,
            }
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
