"""A training service with real worker processes, and small things to train with."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from embedding_explorer.database import Database
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.settings import Settings
from embedding_explorer.training.forms.model import parse_model_form

CLASSES, MODEL = JobType.CLASSIFICATION_DATASET, JobType.CLASSIFICATION_MODEL
ONE_LAYER = json.dumps({"layers": [{"type": "flatten"}, {"type": "linear"}]})
TWO_NUMBERS = json.dumps({"layers": [{"type": "flatten"}, {"type": "linear", "out_features": 2}]})
PATIENCE = 600.0


def shade_folder(folder: Path, classes: int = 2, each: int = 12, side: int = 16) -> Path:
    """A folder of gray pictures whose brightness is their class."""
    random = np.random.default_rng(0)
    for number in range(classes):
        (folder / f"shade_{number}").mkdir(parents=True)
        for index in range(each):
            level = 255 * (number + 0.5) / classes
            pixels = np.clip(random.normal(level, 10, (side, side)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"shade_{number}" / f"{index}.png")
    return folder


class Jobs(TrainingService):
    """The service in a data folder, with short ways to create jobs and to wait."""

    def __init__(self, data: Path, **settings: Any) -> None:
        made = Settings(data=data, device="cpu", **settings)
        self.database, self.lock = Database.of(made), BusyLock(data)
        super().__init__(made, self.database, self.lock)
        self.start()

    def close(self) -> None:
        self.stop()
        self.database.close()

    def make_dataset(self, folder: Path, name: str = "shades", **form: str) -> TrainingJob:
        fields = {"dataset_name": name, "folder_train": str(folder), "resize_channels": "1"}
        size = {"resize_width": "16", "resize_height": "16"}
        with self.drafting() as draft:
            return self.create_dataset(draft, CLASSES, fields | size | form, "bob", files={})

    def make_gradients(self, count: int = 40) -> TrainingJob:
        form = {"dataset_name": "slopes", "train_image_count": str(count), "val_image_count": "10"}
        with self.drafting() as draft:
            return self.create_dataset(
                draft, JobType.GENERIC_DATASET, form, "bob", files={}, extension="image-gradients"
            )

    def make_models(self, dataset: TrainingJob, type: JobType | None = None, /, **form: str) -> list[TrainingJob]:
        type = type or (MODEL if dataset.type is CLASSES else JobType.GENERIC_MODEL)
        text = ONE_LAYER if type is MODEL else TWO_NUMBERS
        fields = {"model_name": "m", "dataset": dataset.id, "method": "custom", "custom_network": text} | form
        parsed = parse_model_form(fields, self.choices(type))
        return self.create_models(parsed, fields, "bob", type)

    def make_model(self, dataset: TrainingJob, type: JobType | None = None, /, **form: str) -> TrainingJob:
        (job,) = self.make_models(dataset, type, **form)
        return job

    def make_long_model(self, dataset: TrainingJob, **form: str) -> TrainingJob:
        """One that takes minutes, with a snapshot every other moment."""
        return self.make_model(dataset, train_epochs="4000", **form)

    def wait_for(self, done: Callable[[], bool], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            shown = [(job.name, job.state, job.exception) for job in self.list()]
            assert time.monotonic() < deadline, shown
            self.wait_change(0.05)

    def ended(self, job: TrainingJob) -> TrainingJob:
        """The job, once it has ended and the queue has gone on."""
        self.wait_for(lambda: not self.get(job.id).state.active)
        assert self._queue.wait_ended(job.id, PATIENCE)
        return self.get(job.id)

    def done(self, job: TrainingJob) -> TrainingJob:
        found = self.ended(job)
        assert found.state is State.DONE, (found.exception, found.traceback)
        return found

    def wait_snapshots(self, job: TrainingJob, count: int) -> None:
        self.wait_for(lambda: len(self.snapshots(job.id)) >= count)

    def worker_pid(self) -> int:
        worker = self._queue._worker
        assert worker and worker.pid
        return worker.pid


@contextmanager
def running(data: Path, **settings: Any) -> Iterator[Jobs]:
    """The service, stopped at the end."""
    jobs = Jobs(data, **settings)
    try:
        yield jobs
    finally:
        jobs.close()
