"""One column of a map: a value for each image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

# The code of an image that has no value in a column of categories, so that the others fit in 16 bits beside it.
NONE = 0xFFFF
MOST_VALUES = NONE - 1

Codes = NDArray[np.uint16]
Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Column:
    """One column of N images.

    values: (N,) uint16 codes, `NONE` for no value; or float32 numbers, NaN where unknown. names: the value of each code.
    about: what else the map says of it, JSON values. lasting: whether the dataset will have these values for ever.
    """

    name: str
    title: str
    values: Codes | Numbers
    names: Sequence[str] = ()
    about: dict[str, Any] = field(default_factory=dict)
    lasting: bool = True

    @property
    def kind(self) -> Literal["category", "number"]:
        """Whether values stand for names or are numbers."""
        return "category" if self.values.dtype == np.uint16 else "number"

    def value(self, index: int) -> str | float | None:
        """The value of one image, None where it has none."""
        value = self.values[index]
        if self.kind == "category":
            return None if value == NONE else self.names[int(value)]
        return float(value) if np.isfinite(value) else None

    def to_json(self) -> dict[str, Any]:
        """What the map says of it, but for its address."""
        head = {"name": self.name, "title": self.title, "kind": self.kind}
        if self.kind == "category":
            counts = np.bincount(self.values, minlength=NONE + 1)
            listed = {"values": list(self.names), "counts": counts[: len(self.names)].tolist()}
            return {**head, "type": "u16", **listed, "none": int(counts[NONE]), **self.about}
        known = self.values[np.isfinite(self.values)]
        return {**head, "type": "f32", "range": [float(known.min()), float(known.max())], **self.about}
