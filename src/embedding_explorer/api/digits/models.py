"""Models: creating them, looking at them while they train (contract, 5.1 to 5.10)."""

from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response, request

from embedding_explorer.api.digits.answers import answer, markup, moved, wants_json
from embedding_explorer.api.digits.creation import creating
from embedding_explorer.api.digits.details import Details, percent
from embedding_explorer.api.digits.forms import MODEL
from embedding_explorer.api.digits.pages import check_extension, job_page
from embedding_explorer.api.digits.routes import ID, Field, Route
from embedding_explorer.errors import BadInput, JobNotFound, NotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.training.datasets.stored import pictures_of
from embedding_explorer.training.figures import MAX_POINTS, snapshot_list, whole
from embedding_explorer.training.forms.model import Choices, parse_model_form
from embedding_explorer.training.forms.training import Shape

EXTENSION = "<undotted:extension>"
CULL = Field("cull", "integer", "0: all points of the graphs, not 200 of each.")


class Models:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> list[Route]:
        """All of them."""
        images = "/models/images"
        of_extension = "Train a model on a generic dataset of that extension"
        return [
            Route("GET", f"/models/{ID}", self.model, "A model", "both"),
            Route("GET", f"/models/{ID}/graph", self.graph, "A training so far", "json", query=(CULL,)),
            Route("POST", f"{images}/classification", self.create_classification, "Train a classification model",
                  "both", MODEL),
            Route("POST", f"{images}/generic", self.create_generic, "Train a model on a generic dataset", "both", MODEL),
            Route("POST", f"{images}/generic/{EXTENSION}", self.create_generic, of_extension, "both", MODEL),
        ]  # fmt: skip

    def create_classification(self) -> Response:
        """On a classification dataset."""
        return self._create(JobType.CLASSIFICATION_MODEL, "new-classification-model")

    def create_generic(self, extension: str = "") -> Response:
        """On a generic dataset."""
        if extension:
            check_extension(extension)
        return self._create(JobType.GENERIC_MODEL, "new-generic-model", extension)

    def model(self, id: str) -> Response:
        """One model."""
        job = self._get(id)
        return answer(Details(self.runtime.training).model(job)) if wants_json() else markup(job_page(job))

    def graph(self, id: str) -> Response:
        """Its graphs."""
        most = None if request.args.get("cull") == "0" else MAX_POINTS
        return answer(graph_of(self.runtime.training, self._get(id), most))

    def _create(self, type: JobType, page: str, extension: str = "") -> Response:
        service = self.runtime.training
        with creating(self.runtime, page, type, extension) as creation:
            choices = choices_for(service, type, extension)
            form = parse_model_form(creation.values, choices, creation.form.files)
            jobs = service.create_models(form, creation.values, creation.user, type)
        if not wants_json():
            return moved(f"/models/{jobs[0].id}" if len(jobs) == 1 else "/")
        details = Details(service)
        shown = [details.created_model(job) | {"status": str(State.INITIALIZED)} for job in jobs]
        return answer(shown[0] if len(shown) == 1 else {"jobs": shown})

    def _get(self, id: str) -> TrainingJob:
        """A model; raises JobNotFound, for jobs of other families, too."""
        job = self.runtime.training.get(id)
        if job.family != "model":
            raise JobNotFound(f"The job {id} is no model.", job=id)
        return job


def choices_for(service: TrainingService, type: JobType, extension: str = "") -> Choices:
    """What a form may choose from; with an extension, only datasets of that one."""
    shapes, classes = partial(shape_of, service), partial(classes_of, service)
    choices = replace(service.choices(type), shape_of=shapes, classes_of=classes)
    if not extension:
        return choices
    fitting = [id for id in choices.datasets if service.get(id).details.get("extension") == extension]
    return replace(choices, datasets=fitting)


def shape_of(service: TrainingService, dataset: str) -> Shape | None:
    """What the pictures of a dataset are; None while that is not known."""
    try:
        pictures = pictures_of(service.dataset(dataset))
    except (BadInput, NotFound):
        return None
    return pictures.height, pictures.width, pictures.channels


def classes_of(service: TrainingService, dataset: str) -> int | None:
    """How many labels a dataset has; None while that is not known."""
    try:
        return len(service.dataset(dataset).labels or ()) or None
    except (BadInput, NotFound):
        return None


def graph_of(service: TrainingService, job: TrainingJob, most: int | None = MAX_POINTS) -> dict[str, Any]:
    """The live data of a training, at most `most` points a column."""
    figures = service.figures(job.id)
    return {
        "id": job.id,
        "status": str(job.state),
        "progress": percent(job),
        "epoch": whole(figures.points[-1].epoch) if figures.points else None,
        "eta": job.eta if job.state is State.RUNNING else None,
        "combined_graph": figures.combined_graph(most),
        "lr_graph": figures.rate_graph(most),
        "snapshots": snapshot_list(service.snapshots(job.id)),
        "hardware": hardware_of(service) if job.state is State.RUNNING else None,
    }


def hardware_of(service: TrainingService) -> dict[str, Any]:
    """What a running training computes on."""
    hardware = service.hardware()
    return {"gpus": hardware["gpus"], "cpu": hardware["cpu"]}
