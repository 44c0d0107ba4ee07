"""What is known of a job, and how far it is."""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where a job is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


STAGES = ("unpack", "decode", "tilemaps", "features", "pca", "umap")
FINISHED = (Status.DONE, Status.FAILED, Status.ABORTED)


@dataclass
class Job:
    """One job. `stages` maps a stage to its (done, total) counts; `stage` is the one under way."""

    id: str
    kind: str
    name: str = ""
    status: Status = Status.WAITING
    stage: str = ""
    stages: dict[str, tuple[int, int]] = field(default_factory=dict)
    created: str = ""
    started: str | None = None
    finished: str | None = None
    error: str | None = None
    error_type: str | None = None
    result: dict[str, Any] | None = None

    @property
    def done(self) -> int:
        """Count of the stage under way."""
        return self.stages.get(self.stage, (0, 0))[0]

    @property
    def total(self) -> int:
        """What the stage under way counts to; 0 while it is not known."""
        return self.stages.get(self.stage, (0, 0))[1]

    def progress(self, stage: str, done: int, total: int) -> None:
        """Note how far `stage` is. Of stages that overlap, the latest unfinished one is the one under way."""
        self.stages = {**self.stages, stage: (done, total)}  # a new one: other threads iterate over the old
        unfinished = [name for name, (count, most) in self.stages.items() if count < most]
        self.stage = max(unfinished, key=_order, default=stage)

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return asdict(self) | {"done": self.done, "total": self.total}

    def brief(self) -> dict[str, Any]:
        """The part that the busy answer carries."""
        return {"id": self.id, "kind": self.kind, "stage": self.stage, "done": self.done, "total": self.total}


def _order(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def new_job(kind: str, name: str = "") -> Job:
    """A job of `kind` with an id of the form 20160809-103210-ccbf."""
    return Job(id=new_id(), kind=kind, name=name, created=timestamp())


def new_id() -> str:
    """Local time, since users read it, and four digits drawn by chance."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def timestamp(moment: datetime | None = None) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return (moment or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
