"""A job of the command line: it holds the same lock as the server's jobs and is seen by it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from embedding_explorer.database import Database
from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import Busy, ExplorerError
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import Job, Status, new_job, timestamp
from embedding_explorer.settings import Settings

SAVE_EVERY = 1.0
Report = Callable[[str, int, int], None]


@contextmanager
def job_in(settings: Settings, kind: str, name: str, show: Callable[[Job], None] | None = None) -> Iterator[Report]:
    """Hold the lock and keep a record; raises Busy with what to do, or StorageFull. `show` sees the job at each count."""
    catalog, lock = Catalog(Database.of(settings)), BusyLock(settings.data)
    try:
        lock.acquire()
    except Busy:
        raise Busy(f"Another job works in {settings.data}. Wait until it has ended, then try again.") from None
    job = new_job(kind, name)
    job.status, job.started = Status.RUNNING, timestamp()
    try:
        with full_disk_named(settings.data):
            yield reporter(catalog, job, show)
        job.status = Status.DONE
    except BaseException as error:
        job.status = Status.ABORTED if isinstance(error, KeyboardInterrupt) else Status.FAILED
        job.error = error.message if isinstance(error, ExplorerError) else type(error).__name__
        raise
    finally:
        job.finished = timestamp()
        try:
            catalog.note(job)
        finally:
            lock.release()


def reporter(catalog: Catalog, job: Job, show: Callable[[Job], None] | None) -> Report:
    """Notes progress in the job, and in the catalog now and then."""
    catalog.save(job)
    saved = time.monotonic()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal saved
        job.progress(stage, done, total)
        if show:
            show(job)
        if time.monotonic() - saved > SAVE_EVERY:
            saved = time.monotonic()
            catalog.note(job)

    return report
