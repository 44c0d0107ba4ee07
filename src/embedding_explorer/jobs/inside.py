"""The inside of a bounded worker (`jobs.bounded`): its own limit of memory, and sentences for what goes wrong in it."""

import logging
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from embedding_explorer.errors import ExplorerError, JobFailed, LimitExceeded
from embedding_explorer.jobs.bounded import over_limit
from embedding_explorer.networks.devices import cuda_possible
from embedding_explorer.settings import GiB

log = logging.getLogger(__name__)
# Beyond the memory that pages occupy, which is watched from outside: room for what is reserved and never touched. One
# allocation that would burst the limit at once fails by itself, with the network's own name for it.
RESERVED = 2 * GiB
OUT_OF_MEMORY = re.compile(r"(?i:\ballocate|bad_alloc|out of memory)|\bOOM\b")  # not in "zoom"


def bound_memory(most: int) -> None:
    """Let this process have `most` bytes and what is reserved on top; not where a GPU's driver may be loaded."""
    if not cuda_possible():  # drivers reserve far more than there is
        resource.setrlimit(resource.RLIMIT_DATA, (most + RESERVED, resource.getrlimit(resource.RLIMIT_DATA)[1]))


@contextmanager
def one_line_errors(setting: str, whose: str, ours: tuple[type[Exception], ...] = (ExplorerError,)) -> Iterator[None]:
    """Whatever a network or its framework raises becomes one sentence for the user whose network it is.

    Args:
        setting: that bounds the memory, for the error that names it.
        whose: kind of network, for the log.
        ours: errors that go on as they are.
    """
    try:
        yield
    except LimitExceeded:
        raise
    except Exception as error:
        if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
            raise over_limit("It asked for more memory than it may have", setting) from error
        if isinstance(error, ours):
            raise
        log.exception("a %s failed", whose)
        raise JobFailed(f"The network failed: {type(error).__name__}: {error}") from error
