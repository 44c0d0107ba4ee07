"""Trained models at work: one image, lists, stored sets, made inputs (contract, chapter 6).

The pages of these routes answer with the JSON of their `.json` form.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Response
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits.answers import FRESH, JSON
from embedding_explorer.api.digits.fields import Form, flag_of, number_of, received, whole_of
from embedding_explorer.api.digits.routes import Field, Route
from embedding_explorer.api.wire import CHUNK
from embedding_explorer.errors import JobNotFound, NotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.inference import Snapshot
from embedding_explorer.jobs.training.records import JobType, TrainingJob
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.training.datasets import Places
from embedding_explorer.training.datasets.splits import SETS
from embedding_explorer.training.datasets.state import FEATURES
from embedding_explorer.training.figures import whole
from embedding_explorer.training.pictures import pictures_of_model
from embedding_explorer.training.snapshot_files import list_snapshots

LAST = -1.0
GRADIENTS = "image-gradients"
MAX_TOP, MAX_DRAWN = 1000, 100_000
SLOPE = 0.5  # slopes lie from -SLOPE to SLOPE, both included
MODEL = (
    Field("job_id", text="Id of a model.", required=True),
    Field("snapshot_epoch", "number", "Which snapshot; the last one where it is absent or -1."),
)
LOOK = Field("show_visualizations", text="Anything: adds what happens inside the network.")
RAW = Field("dont_resize", text="Anything: images are fed at their own size.")
ONE = (
    Field("image_file", "file"),
    Field("image_path", text="A path on the server, or an address where these are enabled; wins over the file."),
)
LIST = (
    Field("image_list", "file", "Paths or addresses, one a line, each with its class or without.", required=True),
    Field("image_folder", text="Put in front of relative paths."),
    Field("num_test_images", "integer", "How many lines count."),
)
TOP = Field("top_n", "integer", "Images of each category.")
DRAWN = (
    Field("gradient_x", "number"),
    Field("gradient_y", "number"),
    Field("test_image_count", "integer", "So many images of slopes drawn by chance."),
)


@dataclass(frozen=True)
class Asked:
    """A request to a model."""

    form: Form
    room: Path
    job: TrainingJob
    snapshot: Snapshot
    places: Places


class Predictions:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> list[Route]:
        """All of them."""
        classes, any_model = "/models/images/classification", "/models/images/generic"
        rows = (
            (f"{classes}/classify_one", self.classify_one, "The best classes of an image", (*ONE, LOOK)),
            (f"{classes}/classify_many", self.classify_many, "The best classes of each image of a list", LIST),
            (f"{classes}/top_n", self.top_n, "The best images of each class", (*LIST, TOP)),
            (f"{any_model}/infer_one", self.infer_one, "What a network gives for an image", (*ONE, LOOK, RAW)),
            (f"{any_model}/infer_many", self.infer_many, "What it gives for each image of a list", (*LIST, RAW)),
            (f"{any_model}/infer_db", self.infer_db, "What it gives for a stored set",
             (Field("db_path", text="Absolute path of a set of a dataset.", required=True), RAW)),
            (f"{any_model}/infer_extension", self.infer_extension, "What it gives for images made on request",
             (*DRAWN, LOOK)),
        )  # fmt: skip
        return [Route("POST", path, view, text, "both", (*MODEL, *fields)) for path, view, text, fields in rows]

    def classify_one(self) -> Response:
        """See 6.2."""
        with self._asked(classification=True) as asked:
            return self._answer("classify_one", asked, image=image_of(asked.form), look=looks(asked.form))

    def classify_many(self) -> Response:
        """See 6.3."""
        with self._asked(classification=True, many=True) as asked:
            return self._answer("classify_many", asked, **list_of(asked))

    def top_n(self) -> Response:
        """See 6.4."""
        with self._asked(classification=True, many=True) as asked:
            count = whole_of(asked.form.get("top_n"), "top_n", 9, least=1)
            if count > MAX_TOP:
                raise BadRequest(f"top_n is at most {MAX_TOP}.")
            return self._answer("top_n", asked, count=count, **list_of(asked))

    def infer_one(self) -> Response:
        """See 6.5."""
        with self._asked() as asked:
            form = asked.form
            return self._answer("infer_one", asked, image=image_of(form), look=looks(form), resize=resizes(form))

    def infer_many(self) -> Response:
        """See 6.6."""
        with self._asked(many=True) as asked:
            return self._answer("infer_many", asked, resize=resizes(asked.form), **list_of(asked))

    def infer_db(self) -> Response:
        """See 6.7."""
        with self._asked(many=True) as asked:
            dataset, name = stored_set(asked.form.required("db_path"), self.runtime.training)
            return self._answer("infer_stored", asked, dataset=str(dataset), set=name, resize=resizes(asked.form))

    def infer_extension(self) -> Response:
        """See 6.8."""
        with self._asked() as asked:
            extension = asked.job.details.get("extension")
            if extension != GRADIENTS:
                raise BadRequest(f"Datasets of the extension {str(extension)[:80]!r} offer no images made on request.")
            slopes, count = slopes_of(asked.form)
            return self._answer("infer_gradients", asked, slopes=slopes, count=count, look=looks(asked.form))

    @contextmanager
    def _asked(self, classification: bool = False, many: bool = False) -> Iterator[Asked]:
        """A request whose files are there, and the model that it names.

        Raises BadRequest: no or another kind of model, no such snapshot. JobNotFound. Busy: for many images, before the
        request is read.
        """
        service = self.runtime.training
        if many:
            service.check_free()
        with self.runtime.inference.room() as room, received(self.runtime.settings, room) as form:
            job = service.get(form.required("job_id"))
            check_kind(job, classification)
            epoch = number_of(form.get("snapshot_epoch"), "snapshot_epoch")
            snapshot = snapshot_of(service, job, epoch)
            yield Asked(form, room, job, snapshot, service.places())

    def _answer(self, kind: str, asked: Asked, **wanted: Any) -> Response:
        path = self.runtime.inference.predict(kind, asked.snapshot, asked.room, asked.places, **wanted)
        return sent(path)


def routes(runtime: Runtime) -> list[Route]:
    """The routes of this part."""
    return Predictions(runtime).routes()


def check_kind(job: TrainingJob, classification: bool) -> None:
    """Raise BadRequest for a job that is no model, or gives no classes where these are asked for."""
    if job.family == "dataset":
        raise BadRequest(f"The job {job.id} is a dataset; job_id must be that of a model.")
    if classification and job.type is JobType.GENERIC_MODEL:
        raise BadRequest(f"The job {job.id} is no classification model; use the routes of generic models.")


def snapshot_of(service: TrainingService, job: TrainingJob, epoch: float | None) -> Snapshot:
    """A model at an epoch; None and -1 mean the last one. Raises BadRequest."""
    known = list_snapshots(job.folder) if job.folder.is_dir() else {}
    if not known:
        raise BadRequest("The model has no snapshot yet; wait for the first one.")
    wanted = max(known) if epoch in (None, LAST) else epoch
    if wanted not in known:
        shown = ", ".join(str(whole(each)) for each in known)
        raise BadRequest(f"There is no snapshot of epoch {epoch:g}; there are {shown[:500]}.")
    return Snapshot(job.folder, wanted, pictures_of_model(job.folder, dataset_folder(service, job)))


def dataset_folder(service: TrainingService, job: TrainingJob) -> Path | None:
    """The folder of a model's dataset, which is there as long as the model is."""
    try:
        return service.get(str(job.details["dataset"])).folder if "dataset" in job.details else None
    except JobNotFound:
        return None


