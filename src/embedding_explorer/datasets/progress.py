"""Counts of a build's stages, sent on at most twenty times a second."""

import time
from collections.abc import Callable

Report = Callable[[str, int, int], None]
EVERY = 0.05


class Progress:
    """Passes (stage, done, total) to `report`, which may raise to end the work."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._sent: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that `done` of `total` are done in `stage`; the first and the last count are always sent."""
        now = time.monotonic()
        if done >= total or now - self._sent.get(stage, 0.0) >= EVERY:
            self._sent[stage] = now
            self._report(stage, done, total)

    def of(self, stage: str) -> Callable[[int, int], None]:
        """The two-argument form that reducers take."""
        return lambda done, total: self(stage, done, total)
