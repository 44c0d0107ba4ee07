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
from embedding_explorer.images.source import Entry, Skipped, Source
from embedding_explorer.networks.base import Attempt, Extractor, OwnInput
from embedding_explorer.processes import allowed_cpus

THREADS = allowed_cpus()

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


def ordered_map(function: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """Like `map`, by a pool of threads that is at most `ahead` items in front of its consumer."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="decode") as pool:
        pending: deque[Future[R]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
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

    return ordered_map(load, range(first, len(source.entries)), ahead)


def with_features(network: Extractor, items: Iterable[Item]) -> Iterator[list[tuple[Item, Attempt]]]:
    """Groups of items, each with its features (D,) or why it has none; decoding goes on while the network works."""
    waiting: deque[list[Item]] = deque()

    def batches() -> Iterator[NDArray[np.uint8]]:
        for group in groups(items, network.batch_size):
            waiting.append(group)
            yield np.stack([item.decoded.pixels for item in group])

    made = network.attempts(batches()) if isinstance(network, OwnInput) else network.features(batches())
    for attempts in made:
        yield list(zip(waiting.popleft(), attempts, strict=True))


def groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Consecutive lists of `size` items, the last one perhaps shorter."""
    group: list[T] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
