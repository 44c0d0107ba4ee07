"""Which records are returned where not all are (contract, 7.1)."""

import random
from collections.abc import Sequence

from embedding_explorer.errors import BadLogParameter

MOST_ROWS = 50
SEED = 0


def thinned(count: int, samples: int | None = None) -> Sequence[int]:
    """The indices of at most 50 of `count` records, evenly spread, first and last included; then `samples` of them.

    Raises BadLogParameter for `samples` below 1.
    """
    if samples is not None and samples < 1:
        raise BadLogParameter("Parameter error, 'samples' must be at least 1")
    last = MOST_ROWS - 1
    chosen = range(count) if count <= MOST_ROWS else [k * (count - 1) // last for k in range(MOST_ROWS)]
    if samples is None or samples >= len(chosen):
        return chosen
    return sorted(random.Random(SEED).sample(chosen, samples))
