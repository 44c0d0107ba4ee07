"""The manifest: what a dataset is made of, kept as its `dataset.json`."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import Conflict
from embedding_explorer.images.tilemap import RANGE as RANGE

FORMAT = 1
FILE = "dataset.json"
ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
# What the list of datasets, and so everybody, relies on.
KINDS: Mapping[str, Any] = {
    "name": str,
    "created": str,
    "network": (Mapping, type(None)),
    "reducers": Mapping,
    "features": (Mapping, type(None)),
    "source": Mapping,
    "skipped": Sequence,
}
RESTORE = "Restore it from a backup or build the dataset again."


def now() -> str:
    """The time in UTC, ISO 8601 to the microsecond: manifests sort by it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def range_id(number: int) -> str:
    """Id of range `number`: three digits, four or more past 999."""
    return f"{number:03d}"


def ranges(total: int) -> dict[str, tuple[int, int]]:
    """Range id → (first, last) image, both inclusive, of a dataset of `total` images."""
    starts = range(0, total, RANGE)
    return {range_id(number): (first, min(first + RANGE, total) - 1) for number, first in enumerate(starts)}


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One dataset's description. N = `total` images.

    id: 32 hex digits derived from the content. network: fields of NetworkInfo, None for imported coordinates.
    reducers: reducer → its parameters. features: {"dtype", "shape": [N, D]} or None. skipped: {"file", "reason"} of
    what was passed over. source: {"kind": "upload" | "ingest" | "import" | "starter", "name"}. seconds: by stage.
    """

    id: str
    name: str
    total: int
    created: str
    network: Mapping[str, Any] | None = None
    reducers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    features: Mapping[str, Any] | None = None
    images_kept: bool = False
    skipped: Sequence[Mapping[str, str]] = ()
    source: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def new(cls, **values: Any) -> "Manifest":
        """The manifest of a dataset that is being made now."""
        return cls(created=now(), **values)

    @cached_property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """Range id → (first, last) image, both inclusive."""
        return ranges(self.total)

    def outcome(self) -> dict[str, Any]:
        """What a job that made this dataset gives as its result."""
        return {"dataset": self.id, "total": self.total, "skipped": len(self.skipped)}

    def to_json(self) -> dict[str, Any]:
        """The fields of `dataset.json`, in its order: what people look for first comes first."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        head = {name: values.pop(name) for name in ("id", "name", "created", "total")}
        bounds = {name: list(span) for name, span in self.ranges.items()}
        return {"format": FORMAT, **head, "ranges": bounds, **values, "skipped": list(self.skipped)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Manifest":
        """The inverse of `to_json`; raises Conflict for another format version, missing fields or a bad total."""
        if values.get("format") != FORMAT:
            raise Conflict(
                f"Its format version is {values.get('format')!r} and this program reads {FORMAT}. "
                "Use the version of the program that wrote it."
            )
        try:
            manifest = cls(**{f.name: values[f.name] for f in fields(cls)})
        except KeyError as error:
            raise Conflict(f"It has no field {error}. {RESTORE}") from None
        return manifest._checked()

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read a `dataset.json`; raises FileNotFoundError, or Conflict naming the file when it cannot be used."""
        try:
            values = json.loads(path.read_bytes())
            if not isinstance(values, dict):
                raise Conflict(f"It holds no JSON object. {RESTORE}")
            return cls.from_json(values)
        except ValueError:
            raise Conflict(f"{path} is no JSON. {RESTORE}", path=str(path)) from None
        except Conflict as error:
            raise Conflict(f"{path} cannot be used. {error.message}", path=str(path)) from None

    def write(self, path: Path) -> None:
        """Write a `dataset.json` in one step, on the disk when this returns."""
        write_atomically(path, render(self.to_json()).encode())

    def _checked(self) -> "Manifest":
        if not isinstance(self.id, str) or not ID.fullmatch(self.id):
            raise Conflict(f"Its id {self.id!r} is not 32 hex digits.")
        for name, kind in KINDS.items():
            if not isinstance(getattr(self, name), kind):
                raise Conflict(f"Its {name} is {getattr(self, name)!r:.40}, which it cannot be.")
        if type(self.total) is not int or self.total < 1:
            raise Conflict(f"Its total {self.total!r} is no number of images.")
        return self


def render(values: Mapping[str, Any]) -> str:
    """JSON with one line for each field and each of its items, so that a person can read 200 ranges."""
    lines = (f"  {json.dumps(name)}: {_block(value)}" for name, value in values.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _block(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return "{\n" + ",\n".join(f"    {json.dumps(k)}: {_line(v)}" for k, v in value.items()) + "\n  }"
    if isinstance(value, (list, tuple)) and value:
        return "[\n" + ",\n".join(f"    {_line(v)}" for v in value) + "\n  ]"
    return _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
