"""The pages: shells with what can be said in text, for scripts to fill (contract, 1.1 and the web pages of 2)."""

from html import escape

from flask import Response, request
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits import shell
from embedding_explorer.api.digits.answers import answer, markup, wants_json
from embedding_explorer.api.digits.details import Details
from embedding_explorer.api.digits.fields import read_form
from embedding_explorer.api.digits.identity import asked_to_log_in
from embedding_explorer.api.digits.routes import ID, Route
from embedding_explorer.errors import JobNotFound, NotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import TrainingJob
from embedding_explorer.training.datasets import EXTENSIONS

EXTENSION = "<undotted:extension>"
PAGES = {"dataset": "dataset", "model": "model", "pretrained_model": "pretrained-model"}


class Pages:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> list[Route]:
        """All of them."""
        images = "/models/images"
        return [
            Route("GET", "/training", self.home, "The training pages"),
            Route("GET", f"/pretrained_models/{ID}", self.pretrained, "The page of a pretrained model"),
            Route("GET", "/datasets/images/classification/new", self.new_dataset, "The page of a form"),
            Route("GET", f"/datasets/generic/new/{EXTENSION}", self.new_generic_dataset, "The page of a form"),
            Route("GET", f"{images}/classification/new", self.new_model, "The page of a form"),
            Route("GET", f"{images}/generic/new", self.new_generic_model, "The page of a form"),
            Route("GET", f"{images}/generic/new/{EXTENSION}", self.new_generic_model, "The page of a form"),
            Route("GET", f"{images}/classification/large_graph", self.large_graph, "The page of a training's graphs"),
            Route("GET", f"{images}/generic/large_graph", self.large_graph, "The page of a training's graphs"),
        ]

    def home(self) -> Response:
        """Datasets, models and pretrained models."""
        jobs = self.runtime.training.list()
        heads = (("dataset", "Datasets"), ("model", "Models"), ("pretrained_model", "Pretrained models"))
        inner = "".join(
            f"<h2>{head}</h2>\n{shell.links(link_to(job) for job in jobs if job.family == family)}"
            for family, head in heads
        )
        inner += f"<h2>New</h2>\n{shell.links(NEW)}"
        return markup(shell.page("Training", inner, page="home"))

    def pretrained(self, id: str) -> Response:
        """One pretrained model."""
        job = self.runtime.training.get(id)
        if job.family != "pretrained_model":
            raise JobNotFound(f"The job {id} is no pretrained model.", job=id)
        return answer(Details(self.runtime.training).pretrained(job)) if wants_json() else markup(job_page(job))

    def new_dataset(self) -> Response:
        """A form for a classification dataset."""
        return self._form("New image classification dataset", "new-classification-dataset")

    def new_generic_dataset(self, extension: str) -> Response:
        """A form for a generic dataset."""
        check_extension(extension)
        return self._form(f"New {EXTENSIONS[extension].title} dataset", "new-generic-dataset", extension)

    def new_model(self) -> Response:
        """A form for a classification model."""
        return self._form("New image classification model", "new-classification-model")

    def new_generic_model(self, extension: str = "") -> Response:
        """A form for a generic model."""
        if extension:
            check_extension(extension)
        return self._form("New generic image model", "new-generic-model", extension)

    def large_graph(self) -> Response:
        """Graphs as large as the window."""
        id = read_form(self.runtime.settings).required("job_id")
        job = self.runtime.training.get(id)
        if job.family != "model":
            raise BadRequest(f"The job {id} is no model.")
        return markup(shell.page(f"Graphs of {job.name}", shell.links([link_to(job)]), page="large-graph", job=id))

    def _form(self, title: str, page: str, extension: str = "") -> Response:
        refused = asked_to_log_in(read_form(self.runtime.settings))
        if refused is not None:
            return refused
        clone = request.args.get("clone", "")
        if clone:
            self.runtime.training.get(clone)
        inner = "<p>This form needs JavaScript; the same can be sent with any HTTP client (see /docs).</p>\n"
        return markup(shell.page(title, inner, page=page, data={"extension": extension, "clone": clone}))


NEW = (
    ("/datasets/images/classification/new", "Image classification dataset"),
    *((f"/datasets/generic/new/{each.id}", f"{each.title} dataset") for each in EXTENSIONS.values()),
    ("/models/images/classification/new", "Image classification model"),
    ("/models/images/generic/new", "Generic image model"),
)


def check_extension(extension: str) -> None:
    """Raise NotFound for an extension that is not known."""
    if extension not in EXTENSIONS:
        raise NotFound(f"There is no dataset extension {extension[:80]!r}; there are {', '.join(EXTENSIONS)}.")


def link_to(job: TrainingJob) -> tuple[str, str]:
    """The page of a job, and what a link to it says."""
    return f"/{job.family}s/{job.id}", f"{job.name} ({job.state})"


def job_page(job: TrainingJob) -> str:
    """The page of a job: its name, id and status, and after a failure the reason."""
    inner = shell.facts(
        [
            ("Id", job.id), ("Type", job.type), ("Status", job.state), ("Owner", job.username), ("Group", job.group),
            ("Notes", job.notes), ("Progress", f"{int(job.progress)} %"), ("Reason", job.exception),
        ]
    )  # fmt: skip
    if job.traceback:
        inner += f"<pre>{escape(job.traceback)}</pre>\n"
    ways = [(f"/{job.family}s/{job.id}.json", "All of it as JSON")]
    if dataset := job.details.get("dataset"):
        ways.append((f"/datasets/{dataset}", "Its dataset"))
    if job.family != "pretrained_model":
        ways.append((f"/clone/{job.id}", "Another one like it"))
    return shell.page(job.name or job.id, inner + shell.links(ways), page=PAGES[job.family], job=job.id)
