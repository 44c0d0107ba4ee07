"""How long a question may wait, and how many may do so at the same time: who waits holds a connection and a thread."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from embedding_explorer.errors import TooManyTasks

SECONDS = 20.0  # for all that one question waits for; the published front end gives up after 35
SEATS = 8  # half of the connections that questions come by (`jobs.run_logs`): answers without waiting need the others
BUSY = "The run logs are still being read, or too many ask for large answers at the same time. Try again."
_seats = threading.BoundedSemaphore(SEATS)
_local = threading.local()


def begin() -> None:
    """From now on the time of this thread's question counts."""
    _local.deadline = time.monotonic() + SECONDS


def left() -> float:
    """Seconds for which this thread's question may still wait."""
    deadline: float = getattr(_local, "deadline", time.monotonic() + SECONDS)
    return max(deadline - time.monotonic(), 0.0)


@contextmanager
def seated() -> Iterator[None]:
    """A place among those who wait; raises TooManyTasks where all are taken."""
    if not _seats.acquire(blocking=False):
        raise TooManyTasks(BUSY)
    try:
        yield
    finally:
        _seats.release()


def pause(wait: Callable[[float], None], seconds: float) -> None:
    """Wait so long at the most; raises TooManyTasks where nobody may, or no more."""
    with seated():
        wait(min(seconds, left()))


def take(turns: threading.BoundedSemaphore) -> None:
    """Get one of some turns, waiting if need be; raises TooManyTasks."""
    if turns.acquire(blocking=False):
        return
    with seated():
        if not turns.acquire(timeout=left()):
            raise TooManyTasks(BUSY)
