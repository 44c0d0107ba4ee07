"""The values and the protocol that every network shares."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import ExplorerError
from embedding_explorer.images.decode import Decoded, InputSpec

Pixels: TypeAlias = NDArray[np.uint8]
Features: TypeAlias = NDArray[np.float32]
Attempt: TypeAlias = Features | ExplorerError
"""Features (D,) of one picture, or why the network failed on it."""
Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total), in units of the work at hand."""

Pooling = Literal["avg", "max", "flatten"]
Precision = Literal["float32", "bfloat16", "float16", "int8"]
Engine = Literal["openvino", "torch", "registered"]
Device = Literal["cpu", "cuda"]

FEATURES_VERSION = 1
"""Raised when the same network, layer and precision would give other values than before."""


@dataclass(frozen=True)
class Calibration:
    """How far int8 features agree with float32 on the pictures that calibrated them."""

    digest: str
    images: int
    cosine: float
    recall_at_10: float


@dataclass(frozen=True)
class NetworkInfo:
    """Which network made features of dimension D, and how: all that is needed to make comparable ones.

    `registered` is there for networks that users registered, and public ones: their id and preprocessing.
    """

    name: str
    layer: str
    pooling: Pooling
    dimension: int
    input: InputSpec
    digest: str
    precision: Precision
    device: Device
    engine: Engine
    note: str | None = None
    calibration: Calibration | None = None
    registered: Mapping[str, Any] | None = None

    @property
    def space(self) -> str:
        """Digest of the space that the features lie in: two datasets of one space can share a map."""
        if self.registered is not None:  # whose digest covers its preprocessing; its id and name do not matter
            return _digest(FEATURES_VERSION, "registered", self.digest, self.layer, self.pooling)
        return _digest(FEATURES_VERSION, self.name, self.layer, self.pooling, asdict(self.input), self.digest)

    @property
    def fingerprint(self) -> str:
        """Digest of all that changes the features' values, up to the rounding of one precision.

        An int8 network is calibrated on the first pictures of the dataset that it makes, so the dataset's pictures
        determine its calibration, which is left out: the id of a dataset is known before it is calibrated.
        """
        return _digest(self.space, self.precision)

    def to_json(self) -> dict[str, Any]:
        """A plain dict, as `dataset.json` keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`; fields of a later version are ignored."""
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        calibration = known.get("calibration")
        known["input"] = InputSpec(**known["input"])
        known["calibration"] = Calibration(**calibration) if calibration else None
        return cls(**known)


class Extractor(Protocol):
    """A network ready to turn pictures into features."""

    @property
    def info(self) -> NetworkInfo:
        """What is running."""

    @property
    def batch_size(self) -> int:
        """The number of pictures a batch that is fastest; any other number works too."""

    def features(self, batches: Iterable[Pixels]) -> Iterator[Features]:
        """Features (B, D) float32 of every batch (B, S, S, 3) uint8, in order.

        Batches are pulled while earlier ones are computed. Stopping early, or an error of `batches`, leaves the
        extractor ready for the next call.

        Raises:
            BadInput: a batch of another shape or type.
        """

    def close(self) -> None:
        """Free the memory; the extractor is of no use afterwards."""


@runtime_checkable
class OwnInput(Protocol):
    """An extractor of a network that somebody brought: it makes its own input, and may fail on single pictures."""

    def decode(self, data: bytes, max_pixels: int) -> Decoded:
        """One picture; errors as of `images.decode.decode`."""

    def attempts(self, batches: Iterable[Pixels]) -> Iterator[Sequence[Attempt]]:
        """Like `features`, with one entry for each picture; raises what is not the fault of single pictures."""


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
