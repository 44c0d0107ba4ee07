"""Locks of the data folder: lock files, so that processes exclude each other and a dead holder's lock frees itself."""

import threading
import time
from pathlib import Path

from filelock import FileLock, Timeout

from embedding_explorer.errors import Busy, StartError

# Another process that only looks holds the lock for microseconds; whoever wants it waits that out.
PATIENCE = 0.25
LOOK_EVERY = 0.05


class BusyLock:
    """The one lock for long work in a data folder."""

    def __init__(self, data: Path) -> None:
        self.path = data / "busy.lock"
        self._file = FileLock(self.path, thread_local=False)
        self._probe = FileLock(self.path, thread_local=False)
        self._mutex = threading.Lock()
        self._looked, self._seen = 0.0, False

    def acquire(self) -> None:
        """Take the lock; raises Busy when any process or thread has it."""
        with self._mutex:
            if self._file.is_locked:
                raise Busy("Server is busy, please wait")
            try:
                self._file.acquire(timeout=PATIENCE, poll_interval=0.01)
            except Timeout:
                raise Busy("Server is busy, please wait") from None

    def release(self) -> None:
        """Give the lock back."""
        with self._mutex:
            self._file.release()

    def held_here(self) -> bool:
        """Whether this process has the lock."""
        return self._file.is_locked

    def held(self) -> bool:
        """Whether any process has the lock; another process's is seen within 50 ms."""
        if self._file.is_locked:
            return True
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY:
            with self._mutex:
                self._looked, self._seen = now, self._look()
        return self._seen

    def _look(self) -> bool:
        if self._file.is_locked:
            return False
        try:
            self._probe.acquire(timeout=0)
        except Timeout:
            return True
        self._probe.release()
        return False


def claim_data_folder(data: Path) -> FileLock:
    """Take the folder for one server until this process ends; raises StartError when another server has it."""
    lock = FileLock(data / "server.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StartError(
            f"Another server already works on the data folder {data}. Stop it, or give this one its own folder (--data).",
            setting="EXPLORER_DATA",
        ) from None
    except OSError as error:  # made by another user
        raise StartError(
            f"{data / 'server.lock'} cannot be opened ({error.strerror}). Run as the user that owns the data folder.",
            setting="EXPLORER_DATA",
        ) from error
    return lock
