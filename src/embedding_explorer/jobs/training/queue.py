"""The queue of training jobs: in the order in which they came, one at a time, under the busy lock of the server.

The lock is taken when the first job comes and passed from job to job; it is free again when the queue is empty.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from embedding_explorer.errors import Busy, ExplorerError, JobAborted, WorkerDied
from embedding_explorer.jobs.channel import printable
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import Job, Status
from embedding_explorer.jobs.training.folders import log_end
from embedding_explorer.jobs.training.ledger import Ledger
from embedding_explorer.jobs.training.records import DATASET, MODEL, State, TrainingJob
from embedding_explorer.jobs.training.run import ABORTED, STOPPED, Run, Work

log = logging.getLogger(__name__)
PAUSE = 1.0  # seconds between a job's creation and its work, so that the answer always shows it as initialized
LOOK_EVERY = 0.1  # seconds between two looks whether another has freed the lock
WARM_SECONDS = 120.0  # that the worker is kept without work
AFTER_ERROR = 1.0  # seconds before the queue goes on after a defect, so that one that stays does not keep a core busy


class TrainingQueue:
    """Works on jobs of a ledger. Methods may be called from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        lock: BusyLock,
        make_worker: Callable[[], WorkerClient],
        work_for: Callable[[TrainingJob], Work],
        patient: bool,
        ended: Callable[[TrainingJob], None],
    ) -> None:
        """
        Args:
            make_worker: a new client that is not started yet.
            work_for: what is to be done for a job; raises ExplorerError where that cannot be said.
            patient: wait for the lock instead of raising Busy.
            ended: called with a job when it has ended in any way.
        """
        self._ledger, self._lock, self._make_worker, self._work_for = ledger, lock, make_worker, work_for
        self._patient, self._ended = patient, ended
        self._changed = threading.Condition(threading.RLock())
        self._waiting: dict[str, float] = {}  # job → when its turn may come, by the monotonic clock
        self._current: Run | None = None
        self._holding, self._stopping = False, False
        self._admitting, self._admitted = 0, ""
        self._worker: WorkerClient | None = None
        self._idle_since = 0.0
        self._thread = threading.Thread(target=self._schedule, name="training-queue", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End the current job and give up those that wait, for good."""
        with self._changed:
            self._stopping = True
            for job_id in list(self._waiting):
                self._leave(job_id, STOPPED)
            worker = self._worker
            self._changed.notify_all()
        if worker:
            worker.stop()
        if self._thread.is_alive():
            self._thread.join(5)

    def check_admission(self) -> None:
        """Raise Busy where no job would be admitted now."""
        with self._changed:  # the lock and who holds it do not change at the same moment
            busy = not (self._holding or self._patient) and self._lock.held()
        if busy:
            raise Busy("Server is busy, please wait")

    @contextmanager
    def admitting(self, kind: str) -> Iterator[None]:
        """Hold the lock while jobs of a kind are created, which `put` queues; raises Busy before anything is.

        Work that no job is kept of, such as inference on a list of images, is done within.
        """
        with self._changed:
            if self._stopping:
                raise Busy("The server is stopping.")
            if not self._holding:
                self._take()
            self._admitting, self._admitted = self._admitting + 1, kind
        try:
            yield
        finally:
            with self._changed:
                self._admitting -= 1
                self._free()
                self._changed.notify_all()

    def put(self, job_id: str) -> None:
        """Queue a job, while `admitting`."""
        with self._changed:
            self._waiting[job_id] = time.monotonic() + PAUSE
            self._worker_started()
            self._changed.notify_all()

    def abort(self, job_id: str) -> None:
        """End a job that waits or runs; it may go on for some two seconds. Another job is left alone."""
        with self._changed:
            if job_id in self._waiting:
                self._leave(job_id, ABORTED)
                self._free()
                self._changed.notify_all()
            elif self._current is not None and self._current.id == job_id:
                self._current.abort()

    def wait_ended(self, job_id: str, timeout: float) -> bool:
        """Wait until a job neither waits nor runs; whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._has(job_id), timeout)

    def shown(self) -> Job | None:
        """The job for which the lock is held, or the next one, as the busy answer has it; None while it is not held."""
        with self._changed:
            job_id = self._current.id if self._current else next(iter(self._waiting), None)
            if not self._holding:
                return None
            if job_id is None:  # it is being created, or none is kept of it
                return Job("", self._admitted, status=Status.WAITING)
            course = self._current.course if self._current else None
            job = self._ledger.get(job_id)
            stage = "train" if job.family == MODEL else "create"
            counts = {stage: course.counts if course else (0, 0)}
            return Job(job.id, job.type.value, job.name, Status.RUNNING, stage, counts)

    def running(self) -> str | None:
        """Id of the job that the worker works on."""
        current = self._current
        return current.id if current else None

    def _has(self, job_id: str) -> bool:
        return job_id in self._waiting or (self._current is not None and self._current.id == job_id)

    def _take(self) -> None:
        try:
            self._lock.acquire()
            self._holding = True
        except Busy:
            if not self._patient:
                raise

    def _free(self) -> None:
        if self._holding and not (self._waiting or self._current or self._admitting):
            self._holding = False
            self._idle_since = time.monotonic()
            self._lock.release()

    def _leave(self, job_id: str, reason: str) -> None:
        """Take a job that waits out of the queue, and with it whatever waits for it."""
        self._waiting.pop(job_id, None)
        self._end(job_id, State.ABORTED, reason)

    def _end(self, job_id: str, state: State, reason: str | None = None, trace: str | None = None) -> None:
        job = self._ledger.get(job_id)
        progress = 100.0 if state is State.DONE else job.progress
        reason = printable(reason) if reason else reason
        ended = self._ledger.note(
            job_id, state=state, finished=time.time(), exception=reason, traceback=trace, progress=progress, eta=None
        )
        if job.family == DATASET and state is not State.DONE:
            for waiting in [each for each in self._waiting if self._dataset_of(each) == job_id]:
                self._leave(waiting, f"The dataset {job.name!r} that it needs is {state}.")
        self._ended(ended)

    def _dataset_of(self, job_id: str) -> str | None:
        found: str | None = self._ledger.get(job_id).details.get("dataset")
        return found

    def _schedule(self) -> None:
        well = True
        while True:
            with self._changed:
                self._changed.wait(self._until() if well else AFTER_ERROR)
                if self._stopping and self._current is None:
                    return self._free()
                well = self._go_on()

    def _go_on(self) -> bool:
        """Do what can be done now; whether that went well."""
        try:
            self._mark_waiting()
            if not self._stopping and (job_id := self._next()) is not None:
                self._begin(job_id)
            self._rest_worker()
        except Exception:
            log.exception("the queue of training jobs goes on after an error")
            return False
        return True

    def _until(self) -> float | None:
        """How long nothing can happen of which nobody tells."""
        now = time.monotonic()
        moments = [due - now for due in self._waiting.values() if due > now]
        if self._waiting and not self._holding:
            moments.append(LOOK_EVERY)
        if self._worker and not self._waiting and self._current is None:
            moments.append(self._idle_since + WARM_SECONDS - now)
        return max(0.0, min(moments)) if moments else None

    def _mark_waiting(self) -> None:
        now = time.monotonic()
        for number, (job_id, due) in enumerate(self._waiting.items()):
            blocked = number > 0 or self._current is not None or not self._holding
            if due <= now and blocked and self._ledger.get(job_id).state is State.INITIALIZED:
                self._ledger.note(job_id, state=State.WAITING)

    def _next(self) -> str | None:
        """The job whose turn it is, with the lock held."""
        if self._current is not None or not self._waiting:
            return None
        job_id, due = next(iter(self._waiting.items()))
        if due > time.monotonic():
            return None
        if not self._holding and not self._lock.held():
            self._take()
        return job_id if self._holding else None

    def _begin(self, job_id: str) -> None:
        del self._waiting[job_id]
        try:
            self._start_run(job_id)
        except Exception as error:
            log.exception("training job %s cannot begin", job_id)
            self._current = None
            try:
                reason = f"The job cannot begin: {error}"
                self._end(job_id, State.ERROR, reason, log_end(self._ledger.get(job_id).folder) or reason)
            finally:
                self._free()
                self._changed.notify_all()

    def _start_run(self, job_id: str) -> None:
        job = self._ledger.get(job_id)
        worked = job.finished - job.started if job.finished and job.started else 0.0
        now = time.time()
        with suppress(OSError):
            os.utime(job.folder)  # for `last_sign`, should the server be killed before anything is written
        job = self._ledger.note(job_id, state=State.RUNNING, started=now - worked, finished=None)
        self._current = Run(job, self._worker_started(), self._ledger)
        threading.Thread(target=self._run, args=(self._current,), name=f"training-{job_id}", daemon=True).start()

    def _run(self, run: Run) -> None:
        state, reason, trace = State.DONE, None, None
        try:
            run.do(self._work_for(run.job))
        except Exception as error:
            state, reason = self._verdict(run, error)
            if state is State.ERROR:
                trace = log_end(run.job.folder) or reason
                log.warning("training job %s failed: %s", run.id, reason)
        finally:
            with self._changed:
                self._current = None
                try:
                    self._end(run.id, state, reason, trace)
                finally:  # whatever happens, the others have their turn
                    self._free()
                    self._changed.notify_all()

    def _verdict(self, run: Run, error: Exception) -> tuple[State, str]:
        if self._stopping:
            return State.ABORTED, STOPPED
        if run.aborted:
            return State.ABORTED, ABORTED
        if isinstance(error, JobAborted):
            return State.ABORTED, error.message
        if isinstance(error, WorkerDied) and (how := error.facts.get("reason")):
            return (
                State.ERROR,
                f"The training process ended ({how}). What was kept before stays; the job can be resumed.",
            )
        if isinstance(error, ExplorerError):
            return State.ERROR, error.message
        log.error("training job %s failed", run.id, exc_info=error)
        return State.ERROR, f"{type(error).__name__}: {error}"

    def _worker_started(self) -> WorkerClient:
        if self._worker is None:
            self._worker = self._make_worker()
            self._worker.start()
        return self._worker

    def _rest_worker(self) -> None:
        """End a worker that has had nothing to do for a while: it has gigabytes of libraries in memory."""
        idle = not self._waiting and self._current is None
        if self._worker and idle and time.monotonic() - self._idle_since >= WARM_SECONDS:
            worker, self._worker = self._worker, None
            threading.Thread(target=worker.stop, name="training-rest", daemon=True).start()
