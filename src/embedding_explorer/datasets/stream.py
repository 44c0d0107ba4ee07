"""Entries of a source in, decoded images with their features out: in order, overlapped, in bounded memory."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import LimitExceeded, UnreadableImage
from embedding_explorer.images.decode import Decoded, InputSpec, decode
from embedding_explorer.images.limits import MiB
from embedding_explorer.images.source import Entry, Skipped, Source
from embedding_explorer.networks.base import Attempt, Extractor, OwnInput
from embedding_explorer.processes import allowed_cpus

THREADS = allowed_cpus()
# Of files that are read ahead, and of those in one batch, of which a few are on their way through the network. Photographs
# stay below; but a file of an archive may be padded to hundreds of megabytes, at no expense.
AHEAD_BYTES = max(256 * MiB, 64 * MiB * THREADS)
BATCH_BYTES = 128 * MiB

T = TypeVar("T")
R = TypeVar("R")
Decode = Callable[[bytes, int], Decoded]
"""From the bytes of a file, of at most so many pixels."""


@dataclass(frozen=True)
class Item:
    """One decoded image. `index` is its entry's number in the source, `digest` the SHA-256 of the file."""

    index: int
    entry: Entry
    data: bytes
    digest: str
    decoded: Decoded


def ordered_map(
    function: Callable[[T], R], items: Iterable[T], ahead: int, weigh: Callable[[T], int] = lambda _: 0
) -> Iterator[R]:
    """Like `map`, by a pool of threads that is at most `ahead` items in front of its consumer.

    `weigh` gives the bytes of an item: of several, it is at most `AHEAD_BYTES` in front, too.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="decode") as pool:
        pending: deque[tuple[Future[R], int]] = deque()
        held = 0
        try:
            for item in items:
                weight = weigh(item)
                while pending and (len(pending) >= ahead or held + weight > AHEAD_BYTES):
                    future, size = pending.popleft()
                    held -= size
                    yield future.result()
                pending.append((pool.submit(function, item), weight))
                held += weight
            while pending:
                yield pending.popleft()[0].result()
        finally:
            for future, _ in pending:
                future.cancel()


def decoding_of(network: Extractor) -> Decode:
    """How pictures are decoded for a network."""
    return network.decode if isinstance(network, OwnInput) else decoding_to(network.info.input)


def decoding_to(spec: InputSpec) -> Decode:
    """How pictures are decoded to squares."""
    return lambda data, max_pixels: decode(data, spec, max_pixels)


def decode_entries(
    source: Source, how: Decode, max_pixels: int, first: int, ahead: int, digests: Mapping[int, str] | None = None
) -> Iterator[Item | Skipped]:
    """Decode the entries from number `first` on; `digests`: those of entries that are known already.

    Raises LimitExceeded at a picture of too many pixels.
    """
    known = digests or {}

    def load(index: int) -> Item | Skipped:
        entry = source.entries[index]
        try:
            data = source.read(index)
            digest = known.get(index) or hashlib.sha256(data).hexdigest()
            return Item(index, entry, data, digest, how(data, max_pixels))
        except UnreadableImage as error:
            return Skipped(entry.name, error.message)
        except LimitExceeded as error:
            raise LimitExceeded(f"{entry.name}: {error.message}", **error.facts) from error

    return ordered_map(load, range(first, len(source.entries)), ahead, source.file_bytes)


def with_features(network: Extractor, items: Iterable[Item]) -> Iterator[list[tuple[Item, Attempt]]]:
    """Groups of items, each with its features (D,) or why it has none; decoding goes on while the network works."""
    waiting: deque[list[Item]] = deque()

    def batches() -> Iterator[NDArray[np.uint8]]:
        for group in groups(items, network.batch_size, BATCH_BYTES):
            waiting.append(group)
            yield np.stack([item.decoded.pixels for item in group])

    made = network.attempts(batches()) if isinstance(network, OwnInput) else network.features(batches())
    for attempts in made:
        yield list(zip(waiting.popleft(), attempts, strict=True))


def groups(items: Iterable[Item], size: int, most_bytes: int) -> Iterator[list[Item]]:
    """Consecutive lists of `size` items; shorter ones at the end, and where their files have `most_bytes` already."""
    group: list[Item] = []
    held = 0
    for item in items:
        group.append(item)
        held += len(item.data)
        if len(group) == size or held >= most_bytes:
            yield group
            group, held = [], 0
    if group:
        yield group
