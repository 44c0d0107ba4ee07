"""What a dataset will consist of, kept in its folder from the start, and what its parsing found (contract, 4.7, 4.8)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import NotFound
from embedding_explorer.training.datasets.spec import ClassificationSpec, Folders, GenericSpec, Gradients, Texts
from embedding_explorer.training.datasets.splits import SETS, Shares

FILE, PARSED = "plan.json", "parsed.json"
MEAN, LABELS = "mean.npy", "labels.txt"


@dataclass(frozen=True)
class Plan:
    """Tasks and options of a dataset.

    Attributes:
        kind: "classification" or "generic".
        extension: of a generic dataset, else empty.
        parse: names of the tasks that parse folders, in order.
        sets: those of `SETS` that it will have, in order.
        pictures: width, height, channels, mode; empty for generic ones.
        storage: encoding, backend, compression.
    """

    kind: str
    extension: str
    parse: tuple[str, ...]
    sets: tuple[str, ...]
    pictures: Mapping[str, Any]
    storage: Mapping[str, Any]

    def save(self, folder: Path) -> None:
        """Write the plan into a dataset's folder."""
        write_atomically(folder / FILE, json.dumps(asdict(self)).encode())


def load_plan(folder: Path) -> Plan:
    """The plan in a dataset's folder; raises NotFound."""
    try:
        values = json.loads((folder / FILE).read_bytes())
    except OSError as error:
        raise NotFound(f"There is no dataset in {folder.name}; create it anew.") from error
    return Plan(**{**values, "parse": tuple(values["parse"]), "sets": tuple(values["sets"])})


def plan_classification(spec: ClassificationSpec) -> Plan:
    """What a classification dataset will consist of."""
    source = spec.source
    if isinstance(source, Texts):
        given = (source.train, source.val, source.test)
        parse, sets = [], {name for name, each in zip(SETS, given, strict=True) if each}
    else:
        parse, sets = [parse_name(source.shares)], set(source.shares.sets)
        if isinstance(source, Folders):
            own = {"val": source.val, "test": source.test}
            parse += [parse_name(own_shares(name)) for name, each in own.items() if each]
            sets |= {name for name, each in own.items() if each}
    ordered = tuple(name for name in SETS if name in sets)
    return Plan("classification", "", tuple(parse), ordered, asdict(spec.pictures), asdict(spec.storage))


def plan_generic(spec: GenericSpec) -> Plan:
    """What a generic dataset will consist of, as far as the form says: pairs may leave a set of it empty."""
    storage = {"encoding": spec.options.feature_encoding, "backend": "lmdb", "compression": "none"}
    source = spec.source
    counts = (source.train, source.val, source.test) if isinstance(source, Gradients) else (1, 1, 0)
    sets = tuple(name for name, count in zip(SETS, counts, strict=True) if count)
    return Plan("generic", spec.extension, (), sets, {}, storage)


def own_shares(name: str) -> Shares:
    """All to one set, "val" or "test"."""
    return Shares(val=100) if name == "val" else Shares(test=100)


def parse_name(shares: Shares) -> str:
    """The name of the task that parses a folder."""
    return f"Parse Folder ({'/'.join(shares.sets)})"


def create_name(name: str) -> str:
    """The name of the task that writes a set of a classification dataset."""
    return f"Create DB ({name})"


def set_folder(folder: Path, name: str) -> Path:
    """Where a set of a dataset is."""
    return folder / f"{name}_db"


def load_parsed(folder: Path) -> list[dict[str, Any]]:
    """What the tasks that parsed folders found, those that are finished."""
    try:
        found: list[dict[str, Any]] = json.loads((folder / PARSED).read_bytes())
    except FileNotFoundError:
        return []
    return found


def save_parsed(folder: Path, parsed: list[dict[str, Any]]) -> None:
    """Keep what tasks found."""
    write_atomically(folder / PARSED, json.dumps(parsed).encode())
