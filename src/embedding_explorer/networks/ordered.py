"""Batches through an asynchronous engine, several at a time, results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import TypeVar

from embedding_explorer.errors import BadInput
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.base import Features, Pixels

Started = TypeVar("Started")


def in_order(
    batches: Iterable[Pixels], start: Callable[[Pixels], Started], finish: Callable[[Started], Features], *, depth: int
) -> Iterator[Features]:
    """`finish(start(batch))` of every batch, with up to `depth` started ahead of the one that is awaited.

    A batch is pulled only when it can be started at once, so whatever makes the batches overlaps with the engine and
    memory stays bounded. All that was started is finished before control leaves for good, also by an error.
    """
    started: deque[Started] = deque()
    try:
        for batch in batches:
            started.append(start(batch))
            if len(started) >= depth:
                yield finish(started.popleft())
        while started:
            yield finish(started.popleft())
    finally:
        with ExitStack() as every:
            for waiting in started:
                every.callback(finish, waiting)


def check_batch(batch: Pixels, spec: InputSpec) -> None:
    """Raise BadInput unless `batch` is uint8 (B, S, S, 3)."""
    if batch.dtype != "uint8" or batch.ndim != 4 or batch.shape[1:] != (spec.size, spec.size, 3):
        raise BadInput(
            f"This network takes uint8 pictures (B, {spec.size}, {spec.size}, 3), not {batch.dtype} {batch.shape}.",
            shape=list(batch.shape),
        )
