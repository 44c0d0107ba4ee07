"""Random numbers of a training as a function of the seed and the place in it, not of what was drawn before.

So a training that is resumed in the middle draws what it would have drawn, and batches may be read ahead.
"""

from collections.abc import Iterator

import numpy as np

from embedding_explorer.training.source import Indices

ORDER, CHANGES, NETWORK, WEIGHTS, SAMPLE = range(5)


def derived(seed: int, purpose: int, *place: int) -> int:
    """A number from 0 to 2⁶³ - 1 for one purpose at one place."""
    state = np.random.SeedSequence([seed, purpose, *place]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


def epoch_order(seed: int, epoch: int, entries: int, shuffle: bool) -> Indices:
    """The order of the pictures in an epoch, int64 (entries,)."""
    if not shuffle:
        return np.arange(entries, dtype=np.int64)
    return np.random.default_rng([seed, ORDER, epoch]).permutation(entries).astype(np.int64)


def step_batches(order: Indices, step: int, batch_size: int, accumulation: int) -> list[Indices]:
    """The pictures of one step of an epoch, in batches of nearly one size.

    A single picture that is left over is joined by the first one of the epoch, for one alone has no deviation that
    normalising layers could divide by.
    """
    images = batch_size * accumulation
    chosen = order[step * images : (step + 1) * images]
    if len(chosen) == 1 and len(order) > 1 and batch_size > 1:
        chosen = np.concatenate([chosen, order[:1]])
    return np.array_split(chosen, -(-len(chosen) // batch_size))


def all_batches(
    seed: int, entries: int, shuffle: bool, batch_size: int, accumulation: int, first: int, last: int
) -> Iterator[tuple[int, list[Indices]]]:
    """Every step from `first` up to, not including, `last`, with its batches."""
    per_epoch = -(-entries // (batch_size * accumulation))
    order, of = np.empty(0, np.int64), -1
    for step in range(first, last):
        epoch = step // per_epoch
        if epoch != of:
            order, of = epoch_order(seed, epoch, entries, shuffle), epoch
        yield step, step_batches(order, step % per_epoch, batch_size, accumulation)
