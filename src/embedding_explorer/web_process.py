"""The web process: the application that Granian serves, its workers, and how both end."""

import ctypes
import gc
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from embedding_explorer.connections import cut_off_the_silent
from embedding_explorer.jobs.client import COMMAND
from embedding_explorer.jobs.run_logs import RunLogs
from embedding_explorer.logs import configure_logging
from embedding_explorer.processes import die_with_parent
from embedding_explorer.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from embedding_explorer.jobs.runtime import Runtime

# Of glibc's malloc.h. Left alone, each thread keeps for itself what its largest answer took: 1.3 GB in all.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
MOST_ARENAS, LARGE_BLOCK = 2, 1 << 20


def application(worker_command: Sequence[str] = COMMAND) -> "Flask":
    """The application in the web process, with its workers; Granian calls this once."""
    die_with_parent()
    give_memory_back()
    settings = Settings.from_environment()
    configure_logging(settings.log_level, settings.log_file)
    logs = RunLogs(settings.environment(secrets=False), settings.run_cache_bytes)
    logs.start(settings.log_roots)  # before all else: that process reads from disk while this one imports
    with quick_imports():
        app, runtime = assembled(settings, logs, worker_command)
    runtime.start()
    cut_off_the_silent(settings.port)
    stop_at_signal(runtime)
    return app


@contextmanager
def quick_imports() -> Iterator[None]:
    """Without the garbage collector: imports make half a million objects that stay, and it would look at them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def assembled(settings: Settings, logs: RunLogs, worker_command: Sequence[str]) -> "tuple[Flask, Runtime]":
    """The application and what it runs on, nothing of it started but `logs`."""
    from embedding_explorer.app import create_app
    from embedding_explorer.jobs.runtime import Runtime

    runtime = Runtime(settings, logs, worker_command)
    return create_app(runtime), runtime


def give_memory_back() -> None:
    """Let large blocks go back to the system when they are freed, and threads share the others; only with glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, MOST_ARENAS)
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def stop_at_signal(runtime: "Runtime") -> None:
    """End the worker, and with it the job in progress, as soon as this process is told to end.

    Granian sets its own handlers after this and then waits for requests; the wake-up pipe hears the signal beside them.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def wait() -> None:
        while os.read(reader, 1)[0] not in (signal.SIGTERM, signal.SIGINT):
            continue
        runtime.stop()

    threading.Thread(target=wait, name="stop", daemon=True).start()
