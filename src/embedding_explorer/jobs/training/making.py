"""What the worker is told to do for a job, and what forms of models may choose from."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from embedding_explorer.errors import JobAborted
from embedding_explorer.jobs.training.records import Form, JobType, State, TrainingJob
from embedding_explorer.jobs.training.run import Work
from embedding_explorer.jobs.training.starting import has_own_start
from embedding_explorer.training.datasets import Places
from embedding_explorer.training.forms.model import ITS_OWN_START, Choices
from embedding_explorer.training.snapshot_files import WEIGHTS, list_snapshots

_DATASET_OF = {
    JobType.CLASSIFICATION_MODEL: JobType.CLASSIFICATION_DATASET,
    JobType.GENERIC_MODEL: JobType.GENERIC_DATASET,
}


def dataset_work(job: TrainingJob, secrets: Form) -> Work:
    """To create a dataset."""
    arguments = {
        "folder": str(job.folder),
        "type": job.type.value,
        "extension": job.details["extension"],
        "form": job.form | secrets,
        "files": {name: str(job.folder / path) for name, path in job.details["uploads"].items()},
        "seed": job.details["seed"],
    }
    return Work("create_dataset", arguments)


def model_work(job: TrainingJob, dataset: TrainingJob, runs: Path) -> Work:
    """To train a model; raises JobAborted where its dataset is not there."""
    if dataset.state is not State.DONE:
        raise JobAborted(f"The dataset {dataset.name!r} that it needs is {dataset.state}.")
    return Work("train", {"folder": str(job.folder), "dataset": str(dataset.folder), "run": str(runs / job.id)})


def choices_for(type: JobType, jobs: Sequence[TrainingJob], places: Places, gpus: int, max_parameters: int) -> Choices:
    """What the form of a model of that type may choose from."""
    wanted = _DATASET_OF[type]
    usable = {job.id for job in jobs if job.type is wanted and (job.state.active or job.state is State.DONE)}
    models = [job for job in jobs if job.type is type]
    return Choices(
        datasets=usable,
        previous=_Previous(models),
        pretrained={job.id for job in jobs if job.type is JobType.PRETRAINED},
        gpus=gpus,
        weights_file=_weights_in(places),
        classification=type.classification,
        max_parameters=max_parameters,
    )


def epochs_of(folder: Path) -> list[float]:
    """Epochs of the snapshots in a folder, ascending; none where it has just gone."""
    try:
        return list(list_snapshots(folder))
    except FileNotFoundError:
        return []


class _Previous(Mapping[str, Collection[float]]):
    """Model → epochs of its snapshots; only the folders that are asked for are looked into."""

    def __init__(self, models: Sequence[TrainingJob]) -> None:
        self._models = {job.id: job for job in models}

    def __getitem__(self, job_id: str) -> Collection[float]:
        job = self._models[job_id]
        return [*epochs_of(job.folder), *([ITS_OWN_START] if has_own_start(job) else [])]

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)


def _weights_in(places: Places) -> Callable[[str], bool]:
    def usable(path: str) -> bool:
        found = places.file(path)
        return found is not None and found.suffix in WEIGHTS

    return usable
