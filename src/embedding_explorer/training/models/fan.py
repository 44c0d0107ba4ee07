"""Several snapshots of one model as one network: every picture is read, decoded and prepared once for all of them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.images.decode import Decoded
from embedding_explorer.networks.base import Attempt
from embedding_explorer.training.models.extractor import SnapshotExtractor


class Fan:
    """Features of all members side by side: an `networks.base.Extractor` and `OwnInput`."""

    def __init__(self, members: Sequence[SnapshotExtractor]) -> None:
        self._members, first = members, members[0]
        digest = hashlib.sha256("".join(each.info.digest for each in members).encode()).hexdigest()
        self.info = replace(first.info, digest=digest, dimension=sum(each.info.dimension for each in members))
        self.batch_size = first.batch_size

    @property
    def columns(self) -> list[slice]:
        """Where the features of each member are."""
        ends = np.cumsum([each.info.dimension for each in self._members]).tolist()
        return [slice(end - each.info.dimension, end) for end, each in zip(ends, self._members, strict=True)]

    def decode(self, data: bytes, max_pixels: int) -> Decoded:
        """See `SnapshotExtractor.decode`."""
        return self._members[0].decode(data, max_pixels)

    def features(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Features (B, sum of all D) of every batch (B, H, W, C), in order; raises BadInput."""
        for batch in batches:
            yield np.concatenate([next(iter(each.features([batch]))) for each in self._members], axis=1)

    def attempts(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[Sequence[Attempt]]:
        """See `SnapshotExtractor.attempts`."""
        for rows in self.features(batches):
            yield list(rows)

    def close(self) -> None:
        """Nothing is held but memory, which goes with this."""
