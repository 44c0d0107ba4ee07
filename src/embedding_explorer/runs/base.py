"""What the parts of this room have in common: records, and how a log is asked for them. Imports nothing heavy."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import NoLogData

Kind = Literal[
    "scalar",
    "image",
    "histogram",
    "audio",
    "text",
    "sample",
    "embedding",
    "exception",
    "transformer",
    "featuremap",
    "hiddenstate",
    "hparams",
    "graph",
]
SESSION = "_hparams_/session_start_info"  # tag of the records that hold hyper-parameters


@dataclass(frozen=True)
class Picture:
    """Value of an `image` record. Sizes in pixels as the log states them (0 where it does not), `data` as stored."""

    width: int
    height: int
    data: bytes


@dataclass(frozen=True)
class Clip:
    """Value of an `audio` record; `label` and `content_type` as the log has them, or as the contract derives them."""

    data: bytes
    label: str
    content_type: str


@dataclass(frozen=True)
class Histogram:
    """Value of a `histogram` record: its range, and (k, 3) float64 of left edge, right edge, count."""

    least: float
    most: float
    buckets: NDArray[np.float64]


@dataclass(frozen=True)
class Packed:
    """A message as it is in the log, for whom it concerns to decode (contract, 4.3 and 4.4).

    `source` is the field of `Summary.Value` that it was in: "projector" (data: the message `embedding` for the kinds
    sample and embedding, the message `exception` for the kind exception), "tensor" (a TensorProto, or TS-VIS's with its
    dtype as text) or "transformer".
    """

    source: str
    data: bytes


class Record(NamedTuple):
    """One value of a tag. `file` numbers the event files of the run in the order in which they are read.

    `value` by kind: scalar float; image `Picture`; histogram `Histogram`; audio `Clip`; text list[str]; hparams bytes
    (HParamsPluginData); graph bytes (GraphDef); sample, embedding, exception, transformer, featuremap, hiddenstate
    `Packed`.
    """

    step: int
    wall_time: float
    value: Any
    file: int


class Outline(NamedTuple):
    """A record without its value. `facts`: of an image (width, height) in pixels, of a clip (label, content type)."""

    step: int
    wall_time: float
    facts: tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """All scalars of one tag, in log order: int64, float64 (seconds since 1970), float64, and int64 file numbers."""

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]
    files: NDArray[np.int64]


class Run(ABC):
    """One folder with log files. Its records grow while it is watched; each call sees what is there at that moment."""

    key: str  # as listings show it (contract, 3.2)
    path: str  # relative to the dataset's folder, with "/"; "." for that itself
    folder: Path

    @abstractmethod
    def tags(self, kind: Kind) -> list[str]:
        """Tags of a kind in the order in which they first appeared. The graph's only tag is ""."""

    @abstractmethod
    def steps(self, kind: Kind, tag: str) -> list[int]:
        """The step of every record of a tag, in log order; raises NoLogData where there is no such tag."""

    @abstractmethod
    def records(self, kind: Kind, tag: str, indices: Sequence[int] | None = None) -> list[Record]:
        """Records of a tag in log order, all of them or those at `indices`; their values are read from the files now.

        Raises NoLogData where there is no such tag. A record that can no longer be read is left out.
        """

    @abstractmethod
    def size(self, kind: Kind, tag: str) -> int:
        """Bytes that the records of a tag take in the files, but for scalars; raises NoLogData."""

    @abstractmethod
    def outlines(self, kind: Kind, tag: str) -> list[Outline]:
        """What is known of every image or clip without reading it, in log order; raises NoLogData."""

    @abstractmethod
    def at_step(self, kind: Kind, tag: str, step: int) -> Record:
        """The first record of a tag at that step; raises NoLogData, or NoLogStep."""

    @abstractmethod
    def column(self, tag: str) -> Column:
        """All scalars of a tag; raises NoLogData."""

    @abstractmethod
    def files(self) -> list[Path]:
        """The event files, by number."""

    @abstractmethod
    def structure_graphs(self) -> list[Path]:
        """JSON files of the folder that are structure graphs (contract, 8.3), in ascending name order."""

    @abstractmethod
    def configured(self) -> Path | None:
        """The folder's projector_config.pbtxt, where it has one."""

    def has(self, kind: Kind, tag: str) -> bool:
        """Whether the run has that tag."""
        return tag in self.tags(kind)


class LogSet(ABC):
    """A dataset of the contract: the runs below a log folder."""

    @abstractmethod
    def runs(self) -> list[Run]:
        """All runs in listing order: `.` first, the other keys ascending."""

    @abstractmethod
    def find(self, name: str) -> Run | None:
        """The run of that key or relative path."""

    def run(self, name: str) -> Run:
        """The run of that key or relative path; raises NoLogData."""
        found = self.find(name)
        if found is None:
            raise NoLogData()
        return found
