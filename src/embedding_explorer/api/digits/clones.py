"""Making a job like another one (contract, 3.10)."""

from typing import Any

from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits.fields import Values
from embedding_explorer.jobs.training.records import JobType, TrainingJob
from embedding_explorer.training.datasets import SECRET_FIELDS

NAMES = {"dataset": "dataset_name", "model": "model_name"}
# Who sent a form, and what it was itself a clone of, are no part of it.
NOT_CLONED = ("username", "clone", "job_id", "next", *SECRET_FIELDS)


def create_path(job: TrainingJob) -> str:
    """The address that creates jobs of its kind; raises BadRequest for those that cannot be cloned."""
    if job.type is JobType.GENERIC_DATASET:
        return f"/datasets/generic/create/{job.details['extension']}"
    paths = {
        JobType.CLASSIFICATION_DATASET: "/datasets/images/classification",
        JobType.CLASSIFICATION_MODEL: "/models/images/classification",
        JobType.GENERIC_MODEL: "/models/images/generic",
    }
    if job.type not in paths:
        raise BadRequest(f"A job of the type {job.type} cannot be cloned.")
    return paths[job.type]


def new_page_of(job: TrainingJob) -> str:
    """The page that shows the form."""
    if job.type is JobType.GENERIC_DATASET:
        return f"/datasets/generic/new/{job.details['extension']}"
    return f"{create_path(job)}/new"


def form_of(job: TrainingJob) -> Values:
    """The form of a job, with the name and group that it has now."""
    form: Values = {name: value for name, value in job.form.items() if name not in NOT_CLONED}
    return form | {NAMES[job.family]: job.name, "group_name": job.group}


def clone_of(job: TrainingJob) -> dict[str, Any]:
    """What `/clone/<id>.json` answers."""
    return {"id": job.id, "type": str(job.type), "create_url": f"{create_path(job)}.json", "form": form_of(job)}


def with_clone(values: Values, job: TrainingJob, type: JobType, extension: str = "") -> Values:
    """The form of another job. Of what was posted only the keys of a bucket count, which no job keeps; fields that
    the other form left out stay out. Raises BadRequest for a job of another kind."""
    create_path(job)
    if job.type is not type or (extension and job.details.get("extension") != extension):
        raise BadRequest(f"The job {job.id} is of the type {job.type}; clone it where such jobs are created.")
    return {name: value for name, value in values.items() if name in SECRET_FIELDS} | form_of(job)
