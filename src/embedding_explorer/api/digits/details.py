"""The JSON of a job: datasets, models and pretrained models (contract, 4.8, 4.9.5, 5.9 and 7.4)."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from embedding_explorer import __version__
from embedding_explorer.errors import JobNotFound, NotFound
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.training.datasets import TrainingDataset, describe
from embedding_explorer.training.figures import whole
from embedding_explorer.training.snapshot_files import list_snapshots, snapshot_name

FRAMEWORK = "pytorch"
NETWORK, SOLVER, LABELS, MEAN = "network.json", "solver.json", "labels.txt", "mean.npy"
NO_SNAPSHOTS = "no snapshots"


class Details:
    """Jobs as the API shows them. One for each request: datasets of many models are read once."""

    def __init__(self, service: TrainingService) -> None:
        self.service = service
        self._datasets: dict[str, dict[str, Any]] = {}

    def of(self, job: TrainingJob) -> dict[str, Any]:
        """The detailed JSON."""
        if job.family == "dataset":
            return self.dataset(job)
        return self.model(job) if job.family == "model" else self.pretrained(job)

    def dataset(self, job: TrainingJob) -> dict[str, Any]:
        """A dataset, as far as it is."""
        return brief(job) | {"directory": str(job.folder)} | self._described(job) | added(job)

    def model(self, job: TrainingJob) -> dict[str, Any]:
        """A model with its snapshots."""
        epochs = [whole(epoch) for epoch in self.service.snapshots(job.id)]
        logs = f"/logs?run={job.id}" if self.service.in_run_logs(job.id) else None
        more = {"directory": str(job.folder), "snapshots": epochs, "run_logs": logs}
        return self.created_model(job) | more | added(job)

    def created_model(self, job: TrainingJob) -> dict[str, Any]:
        """A model as its creation answers, and as lists show it."""
        data, mean = self._data(job), mean_of(job)
        classification = job.type.classification
        snapshots = self.service.snapshots(job.id)
        shown: dict[str, Any] = brief(job) | {
            "job id": job.id,
            "dataset_id": job.details.get("dataset"),
            "username": job.username,
            "creation time": f"{datetime.fromtimestamp(job.created):%Y-%m-%d %H:%M:%S.%f}",
            "framework": FRAMEWORK,
            "requested framework": job.details.get("framework", FRAMEWORK),
            "digits version": __version__,
            "image dimensions": dimensions(data),
            "mean file": "" if mean == "none" else MEAN,
            "mean subtraction": mean,
            "model file": NETWORK,
            "network file": NETWORK,
            "solver file": SOLVER,
            "snapshot file": snapshot_name(snapshots[-1]) if snapshots else NO_SNAPSHOTS,
        }
        if classification:
            shown |= {"labels file": LABELS, "image resize mode": data.get("resize_mode")}
        return shown

    def created_models(self) -> list[dict[str, Any]]:
        """All models, but for those that are deleted meanwhile."""
        found = []
        for job in self.service.list("model"):
            with suppress(JobNotFound):
                found.append(self.created_model(job))
        return found

    def pretrained(self, job: TrainingJob) -> dict[str, Any]:
        """A pretrained model."""
        snapshots = list_snapshots(job.folder) if job.folder.is_dir() else {}
        shown: dict[str, Any] = {
            "directory": str(job.folder),
            "framework": job.details.get("framework", FRAMEWORK),
            "has_labels": bool(job.details.get("labels")),
            **{key: job.details.get(key) for key in ("image_type", "resize_mode", "width", "height")},
            "model file": NETWORK,
            "snapshot file": snapshot_name(max(snapshots)) if snapshots else NO_SNAPSHOTS,
        }
        return brief(job) | added(job) | shown

    def _data(self, job: TrainingJob) -> dict[str, Any]:
        """What the dataset of a model says of itself."""
        dataset = str(job.details.get("dataset", ""))
        if dataset not in self._datasets:
            try:
                self._datasets[dataset] = describe(self.service.dataset(dataset))
            except NotFound:
                self._datasets[dataset] = {}
        return self._datasets[dataset]

    def _described(self, job: TrainingJob) -> dict[str, Any]:
        try:
            return describe(TrainingDataset(job.folder))
        except NotFound:  # its folder has gone, or it ended before it was planned
            if job.type is JobType.CLASSIFICATION_DATASET:
                return {"ParseFolderTasks": [], "CreateDbTasks": [], "resize_mode": None}
            return {"feature_dims": None, "create_db_tasks": [], "extension": job.details.get("extension", "")}


def brief(job: TrainingJob) -> dict[str, Any]:
    """The short form of a job."""
    return {"id": job.id, "name": job.name, "status": str(job.state)}


def added(job: TrainingJob) -> dict[str, Any]:
    """What this server says of every job beyond DIGITS."""
    return {
        "type": str(job.type),
        "username": job.username,
        "group": job.group,
        "notes": job.notes,
        "progress": percent(job),
        **failure(job),
        "reason": job.exception,
        "traceback": job.traceback,
    }


def failure(job: TrainingJob) -> dict[str, str | None]:
    """Why a job failed; one that somebody ended has not."""
    return {"exception": job.exception if job.state is State.ERROR else None}


def percent(job: TrainingJob) -> int:
    """How far it is, 0 to 100."""
    return max(0, min(100, int(job.progress)))


def dimensions(data: dict[str, Any]) -> list[int] | None:
    """Height, width and channels of a dataset's images; None while they are not known."""
    if tasks := data.get("CreateDbTasks"):
        height, width, channels = (int(tasks[0][f"image_{side}"]) for side in ("height", "width", "channels"))
        return [height, width, channels]
    shape: list[int] | None = data.get("feature_dims")
    return shape


def mean_of(job: TrainingJob) -> str:
    """What the training subtracts: none, image or pixel."""
    value = job.form.get("use_mean", "image")
    return value if value in ("none", "image", "pixel") else "image"
