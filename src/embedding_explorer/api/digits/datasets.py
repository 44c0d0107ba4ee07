"""Datasets (contract, 4)."""

import base64
from html import escape
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits import shell
from embedding_explorer.api.digits.answers import answer, markup, wants_json
from embedding_explorer.api.digits.creation import created_dataset, creating
from embedding_explorer.api.digits.details import Details
from embedding_explorer.api.digits.fields import read_form, whole_of
from embedding_explorer.api.digits.forms import CLASSIFICATION_DATASET, EXAMPLE, EXPLORE, GENERIC_DATASET
from embedding_explorer.api.digits.pages import check_extension, job_page
from embedding_explorer.api.digits.routes import ID, Field, Route
from embedding_explorer.errors import InvalidFields, JobNotFound, NotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import JobType, TrainingJob
from embedding_explorer.training.datasets import (
    count_shown,
    explore,
    extensions_json,
    label_filter,
    make_example,
    parse_classification_form,
    parse_example_form,
    parse_generic_form,
    statistics,
)

EXTENSION = "<undotted:extension>"
# What shows the results of a generic model; only the raw values are shown here.
VIEWS = [{"id": "all-raw-data", "title": "Raw Data"}]
JOB = Field("job_id", text="Id of a dataset.", required=True)
CREATED = "Create a dataset"


class Datasets:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> list[Route]:
        """All of them."""
        images, generic = "/datasets/images", "/datasets/generic"
        classification = f"{images}/classification"
        return [
            Route("POST", classification, self.create_classification, f"{CREATED} of images with classes", "both",
                  CLASSIFICATION_DATASET),
            Route("POST", f"{generic}/create/{EXTENSION}", self.create_generic, f"{CREATED} of an extension", "both",
                  GENERIC_DATASET),
            Route("POST", f"{images}/generic", self.create_prebuilt, "Not offered: databases made elsewhere", "both"),
            Route("GET", "/datasets/extensions", self.extensions, "Kinds of generic datasets", "json"),
            Route("GET", f"/datasets/{ID}", self.dataset, "A dataset", "both"),
            Route("GET", f"/datasets/{ID}/statistics", self.statistics, "Images of each class in each set", "json"),
            Route("GET", "/datasets/summary", self.summary, "A dataset in short", "both", query=(JOB,)),
            Route("GET", f"{classification}/explore", self.explore_classes, "A page of a dataset's images", "both",
                  query=EXPLORE),
            Route("GET", f"{generic}/explore", self.explore_generic, "A page of a dataset's images", "both",
                  query=EXPLORE),
            Route("POST", f"{images}/resize-example", self.resize_example, "What a resize mode does", "both", EXAMPLE),
        ]  # fmt: skip

    def create_classification(self) -> Response:
        """Of folders, lists or a bucket."""
        service, kind = self.runtime.training, JobType.CLASSIFICATION_DATASET
        with creating(self.runtime, "new-classification-dataset", kind) as request:
            files = request.form.paths()
            parse_classification_form(request.values, files, service.places(), service.bounds)
            job = service.create_dataset(request.draft, kind, request.values, request.user, files=files)
        return created_dataset(job)

    def create_generic(self, extension: str) -> Response:
        """Of an extension."""
        service, kind = self.runtime.training, JobType.GENERIC_DATASET
        check_extension(extension)
        with creating(self.runtime, "new-generic-dataset", kind, extension) as request:
            parse_generic_form(extension, request.values, service.places(), service.bounds)
            job = service.create_dataset(
                request.draft, kind, request.values, request.user, files={}, extension=extension
            )
        return created_dataset(job)

    def create_prebuilt(self) -> Response:
        """Refused."""
        with creating(self.runtime, "new-generic-dataset", JobType.GENERIC_DATASET):
            reason = "Databases made elsewhere are not taken; create the dataset from folders or lists of images."
            raise InvalidFields(reason, {"method": [reason]})

    def extensions(self) -> Response:
        """What generic datasets there may be, and what shows their results."""
        return answer({"data": extensions_json(), "view": VIEWS})

    def dataset(self, id: str) -> Response:
        """One dataset."""
        job = self._get(id)
        if wants_json():
            return answer(Details(self.runtime.training).dataset(job))
        return markup(job_page(job))

    def statistics(self, id: str) -> Response:
        """Counts, so far."""
        job = self._get(id)
        try:
            found = statistics(self.runtime.training.dataset(id), f"/files/{id}/mean.jpg")
        except NotFound:  # it ended before it was planned
            found = {"labels": None, "sets": []}
        return answer({"id": id, "status": str(job.state)} | found)

    def summary(self) -> Response:
        """A fragment of a page."""
        job = self._get(read_form(self.runtime.settings).required("job_id"))
        shown = Details(self.runtime.training).dataset(job)
        if wants_json():
            return answer(shown)
        sets = ((task["name"], task.get("entries", task.get("entry_count"))) for task in tasks_of(shown))
        head = [("Id", job.id), ("Type", job.type), ("Status", job.state)]
        return markup(f"<h2>{escape(job.name)}</h2>\n{shell.facts([*head, *sets])}")

    def explore_classes(self) -> Response:
        """Of a classification dataset."""
        return self._explore(JobType.CLASSIFICATION_DATASET, "train", "explore-classification")

    def explore_generic(self) -> Response:
        """Of a generic dataset."""
        return self._explore(JobType.GENERIC_DATASET, "train_db/features", "explore-generic")

    def resize_example(self) -> Response:
        """The sample picture, resized."""
        pictures, storage = parse_example_form(read_form(self.runtime.settings).values(), self.runtime.training.bounds)
        example = make_example(pictures, storage)
        image = f"data:image/png;base64,{base64.b64encode(example.png).decode()}"
        if wants_json():
            return answer({"image": image, "bytes": example.size})
        return markup(f'<img src="{image}" alt="Example">\n<p>{example.size} bytes</p>\n')

    def _explore(self, kind: JobType, db: str, page: str) -> Response:
        job = self._get(read_form(self.runtime.settings).required("job_id"))
        if job.type is not kind:
            raise BadRequest(f"The job {job.id} is no {kind} but of the type {job.type}.")
        query = request.args
        db, label = query.get("db") or db, label_filter(query.get("label"))
        number, size = whole_of(query.get("page"), "page", 0), whole_of(query.get("size"), "size", 25, least=1)
        dataset = self.runtime.training.dataset(job.id)
        if wants_json():
            return answer({"job_id": job.id} | explore(dataset, db, number, size, label).to_json())
        inner = shell.facts([("Dataset", job.name), ("Set", db), ("Images", count_shown(dataset, db, label))])
        return markup(shell.page(f"Images of {job.name}", inner, page=page, job=job.id))

    def _get(self, id: str) -> TrainingJob:
        """A dataset; raises JobNotFound, for jobs of other families, too."""
        job = self.runtime.training.get(id)
        if job.family != "dataset":
            raise JobNotFound(f"The job {id} is no dataset.", job=id)
        return job


def tasks_of(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks that write sets."""
    found: list[dict[str, Any]] = shown.get("CreateDbTasks") or shown.get("create_db_tasks") or []
    return found
