"""Finished ranges of a dataset under construction: what is here survives a kill, what is not is done again."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from embedding_explorer.datasets.dataset import IMAGES, ORIGINALS, TILEMAPS, tilemap_path
from embedding_explorer.datasets.disk import sync_tree, write_atomically
from embedding_explorer.datasets.images_table import write_images
from embedding_explorer.datasets.manifest import range_id
from embedding_explorer.datasets.staging import PARTS, RECORD
from embedding_explorer.datasets.subsets import write_subsets
from embedding_explorer.errors import BadInput
from embedding_explorer.images.source import Skipped

FEATURES, PLAN = "features.npy", "plan"


@dataclass(frozen=True)
class BuiltImage:
    """What images.csv and the dataset's id need of one image. `digest`: SHA-256 of the file, hex; `subset`: see Entry."""

    file: str
    width: int
    height: int
    label: str | None
    digest: str
    subset: str | None = None


@dataclass(frozen=True)
class RangeResult:
    """One finished range: M images, their features (M, D) and tilemap (JPEG).

    `next_entry` is the number of the source's entry at which the next range begins.
    """

    images: Sequence[BuiltImage]
    features: NDArray[np.float32]
    tilemap: bytes
    skipped: Sequence[Skipped]
    next_entry: int


@dataclass(frozen=True)
class RangeRecord:
    """What range.json keeps; it is written last, so a range with a record is whole."""

    next_entry: int
    images: list[BuiltImage]
    skipped: list[dict[str, str]]

    @classmethod
    def read(cls, path: Path) -> "RangeRecord":
        """The record in a range.json."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(kept["next_entry"], [BuiltImage(**image) for image in kept["images"]], kept["skipped"])


class Parts:
    """The ranges in `<staging>/parts`, tilemaps and pictures already in their final folders."""

    def __init__(self, staging: Path, dtype: DTypeLike, plan: str, lasting: bool = False) -> None:
        """Go on with what is in `staging` if it was made for the same `plan`, else begin afresh.

        `lasting`: finished ranges outlive a power cut, too, for which each waits for the disk.
        """
        self.staging, self.folder, self.dtype = staging, staging / PARTS, np.dtype(dtype)
        self.lasting = lasting
        self._begin(plan)
        (staging / TILEMAPS).mkdir(exist_ok=True)
        self.records = list(self._read_records())

    @property
    def count(self) -> int:
        """Images in the finished ranges."""
        return sum(len(record.images) for record in self.records)

    @property
    def dimension(self) -> int:
        """Features of an image, once a range is there."""
        return int(np.load(self.folder / range_id(0) / FEATURES, mmap_mode="r").shape[1])

    @property
    def next_entry(self) -> int:
        """Entry of the source to go on with."""
        return self.records[-1].next_entry if self.records else 0

    @property
    def skipped(self) -> list[dict[str, str]]:
        """Files passed over so far."""
        return [file for record in self.records for file in record.skipped]

    def add(self, result: RangeResult) -> None:
        """Write the next range; its record comes last and in one step.

        Raises BadInput where `dtype` cannot hold the features.
        """
        features = self._stored(result.features)
        name = range_id(len(self.records))
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        np.save(folder / FEATURES, features)
        tilemap_path(self.staging, name).write_bytes(result.tilemap)
        record = _record(result)
        if self.lasting:
            sync_tree(self.staging)
        self._write_record(folder / RECORD, record)
        self.records.append(record)

    def _stored(self, features: NDArray[np.float32]) -> NDArray[np.floating]:
        with np.errstate(over="ignore"):
            stored: NDArray[np.floating] = features.astype(self.dtype, copy=False)
        if np.isinf(stored).any() and not np.isinf(features).any():
            raise BadInput(
                f"The network gives features up to {np.nanmax(np.abs(features)):.3g}, more than {self.dtype} can hold. "
                "Set EXPLORER_FEATURES_DTYPE=float32."
            )
        return stored

    def features(self) -> Iterator[NDArray[np.floating]]:
        """Features of the ranges one after the other, (M, D) each."""
        for number in range(len(self.records)):
            yield np.load(self.folder / range_id(number) / FEATURES)

    def assemble(self) -> None:
        """Join the parts into features.npy and images.csv of the staging folder. They stay until the dataset is in place."""
        self._join_features()
        self._write_table()

    def _write_table(self) -> None:
        rows = ((i.file, i.width, i.height, i.label) for record in self.records for i in record.images)
        write_images(self.staging / IMAGES, rows)
        write_subsets(self.staging, [image.subset for record in self.records for image in record.images])

    def _join_features(self) -> None:
        # Written, not memory-mapped: a full disk is an error then, and not a signal that kills the process.
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.count, self.dimension)}
        with (self.staging / FEATURES).open("wb") as target:
            np.lib.format.write_array_header_1_0(target, header)
            for part in self.features():
                target.write(np.ascontiguousarray(part).tobytes())

    def _begin(self, plan: str) -> None:
        noted = self.folder / PLAN
        if noted.exists() and noted.read_text(encoding="utf-8") == plan:
            return
        for name in (PARTS, TILEMAPS, ORIGINALS):
            shutil.rmtree(self.staging / name, ignore_errors=True)
        self.folder.mkdir(parents=True)
        write_atomically(noted, plan.encode())

    def _read_records(self) -> Iterator[RangeRecord]:
        for number in range(len(list(self.folder.iterdir()))):
            path = self.folder / range_id(number) / RECORD
            if not path.exists():
                return
            yield RangeRecord.read(path)

    def _write_record(self, path: Path, record: RangeRecord) -> None:
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as target:
            json.dump(asdict(record), target)
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)


class Share(Parts):
    """Some columns of the features of finished ranges: pictures that several networks saw become a dataset for each."""

    def __init__(self, whole: Parts, staging: Path, columns: slice) -> None:
        """The ranges stay with `whole`; `staging` is the folder of the one dataset."""
        self._whole, self._columns = whole, columns
        self.staging, self.folder, self.dtype, self.records = staging, whole.folder, whole.dtype, whole.records

    @property
    def dimension(self) -> int:
        """See `Parts`."""
        return int(self._columns.stop - self._columns.start)

    def features(self) -> Iterator[NDArray[np.floating]]:
        """See `Parts`."""
        for features in self._whole.features():
            yield features[:, self._columns]

    def assemble(self) -> None:
        """Write features.npy and images.csv, and give tilemaps and pictures another name here: they take no more space."""
        self._join_features()
        self._write_table()
        for name in (TILEMAPS, ORIGINALS):
            if (self._whole.staging / name).exists():
                shutil.copytree(self._whole.staging / name, self.staging / name, copy_function=_linked)


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # a file system without such names
        shutil.copyfile(source, target)
    return target


def _record(result: RangeResult) -> RangeRecord:
    return RangeRecord(
        next_entry=result.next_entry,
        images=list(result.images),
        skipped=[{"file": file.name, "reason": file.reason} for file in result.skipped],
    )
