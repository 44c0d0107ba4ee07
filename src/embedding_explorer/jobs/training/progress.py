"""How far a job is: its tasks, percent, and the time that is left."""

import time
from collections.abc import Sequence
from typing import Any

from embedding_explorer.errors import NotFound
from embedding_explorer.jobs.training.records import DATASET, State, TrainingJob
from embedding_explorer.training.datasets import TrainingDataset
from embedding_explorer.training.datasets.plan import Plan, create_name, load_parsed
from embedding_explorer.training.datasets.splits import SETS

TRAIN = "Train Model"
SURE_AFTER = 1.0  # percent; the time that is left is not told from less


def task_names(plan: Plan) -> list[str]:
    """The tasks of a dataset in order (contract, 4.7 and 4.9.5)."""
    if plan.kind == "generic":
        return [_generic_name(name) for name in SETS]
    return [*plan.parse, *(create_name(name) for name in plan.sets)]


def job_tasks(job: TrainingJob) -> list[tuple[str, State]]:
    """The tasks of a job with their states: what is done stays so, whatever becomes of the job."""
    if job.family != DATASET:
        return [(TRAIN, job.state)] if job.family == "model" else [("Upload Pretrained Model", job.state)]
    try:
        dataset = TrainingDataset(job.folder)
    except NotFound:
        return []
    done = {each["name"] for each in load_parsed(job.folder)}
    naming = _generic_name if dataset.plan.kind == "generic" else create_name
    done |= {naming(name) for name in SETS if (state := dataset.state(name)) is not None and state.done}
    return [(name, _task_state(job, name, name in done)) for name in task_names(dataset.plan)]


def _generic_name(name: str) -> str:
    return f"Create {name}_db DB"


def _task_state(job: TrainingJob, name: str, done: bool) -> State:
    if done or job.state is State.DONE:
        return State.DONE
    if job.state is State.RUNNING and name != job.stage:
        return State.WAITING
    return job.state


class Course:
    """Turns the counts of one job's stages into its progress."""

    def __init__(self, job: TrainingJob) -> None:
        self.counts = (0, 0)
        self._tasks: Sequence[str] = [name for name, _ in job_tasks(job)]
        self._progress = job.progress
        self._first: tuple[float, float] | None = None  # moment and percent
        self._end: tuple[float, float] | None = None  # percent, and the moment of the end as it looked then

    def follow(self, stage: str, done: int, total: int) -> dict[str, Any]:
        """The values of the job's record after `done` of `total` in a stage."""
        self.counts = (done, total)
        number = self._tasks.index(stage) if stage in self._tasks else 0
        share = min(1.0, done / total) if total else 0.0
        percent = 100 * (number + share) / max(1, len(self._tasks))
        # Stages may count twice: progress shown never falls.
        self._progress = max(self._progress, percent)
        return {"stage": stage, "progress": self._progress, "eta": self._eta(percent)}

    def _eta(self, percent: float) -> float | None:
        now = time.monotonic()
        if self._first is None or percent < self._first[1]:
            self._first = now, percent
        since, start = self._first
        if percent - start < SURE_AFTER:
            return None
        if self._end is None or self._end[0] != percent:  # the same percent told again says nothing new
            self._end = percent, now + (now - since) * (100 - percent) / (percent - start)
        return round(max(0.0, self._end[1] - now), 1)
