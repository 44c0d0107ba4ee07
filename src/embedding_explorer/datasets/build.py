"""The pipeline: a pile of pictures in, a dataset out. Everything happens in a staging folder until the last step."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.dataset import image_path
from embedding_explorer.datasets.finish import finish
from embedding_explorer.datasets.identity import dataset_id
from embedding_explorer.datasets.manifest import Manifest, range_id
from embedding_explorer.datasets.parts import BuiltImage, Parts, RangeResult
from embedding_explorer.datasets.progress import Progress, Report
from embedding_explorer.datasets.request import Build, BuildRequest
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.datasets.stream import Item, decode_entries, decoding_of, ordered_map, with_features
from embedding_explorer.errors import DatasetNotFound, NoReadableImage, UnreadableImage
from embedding_explorer.images.source import Skipped, Source, open_source
from embedding_explorer.images.tilemap import RANGE, encode_tilemap
from embedding_explorer.networks.base import Extractor


def build_dataset(
    request: BuildRequest,
    store: DatasetStore,
    open_network: Callable[[Source], Extractor],
    staging: Path,
    report: Report,
) -> Manifest:
    """Build the dataset that `request` describes, or find that it exists; its manifest.

    What an earlier attempt finished in `staging` is used again. Raises BadArchive, LimitExceeded, NoReadableImage.
    """
    start = time.monotonic()
    limits = request.limits
    staging.mkdir(parents=True, exist_ok=True)
    with open_source(
        request.source, limits=limits, nested=request.nested, labels=request.labels, spool=staging / "spool"
    ) as source:
        build = Build(request, store, open_network(source), staging, Progress(report))
        known = recognise(build, source)
        build.seconds["unpack"] = round(time.monotonic() - start, 3)
        if known is not None:
            return known
        parts = build_ranges(build, source)
    if request.discard_source:
        request.source.unlink()
    build.seconds["ranges"] = round(time.monotonic() - start - build.seconds["unpack"], 3)
    return finish(build, parts)


def recognise(build: Build, source: Source) -> Manifest | None:
    """The dataset that these very pictures became earlier, if it exists."""
    wanted = source.entries[: build.request.limits.max_images]
    build.progress("unpack", 0, len(wanted))
    if not build.request.recognise:
        build.progress("unpack", len(wanted), len(wanted))
        return None
    for index, digest in enumerate(ordered_map(lambda i: file_digest(source, i), range(len(wanted)), ahead=16)):
        build.digests[index] = digest
        build.progress("unpack", index + 1, len(wanted))
    rows = [(entry.name, entry.label or "", build.digests[index]) for index, entry in enumerate(wanted)]
    try:
        return build.store.get(dataset_id(build.request.recipe(build.network), rows)).manifest
    except DatasetNotFound:
        return None


def file_digest(source: Source, index: int) -> str:
    """SHA-256 of an entry, hex; empty for one that cannot be read."""
    try:
        return hashlib.sha256(source.read(index)).hexdigest()
    except UnreadableImage:
        return ""


def build_ranges(build: Build, source: Source) -> Parts:
    """Bring every range of the source into `Parts`, beginning after those already there."""
    parts = Parts(build.staging, build.request.features_dtype, plan_of(build, source))
    most = build.request.limits.max_images
    total = min(len(source.entries), most) if most else len(source.entries)
    collector = Collector(build, parts, total)
    build.progress("decode", parts.count, total)
    for group, features in with_features(build.network, collector.readable(source)):
        collector.add(group, features)
    collector.flush()
    build.skipped = (
        [{"file": s.name, "reason": s.reason} for s in source.skipped] + parts.skipped + collector.leftover()
    )
    if not parts.count:
        raise NoReadableImage(
            f"There is no readable image at the top level of {build.request.name}.{why(build.skipped)}"
        )
    return parts


def plan_of(build: Build, source: Source) -> str:
    """Digest of what a half-done attempt must agree with to be gone on with: entries, network, parameters."""
    entries = [(entry.name, entry.label) for entry in source.entries]
    plan = [build.request.recipe(build.network), build.request.limits.max_images, build.request.keep_images, entries]
    return hashlib.sha256(json.dumps(plan).encode()).hexdigest()


def why(skipped: list[dict[str, str]]) -> str:
    """A sentence on what was there instead."""
    listed = [f"{file['file']} ({file['reason']})" for file in skipped[:3]]
    return f" Skipped: {', '.join(listed)}{', …' if len(skipped) > 3 else ''}." if listed else ""


class Collector:
    """Gathers decoded images and their features until a range is full, and keeps it then."""

    def __init__(self, build: Build, parts: Parts, total: int) -> None:
        self.build, self.parts, self.total = build, parts, total
        self.decoded = parts.count
        self.next_entry = parts.next_entry
        self.images: list[BuiltImage] = []
        self.tiles: list[NDArray[np.uint8]] = []
        self.features: list[NDArray[np.float32]] = []
        self.skipped: list[tuple[int, Skipped]] = []

    def readable(self, source: Source) -> Iterator[Item]:
        """Images that could be decoded, up to the limit; the others are noted."""
        if self.decoded >= self.total:
            return
        how, max_pixels = decoding_of(self.build.network), self.build.request.limits.max_pixels
        ahead, digests = 2 * self.build.network.batch_size, self.build.digests
        loaded = decode_entries(source, how, max_pixels, self.next_entry, ahead, digests)
        for number, item in enumerate(loaded, self.next_entry):
            if isinstance(item, Skipped):
                self.skipped.append((number, item))
                continue
            self.decoded += 1
            self.build.progress("decode", self.decoded, self.total)
            yield item
            if self.decoded == self.build.request.limits.max_images:
                return

    def add(self, group: list[Item], features: NDArray[np.float32]) -> None:
        """Take one batch with its features (B, D)."""
        for item, row in zip(group, features, strict=True):
            self._keep_original(item)
            decoded = item.decoded
            self.images.append(
                BuiltImage(item.entry.name, decoded.width, decoded.height, item.entry.label, item.digest)
            )
            self.tiles.append(decoded.tile)
            self.features.append(row)
            self.next_entry = item.index + 1
            if len(self.images) == RANGE:
                self.flush()
        self.build.progress("features", self.parts.count + len(self.images), self.total)

    def flush(self) -> None:
        """Write what is gathered as the next range."""
        if not self.images:
            return
        before = [file for number, file in self.skipped if number < self.next_entry]
        self.skipped = [(number, file) for number, file in self.skipped if number >= self.next_entry]
        tilemap = encode_tilemap(self.tiles)
        self.parts.add(RangeResult(self.images, np.stack(self.features), tilemap, before, self.next_entry))
        self.images, self.tiles, self.features = [], [], []
        self.build.progress("tilemaps", len(self.parts.records), -(-self.total // RANGE))

    def leftover(self) -> list[dict[str, str]]:
        """Files after the last readable image that could not be decoded."""
        return [{"file": file.name, "reason": file.reason} for _, file in self.skipped]

    def _keep_original(self, item: Item) -> None:
        if self.build.request.keep_images:
            path = image_path(self.build.staging, range_id(len(self.parts.records)), len(self.images), item.data)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(item.data)
