"""What is known of a job of the training API (contract, 1.6 and 1.7)."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

Form = dict[str, str | list[str]]
ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


class State(StrEnum):
    """Where a job, or one of its tasks, is in its life."""

    INITIALIZED = "Initialized"
    WAITING = "Waiting"
    RUNNING = "Running"
    DONE = "Done"
    ABORTED = "Aborted"
    ERROR = "Error"

    @property
    def active(self) -> bool:
        """Whether there is something to come."""
        return self in (State.INITIALIZED, State.WAITING, State.RUNNING)

    @property
    def css(self) -> str:
        """The word that pages colour the state by."""
        return {State.RUNNING: "info", State.DONE: "success", State.ERROR: "danger"}.get(self, "warning")


class JobType(StrEnum):
    """What a job makes; the text is the contract's."""

    CLASSIFICATION_DATASET = "Image Classification Dataset"
    GENERIC_DATASET = "Generic Dataset"
    CLASSIFICATION_MODEL = "Image Classification Model"
    GENERIC_MODEL = "Generic Image Model"
    PRETRAINED = "Pretrained Model"

    @property
    def family(self) -> str:
        """`dataset`, `model` or `pretrained_model`."""
        return _FAMILIES[self]

    @property
    def classification(self) -> bool:
        """Whether labels are classes."""
        return self in (JobType.CLASSIFICATION_DATASET, JobType.CLASSIFICATION_MODEL)


DATASET, MODEL, PRETRAINED_MODEL = "dataset", "model", "pretrained_model"
_FAMILIES = {
    JobType.CLASSIFICATION_DATASET: DATASET,
    JobType.GENERIC_DATASET: DATASET,
    JobType.CLASSIFICATION_MODEL: MODEL,
    JobType.GENERIC_MODEL: MODEL,
    JobType.PRETRAINED: PRETRAINED_MODEL,
}


@dataclass
class TrainingJob:
    """One job; a copy, which changes nothing and is not changed.

    Attributes:
        username: its owner; None for jobs that have none.
        created, started, finished: Unix seconds. After a `resume`, `started` lies so that `elapsed` counts work only.
        progress: 0 to 100.
        exception: why it failed, or who ended it, in a sentence or two.
        traceback: the last lines of the log of a failed job.
        form: what it was created with, for clones; without secrets.
        details: of a model `dataset`, `extension`, `framework` (as it was sent), `network` (`method`, `id`,
            `snapshot`) and `gpus`; of a dataset `extension` and `seed`; of a pretrained model `framework`,
            `image_type`, `resize_mode`, `width`, `height`, `labels` and `files`.
        folder: its own, absolute.
        stage: name of the task under way.
        eta: seconds to go, while it runs and they can be told.
    """

    id: str
    type: JobType
    name: str
    group: str
    notes: str
    username: str | None
    state: State
    created: float
    folder: Path
    started: float | None = None
    finished: float | None = None
    progress: float = 0.0
    exception: str | None = None
    traceback: str | None = None
    form: Form = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    stage: str = ""
    eta: float | None = None

    @property
    def family(self) -> str:
        """`dataset`, `model` or `pretrained_model`."""
        return self.type.family


@dataclass(frozen=True)
class Draft:
    """A job that is about to be created: its id, and its folder with an empty folder `uploads`."""

    id: str
    folder: Path

    @property
    def uploads(self) -> Path:
        """Where uploaded files go."""
        return self.folder / UPLOADS


UPLOADS = "uploads"


def is_id(text: str) -> bool:
    """Whether a text has the form of a job's id."""
    return ID.fullmatch(text) is not None
