"""Jobs of the web process: taking the busy lock, running one job in the worker, keeping its record, cleaning up."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.disk import full_disk_named, remove_leftover
from embedding_explorer.datasets.staging import SPOOL, has_ranges
from embedding_explorer.errors import Busy, Conflict, ExplorerError, JobAborted, JobFailed
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import FINISHED, Job, Status, new_job, timestamp

log = logging.getLogger(__name__)
SAVE_EVERY = 1.0  # seconds between two records of a running job's progress; this process itself sees every count
OTHERS_EVERY = 0.5  # seconds between two looks at the catalog while another process has the lock
DIED = "The process that did this job ended in the middle of it. Start it again."
RESUMABLE = "ingest-"  # staging folders of the command line, kept so that it can go on


class JobService:
    """One job at a time in the data folder. Methods may be called from any thread.

    `training` tells of the job for which the training API of this process holds the lock, if it does.
    """

    def __init__(self, data: Path, catalog: Catalog, lock: BusyLock, worker: WorkerClient) -> None:
        self.staging, self.catalog, self.lock, self.worker = data / "staging", catalog, lock, worker
        self.changed = threading.Condition()
        self._current: Job | None = None
        self._call: int | None = None
        self._abort, self._stopping = threading.Event(), threading.Event()
        self._saved = 0.0
        self._others: tuple[float, Job | None] = (0.0, None)
        self._unrecorded: dict[str, Job] = {}
        self.training: Callable[[], Job | None] = lambda: None

    def busy(self) -> Job | None:
        """The job that holds the lock, in whatever process; None when the lock is free."""
        with self.changed:  # a job that ends here gives the lock back in the same moment
            current, held = self._current, self.lock.held()
        if current is not None or not held:
            return current
        job = self.training()  # which knows of no job where the last one has just ended
        return job or (self._other_process() if self.lock.held() else None)

    def begin(self, kind: str, name: str = "") -> Job:
        """Take the lock for a new job and make its staging folder; raises Busy or StorageFull."""
        self.lock.acquire()
        try:
            job = new_job(kind, name)
            job.status, job.started = Status.RUNNING, timestamp()
            with full_disk_named(self.staging):
                self.staging_of(job).mkdir(parents=True)
            for each in (*self._unrecorded.values(), job):
                self.catalog.save(each)
            self._unrecorded.clear()
        except BaseException:
            shutil.rmtree(self.staging_of(job), ignore_errors=True)
            self.lock.release()
            raise
        self._abort.clear()
        self._current, self._call = job, None
        return job

    def staging_of(self, job: Job) -> Path:
        """The folder of a job's unfinished files."""
        return self.staging / job.id

    def report(self, stage: str, done: int, total: int) -> None:
        """Note the progress of the current job; raises as `check` does."""
        job = self._current
        if job is None:
            return
        with self.changed:
            job.progress(stage, done, total)
            self.changed.notify_all()
        if time.monotonic() - self._saved > SAVE_EVERY:
            self._saved = time.monotonic()
            self._save(job)
        self.check()

    def check(self) -> None:
        """Raise JobAborted, or JobFailed at the server's end, where the current job is not in the worker yet."""
        if self._call is not None:
            return  # the worker hears of it itself
        if self._abort.is_set():
            raise JobAborted("The job was aborted.")
        if self._stopping.is_set():
            raise JobFailed("The server is stopping.")

    def stop(self) -> None:
        """End the current job where it is not in the worker yet; the worker's own end does so later."""
        self._stopping.set()

    @contextmanager
    def failing(self, job: Job) -> Iterator[None]:
        """Whatever goes wrong inside fails the job: its staging goes, the lock is free, the error goes on."""
        try:
            yield
        except BaseException as error:
            self.finish(job, error=error)
            raise

    def start(
        self, job: Job, task: str, arguments: dict[str, Any], then: Callable[[dict[str, Any]], None] | None = None
    ) -> "Future[dict[str, Any]]":
        """Do `task` in the worker, in a thread of its own; `then` sees the result before the job is done."""
        future: Future[dict[str, Any]] = Future()

        def work() -> None:
            try:
                with self.failing(job):
                    result = self.worker.call(
                        task, arguments, report=self.report, on_start=self._started, check=self.check
                    )
                    if then:
                        then(result)
                self.finish(job, result=result)
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, name=f"job-{job.id}", daemon=True).start()
        return future

    def finish(self, job: Job, result: dict[str, Any] | None = None, error: BaseException | None = None) -> None:
        """End the job: staging folder, record, lock, in an order that shows a free lock only when all is clean.

        Who hears of the end finds the lock free: until then the job is shown as running.
        """
        ended = replace(job, finished=timestamp(), result=result, status=Status.DONE)
        if error is not None:
            ended.status = Status.ABORTED if isinstance(error, JobAborted) else Status.FAILED
            ended.error = error.message if isinstance(error, ExplorerError) else f"{type(error).__name__}: {error}"
            ended.error_type = type(error).__name__
            log.warning("job %s %s: %s", job.id, ended.status, ended.error)
        try:
            shutil.rmtree(self.staging_of(job), ignore_errors=True)
            self._save(ended)
        finally:
            with self.changed:
                vars(job).update(vars(ended))
                self._current, self._call = None, None
                self.lock.release()
                self.changed.notify_all()

    def abort(self, job_id: str) -> Job:
        """Ask the running job to end; raises JobNotFound, or Conflict when it has ended or runs elsewhere."""
        job = self.get(job_id)
        if job.status in FINISHED:
            raise Conflict(f"The job {job_id} is {job.status} already.")
        if self._current is None or self._current.id != job_id:
            raise Conflict(f"The job {job_id} runs in another process. Stop it there.")
        self._abort.set()
        if self._call is not None:
            self.worker.abort(self._call)
        return job

    def get(self, job_id: str) -> Job:
        """A job's record, fresh where it runs in this process; raises JobNotFound."""
        current = self._current
        if current is not None and current.id == job_id:
            return current
        if job_id in self._unrecorded:
            return self._unrecorded[job_id]
        job = self.catalog.job(job_id)
        if job.status is Status.RUNNING and not self.lock.held():
            fail_dead(self.catalog, self.lock)
            return self.catalog.job(job_id)
        return job

    def wait_change(self, timeout: float) -> None:
        """Wait until the current job reports or ends, at most `timeout` seconds."""
        with self.changed:
            self.changed.wait(timeout)

    def _save(self, job: Job) -> None:
        if not self.catalog.note(job) and job.status in FINISHED:
            self._unrecorded[job.id] = job  # until the next one begins

    def _started(self, call: int) -> None:
        self._call = call
        if self._abort.is_set():
            raise JobAborted("The job was aborted.")

    def _other_process(self) -> Job | None:
        looked, job = self._others
        if time.monotonic() - looked > OTHERS_EVERY:
            running = self.catalog.jobs(status=Status.RUNNING, limit=1)
            job = running[0] if running else new_job("unknown")
            self._others = (time.monotonic(), job)
        return job


def fail_dead(catalog: Catalog, lock: BusyLock) -> None:
    """Mark jobs as failed whose process, the command line's perhaps, was killed: they run without holding the lock."""
    with suppress(Busy):
        lock.acquire()
        try:
            catalog.fail_unfinished(DIED)
        finally:
            lock.release()


def clean_up(data: Path, catalog: Catalog, lock: BusyLock) -> None:
    """Remove what a crash left: staging folders and unfinished records. Ingests with finished ranges are kept. Raises Busy."""
    lock.acquire()
    try:
        for leftover in (data / "staging").glob("*"):
            if not leftover.name.startswith(RESUMABLE) or not has_ranges(leftover):
                remove_leftover(leftover)
            elif (spool := leftover / SPOOL).exists():  # written anew when the ingest goes on
                remove_leftover(spool)
        catalog.fail_unfinished(DIED)
    finally:
        lock.release()
