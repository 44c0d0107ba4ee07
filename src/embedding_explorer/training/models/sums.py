"""Means over batches without waiting for a GPU at every batch."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class Sums:
    """Weighted sums of values; on the device until they are asked for."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = 0

    def add(self, means: Mapping[str, Tensor], count: int) -> None:
        """Add the means of a batch of so many pictures."""
        for name, mean in means.items():
            value = mean.double() * count
            self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._count += count

    def means(self) -> dict[str, float]:
        """The means over all pictures; empty where there were none."""
        return {name: value.item() / self._count for name, value in self._sums.items()}

    def to_json(self) -> dict[str, Any]:
        """Exact: doubles survive JSON."""
        return {"count": self._count, "sums": {name: value.item() for name, value in self._sums.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Sums":
        """What `to_json` gave."""
        found = cls()
        found._count = value["count"]
        found._sums = {name: torch.tensor(each, dtype=torch.float64) for name, each in value["sums"].items()}
        return found
