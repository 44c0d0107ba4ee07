"""The mean of the training images, and the sum from which it comes (contract, 4.6)."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.training.datasets.encoding import JPEG_QUALITY, as_picture, is_picture

ARRAY, PICTURE = "mean.npy", "mean.jpg"


class Sum:
    """Exact sums of 8-bit images, (H, W, C) uint64. On the disk there is one for each commit that counts."""

    def __init__(self, values: NDArray[np.uint64] | None = None) -> None:
        self.values = values

    def add(self, total: NDArray[np.uint64]) -> None:
        """Add the sum of some images."""
        self.values = total if self.values is None else self.values + total

    def save(self, folder: Path, count: int) -> None:
        """Keep what the first `count` images of a set sum up to."""
        if self.values is not None:
            write_atomically(self.path(folder, count), _npy(self.values))

    @classmethod
    def load(cls, folder: Path, count: int) -> "Sum":
        """What was kept for the first `count` images."""
        return cls(np.load(cls.path(folder, count), allow_pickle=False) if count else None)

    @classmethod
    def drop_others(cls, folder: Path, count: int) -> None:
        """Delete the sums of earlier commits."""
        for path in folder.glob("sum-*.npy"):
            if path != cls.path(folder, count):
                path.unlink()

    @staticmethod
    def path(folder: Path, count: int) -> Path:
        """Where the sum of the first `count` images is."""
        return folder / f"sum-{count}.npy"


def mean_of(total: NDArray[np.uint64], count: int) -> NDArray[np.uint8]:
    """The mean of `count` images that sum up to `total`, rounded to 8 bits, halves up."""
    return ((2 * total + np.uint64(count)) // np.uint64(2 * count)).astype(np.uint8)


def write_mean(folder: Path, mean: NDArray[np.uint8]) -> None:
    """Write `mean.npy`, (H, W, C) uint8, and where it has 1 or 3 channels `mean.jpg`."""
    write_atomically(folder / ARRAY, _npy(mean))
    if is_picture(mean):
        buffer = BytesIO()
        as_picture(mean).save(buffer, "JPEG", quality=JPEG_QUALITY)
        write_atomically(folder / PICTURE, buffer.getvalue())


def load_mean(folder: Path) -> NDArray[np.uint8] | None:
    """What `write_mean` wrote; None where there is none."""
    try:
        mean: NDArray[np.uint8] = np.load(folder / ARRAY, allow_pickle=False)
    except FileNotFoundError:
        return None
    return mean


def _npy(values: NDArray[np.generic]) -> bytes:
    buffer = BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
