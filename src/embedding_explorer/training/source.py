"""What the training needs to know of a dataset, wherever it is stored."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Pixels = NDArray[np.uint8]


class Source(Protocol):
    """Pictures of one size with their targets. `batch` is called from several threads at once."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of every picture."""

    @property
    def labels(self) -> list[str] | None:
        """The classes in index order; None where targets are numbers (generic datasets)."""

    def __len__(self) -> int: ...

    def batch(self, indices: Indices) -> tuple[Pixels, NDArray[Any]]:
        """Pictures uint8 (B, H, W, C), and targets: int64 (B,) classes, or float32 (B, K) or (B, …) of generic datasets."""
