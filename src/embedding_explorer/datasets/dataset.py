"""One dataset, read: arrays memory-mapped, the table of its images loaded when first asked for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.images_table import ImagesTable, read_images
from embedding_explorer.datasets.manifest import Manifest, range_id
from embedding_explorer.errors import (
    Conflict,
    DatasetNotFound,
    ImageNotFound,
    NoFeatures,
    RangeNotFound,
    UnknownReducer,
)
from embedding_explorer.images.tilemap import RANGE

IMAGES, FEATURES, TILEMAPS, REDUCTIONS, ORIGINALS = "images.csv", "features.npy", "tilemaps", "reductions", "images"
COMPONENTS = "pca.npz"  # in the folder of the reductions
# Folder of the data folder below which each kind of derived thing has a folder for each dataset, named by its id.
DERIVED = "cache"
# First bytes of a picture → end of its file name; a name that a user gave is never looked at.
SIGNATURES = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"RIFF": ".webp",
    b"II": ".tif",
    b"MM": ".tif",
}
SUFFIXES = (*dict.fromkeys(SIGNATURES.values()), "")
NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def tilemap_path(folder: Path, range_name: str) -> Path:
    """Where a dataset's folder keeps the tilemap of a range."""
    return folder / TILEMAPS / f"tilemap-{range_name}.jpg"


def reduction_path(folder: Path, reducer: str) -> Path:
    """Where a dataset's folder keeps a reduction."""
    return folder / REDUCTIONS / f"{reducer}.npy"


def image_path(folder: Path, range_name: str, position: int, data: bytes) -> Path:
    """Where a dataset's folder keeps the original `data` of the image at that position of a range."""
    suffix = next((suffix for start, suffix in SIGNATURES.items() if data.startswith(start)), "")
    return folder / ORIGINALS / range_name / f"{position:03d}{suffix}"


class Dataset:
    """A finished dataset of N images with features of dimension D. Immutable but for its name."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self.manifest, self.folder = manifest, folder
        self._mapped: dict[str, NDArray[Any]] = {}

    @property
    def id(self) -> str:
        """32 hex digits."""
        return self.manifest.id

    @property
    def total(self) -> int:
        """N, the number of images."""
        return self.manifest.total

    @property
    def reducers(self) -> list[str]:
        """Names of its reductions."""
        return sorted(self.manifest.reducers)

    def derived(self, what: str) -> Path:
        """Folder of what was made of this dataset later and can be made again: it goes with the dataset."""
        return self.folder.parent.parent / DERIVED / what / self.id

    @cached_property
    def images(self) -> ImagesTable:
        """File, size, label, range and position of each image; raises Conflict when the table is damaged."""
        try:
            return read_images(self.folder / IMAGES, self.total)
        except FileNotFoundError:
            raise self._missing(IMAGES) from None

    def reduction(self, reducer: str) -> NDArray[np.float32]:
        """Coordinates (N, 3) float32, memory-mapped; raises UnknownReducer."""
        if reducer not in self.manifest.reducers:
            available = ", ".join(self.reducers)
            raise UnknownReducer(f"Invalid reducing method. Available: {available}", available=self.reducers)
        points = self._map(str(reduction_path(Path(), reducer)), (self.total, 3))
        if points.dtype != np.float32:
            raise self._damaged(f"the coordinates of {reducer} are {points.dtype} instead of float32")
        return points

    def features(self) -> NDArray[np.floating]:
        """Features (N, D), float16 or float32, memory-mapped; raises NoFeatures."""
        described = self.manifest.features
        if described is None:
            raise NoFeatures(
                f"The dataset {self.manifest.name!r} has no features, only coordinates made elsewhere. "
                "Build it from its pictures to search it.",
                dataset=self.id,
            )
        return self._map(FEATURES, tuple(described["shape"]))

    def tilemap_path(self, range_name: str) -> Path:
        """The JPEG of a range; raises RangeNotFound."""
        if range_name not in self.manifest.ranges:
            raise self._no_range(f"There is no range {range_name[:20]!r}.")
        return tilemap_path(self.folder, range_name)

    def slice(self, start: int | str, end: int | str) -> tuple[int, int, list[str]]:
        """Ranges `start` to `end`, inclusive, as (first image, last image + 1, range ids); raises RangeNotFound."""
        first, last = self._range_number(start), self._range_number(end)
        if first > last:
            raise self._no_range(f"The first range, {first}, comes after the last, {last}.")
        names = [range_id(number) for number in range(first, last + 1)]
        return first * RANGE, min((last + 1) * RANGE, self.total), names

    def image(self, index: int) -> Path | None:
        """The original of an image, None where originals were not kept; raises ImageNotFound."""
        self.check_index(index)
        if not self.manifest.images_kept:
            return None
        stem = self.folder / ORIGINALS / range_id(index // RANGE) / f"{index % RANGE:03d}"
        candidates = (stem.with_suffix(suffix) for suffix in SUFFIXES)
        return next((path for path in candidates if path.exists()), None)

    @contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """While a picture file `name` is read: raises DatasetNotFound when all is gone, Conflict when it is damaged."""
        try:
            yield
        except FileNotFoundError:
            raise self._missing(name) from None
        except OSError as error:
            if error.errno is not None:  # the disk's; decoders raise theirs without a number
                raise
            raise self._damaged(f"{name} cannot be decoded") from None

    def check_index(self, index: int) -> None:
        """Raise ImageNotFound unless there is an image of that number."""
        if not 0 <= index < self.total:
            raise ImageNotFound(f"There is no image {index}. Images: 0 to {self.total - 1}.", total=self.total)

    def _map(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        if name not in self._mapped:
            try:
                found = np.load(self.folder / name, mmap_mode="r", allow_pickle=False)
            except FileNotFoundError:
                raise self._missing(name) from None
            except (ValueError, EOFError):
                raise self._damaged(f"{name} is no array file") from None
            if found.shape != shape:
                raise self._damaged(f"{name} has shape {found.shape} instead of {shape}")
            # A plain array over the map: slices of numpy's memmap class cost three times as much.
            self._mapped[name] = found.view(np.ndarray)
        return self._mapped[name]

    def _range_number(self, given: int | str) -> int:
        text = str(given)
        if not NUMBER.fullmatch(text):
            raise self._no_range(f"{text[:20]!r} is no range number.")
        if int(text) >= len(self.manifest.ranges):
            raise self._no_range(f"There is no range {int(text)}.")
        return int(text)

    def _no_range(self, cause: str) -> RangeNotFound:
        names = list(self.manifest.ranges)
        return RangeNotFound(f"{cause} Valid ranges: {names[0]} to {names[-1]}.", first=names[0], last=names[-1])

    def _missing(self, name: str) -> Exception:
        if not self.folder.exists():
            return DatasetNotFound("Dataset not found", dataset=self.id)
        return self._damaged(f"{name} is missing")

    def _damaged(self, cause: str) -> Conflict:
        remedy = "Restore it from a backup or build it again."
        return Conflict(f"Dataset {self.id} is damaged: {cause}. {remedy}", dataset=self.id)