def image_of(form: Form) -> str:
    """The path or address of the image; raises BadRequest where there is none."""
    path = (form.get("image_path") or "").strip()
    if path:
        return path
    if "image_file" not in form.files:
        raise BadRequest("Send an image in the field image_file, or its path in image_path.")
    return str(form.files["image_file"].path)


def list_of(asked: Asked) -> dict[str, Any]:
    """What the answers for lists take; raises BadRequest."""
    form = asked.form
    if "image_list" not in form.files:
        raise BadRequest("Send a file with one image a line in the field image_list.")
    folder = (form.get("image_folder") or "").strip()
    if folder and asked.places.folder(folder) is None:
        raise BadRequest(f"There is no folder {folder[:200]!r} in the data roots (EXPLORER_DATA_ROOTS).")
    most = whole_of(form.get("num_test_images"), "num_test_images", 0, least=1) or None
    return {"list": str(form.files["image_list"].path), "folder": folder, "most": most}


def looks(form: Form) -> bool:
    """Whether what happens inside is wanted."""
    return flag_of(form, "show_visualizations")


def resizes(form: Form) -> bool:
    """Whether images get the size of the dataset."""
    return not flag_of(form, "dont_resize")


def stored_set(text: str, service: TrainingService) -> tuple[Path, str]:
    """The folder of a dataset of this server and the name of its set, of a path that a client named.

    Raises BadRequest for any other path.
    """
    refusal = BadRequest(f"{text[:200]!r} is no set of a dataset here; give <directory>/<feature_db_path> of one.")
    found, root = service.places().folder(text.strip()), service.jobs_dir.resolve()
    if found is None or not found.is_relative_to(root):
        raise refusal
    parts = found.relative_to(root).parts
    names = {f"{name}_db": name for name in SETS}
    if len(parts) != 3 or parts[1] not in names or parts[2] != FEATURES:
        raise refusal
    try:
        return service.dataset(parts[0]).folder, names[parts[1]]
    except NotFound as error:
        raise refusal from error


def slopes_of(form: Form) -> tuple[list[float] | None, int]:
    """Two slopes, or None and how many pairs are to be drawn; raises BadRequest."""
    count = form.get("test_image_count")
    drawn = whole_of(count, "test_image_count", 0)
    if drawn > MAX_DRAWN:
        raise BadRequest(f"test_image_count is at most {MAX_DRAWN}.")
    slopes = [number_of(form.get(name), name) for name in ("gradient_x", "gradient_y")]
    if drawn or (count is not None and count.strip() and None in slopes):
        return None, drawn
    given = [slope for slope in slopes if slope is not None]
    if len(given) < 2 or not all(-SLOPE <= slope <= SLOPE for slope in given):
        raise BadRequest("gradient_x and gradient_y must be numbers from -0.5 to 0.5, unless test_image_count is.")
    return given, 0


def sent(path: Path) -> Response:
    """A file of JSON as an answer; it may be removed once this has returned."""
    file = path.open("rb")
    pieces = iter(lambda: file.read(CHUNK), b"")
    headers = FRESH | {"Content-Length": str(path.stat().st_size)}
    response = Response(pieces, headers=headers, content_type=JSON, direct_passthrough=True)
    response.call_on_close(file.close)
    return response
