"""Between the stream of pictures and the ranges on disk."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.dataset import image_path
from embedding_explorer.datasets.manifest import range_id
from embedding_explorer.datasets.parts import BuiltImage, Parts, RangeResult
from embedding_explorer.datasets.request import Build
from embedding_explorer.datasets.stream import Item, decode_entries, decoding_of, with_features
from embedding_explorer.errors import BadInput, ExplorerError, LimitExceeded, WorkerDied
from embedding_explorer.images.source import Skipped, Source
from embedding_explorer.images.tilemap import RANGE, encode_tilemap

# Pictures of one dataset on which the network may take too much: each may cost its process, and minutes.
MOST_OVERRUNS = 20


class Collector:
    """Gathers decoded images and their features until a range is full, and keeps it then.

    `failure` is why the network failed on the first picture that it did.
    """

    def __init__(self, build: Build, parts: Parts, total: int) -> None:
        self.build, self.parts, self.total = build, parts, total
        self.decoded, self.failed, self.overruns = parts.count, 0, 0
        self.next_entry = self.position = parts.next_entry
        self.images: list[BuiltImage] = []
        self.tiles: list[NDArray[np.uint8]] = []
        self.features: list[NDArray[np.float32]] = []
        self.skipped: list[tuple[int, Skipped]] = []
        self.failure: ExplorerError | None = None

    def collect(self, source: Source) -> None:
        """Bring all that is left of the source, up to the limit, into ranges.

        Raises BadInput where rows differ in length, and what the network fails with where that is not for single pictures.
        """
        while self.position < len(source.entries) and not self._full():
            # Once more where others take the places of pictures on which the network failed.
            for group in with_features(self.build.network, self._readable(source)):
                for item, attempt in group:
                    self._add(item, attempt)
                self.build.progress("features", self.parts.count + len(self.images), self.total)
        self._flush()

    def leftover(self) -> list[dict[str, str]]:
        """Files after the last image of the dataset that have no place in it."""
        return [{"file": file.name, "reason": file.reason} for _, file in self._in_order()]

    def _full(self) -> bool:
        return self.decoded - self.failed == self.build.request.limits.max_images

    def _readable(self, source: Source) -> Iterator[Item]:
        """Images that could be decoded, up to the limit; the others are noted."""
        how, max_pixels = decoding_of(self.build.network), self.build.request.limits.max_pixels
        ahead, digests = 2 * self.build.network.batch_size, self.build.digests
        loaded = decode_entries(source, how, max_pixels, self.position, ahead, digests)
        for number, item in enumerate(loaded, self.position):
            self.position = number + 1
            if isinstance(item, Skipped):
                self.skipped.append((number, item))
                continue
            self.decoded += 1
            self.build.progress("decode", min(self.decoded, self.total), self.total)
            yield item
            if self._full():
                return

    def _add(self, item: Item, attempt: NDArray[np.float32] | ExplorerError) -> None:
        """Take one image with its features (D,), or note why it has none."""
        if isinstance(attempt, ExplorerError):
            return self._leave_out(item, attempt)
        self._check_length(len(attempt))
        self._keep_original(item)
        decoded = item.decoded
        entry, size = item.entry, (decoded.width, decoded.height)
        self.images.append(BuiltImage(entry.name, *size, entry.label, item.digest, entry.subset))
        self.tiles.append(decoded.tile)
        self.features.append(attempt)
        self.next_entry = item.index + 1
        if len(self.images) == RANGE:
            self._flush()

    def _leave_out(self, item: Item, error: ExplorerError) -> None:
        self.failed += 1
        self.failure = self.failure or error
        self.skipped.append((item.index, Skipped(item.entry.name, error.message)))
        self.overruns += isinstance(error, (LimitExceeded, WorkerDied))
        if self.overruns > MOST_OVERRUNS:
            raise error

    def _check_length(self, length: int) -> None:
        if not (self.features or self.parts.count):
            return
        first = len(self.features[0]) if self.features else self.parts.dimension
        if length != first:
            raise BadInput(
                f"The layer {self.build.network.info.layer[:80]!r} gives {length} features for one picture and {first} for "
                "another. Pool with avg or max, or take another layer."
            )

    def _flush(self) -> None:
        """Write what is gathered as the next range."""
        if not self.images:
            return
        files = self._in_order()
        before = [file for number, file in files if number < self.next_entry]
        self.skipped = [(number, file) for number, file in files if number >= self.next_entry]
        tilemap = encode_tilemap(self.tiles)
        self.parts.add(RangeResult(self.images, np.stack(self.features), tilemap, before, self.next_entry))
        self.images, self.tiles, self.features = [], [], []
        self.build.progress("tilemaps", len(self.parts.records), -(-self.total // RANGE))

    def _in_order(self) -> list[tuple[int, Skipped]]:
        """Files left out, by their numbers: the network is behind the decoder."""
        return sorted(self.skipped, key=lambda each: each[0])

    def _keep_original(self, item: Item) -> None:
        if self.build.request.keep_images:
            path = image_path(self.build.staging, range_id(len(self.parts.records)), len(self.images), item.data)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(item.data)
