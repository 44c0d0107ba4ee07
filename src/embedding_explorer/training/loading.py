"""Batches read ahead of their use, so that the network never waits for a picture."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embedding_explorer.errors import LimitExceeded
from embedding_explorer.networks.devices import usable_cpus
from embedding_explorer.training.source import Indices, Source

MAX_BATCH_BYTES = 2 << 30
MAX_AHEAD_BYTES = 1 << 30
MAX_THREADS = 8
AHEAD = 4  # batches per thread


class Loader:
    """Reads batches of a source in threads; they come in the order in which they are asked for.

    Random changes are left to the training device, which makes them for whole batches: threads here only decode, and
    do not compete with the network's for more than that.
    """

    def __init__(self, source: Source, pinned: bool = False) -> None:
        """`pinned`: into memory from which a GPU copies without waiting."""
        self._source, self._pinned = source, pinned
        self._picture = int(np.prod(source.shape))
        self._threads = max(1, min(MAX_THREADS, usable_cpus()))
        self._pool = ThreadPoolExecutor(self._threads, "training-loader")

    def close(self) -> None:
        """Stop the threads; batches that nobody has taken are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def check(self, batch_size: int) -> None:
        """Raise LimitExceeded for batches that would not fit into memory."""
        if batch_size * self._picture > MAX_BATCH_BYTES:
            most = MAX_BATCH_BYTES // self._picture
            raise LimitExceeded(f"A batch of {batch_size} pictures is too large; take at most {most}.", limit=most)

    def batches(self, wanted: Iterable[Indices]) -> Iterator[tuple[Tensor, Tensor]]:
        """Pictures uint8 (B, H, W, C) and targets, int64 (B,) or float32 (B, …), for each array of indices."""
        with _dropped_at_the_end() as waiting:
            for indices in wanted:
                waiting.append(self._pool.submit(self._read, indices))
                ahead = MAX_AHEAD_BYTES // max(1, len(indices) * self._picture)
                if len(waiting) > max(1, min(AHEAD * self._threads, ahead)):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _read(self, indices: Indices) -> tuple[Tensor, Tensor]:
        pixels, targets = self._source.batch(indices)
        kind: Any = np.int64 if self._source.labels is not None else np.float32
        # Copies where a source gives read-only or foreign-ordered arrays, which torch cannot take.
        pair = (
            torch.from_numpy(np.require(pixels, np.uint8, ["C", "W"])),
            torch.from_numpy(np.require(targets, kind, ["C", "W"])),
        )
        return (pair[0].pin_memory(), pair[1].pin_memory()) if self._pinned else pair


@contextmanager
def _dropped_at_the_end() -> Iterator[deque[Future[tuple[Tensor, Tensor]]]]:
    waiting: deque[Future[tuple[Tensor, Tensor]]] = deque()
    try:
        yield waiting
    finally:
        for each in waiting:
            each.cancel()
