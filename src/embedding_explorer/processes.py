"""What processes of this program owe each other, and what they may use."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def allowed_cpus() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def die_with_parent(parent: int | None = None) -> None:
    """Ask Linux to kill this process when the one that started it ends, however that ends.

    `parent`: that one's process id, where it may have ended before this is called.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)
