"""Pretrained models: made of trainings, sent as files or archives, listed (contract, 7.1 to 7.4)."""

from pathlib import Path

from flask import Response, g

from embedding_explorer.api.digits.answers import answer, moved, wants_json
from embedding_explorer.api.digits.archives import EPOCH, epoch_of, model_of
from embedding_explorer.api.digits.details import Details, brief
from embedding_explorer.api.digits.fields import Form, read_form, received
from embedding_explorer.api.digits.forms import named
from embedding_explorer.api.digits.identity import user_of
from embedding_explorer.api.digits.inference import snapshot_of
from embedding_explorer.api.digits.routes import ID, Field, Route
from embedding_explorer.api.digits.tables import Tables
from embedding_explorer.errors import BadInput, JobFailed, JobNotFound, LimitExceeded, StorageFull, WorkerDied
from embedding_explorer.images.limits import Limits
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import Draft, TrainingJob
from embedding_explorer.settings import Settings
from embedding_explorer.training.archives import MAX_ENTRIES, unpack
from embedding_explorer.training.pretrained import Sent, copy_model, finish, parse_upload, read_sent

PLACE = "/?tab=3"  # where the list of pretrained models is
USER = Field("username", text="Who asks, where there is no cookie.")
UNPACKED = "unpacked"


class Pretrained:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.tables = runtime, Tables()

    def routes(self) -> list[Route]:
        """All of them."""
        files = (Field("weights_file", "file", required=True), Field("model_def_file", "file", required=True),
                 Field("labels_file", "file"))  # fmt: skip
        fields = (*named("job_name! framework resize_mode"), *named("image_type width height", "integer"), *files, USER)
        epoch = (Field("snapshot_epoch", "number"), USER)
        archive = (Field("archive", "file", required=True), USER)
        return [
            Route("GET POST", f"/models/{ID}/to_pretrained", self.publish, "Keep a snapshot as a pretrained model",
                  "both", epoch, (EPOCH,)),
            Route("POST", "/pretrained_models/new", self.upload, "Send a pretrained model as files", "both", fields),
            Route("POST", "/pretrained_models/upload_archive", self.upload_archive,
                  "Send a pretrained model as an archive", "both", archive),
            Route("GET", "/pretrained_models", self.list, "All pretrained models", "json"),
            Route("GET", f"/pretrained_models/{ID}", self.show, "A pretrained model", "json"),
        ]  # fmt: skip

    def publish(self, id: str) -> Response:
        """Make a pretrained model of a snapshot."""
        service = self.runtime.training
        form = read_form(self.runtime.settings)
        user, job = user_of(form), model_of(service, id)
        snapshot = snapshot_of(service, job, epoch_of(form))
        assert snapshot.epoch is not None
        with service.drafting() as draft:
            details = copy_model(job.folder, snapshot.epoch, snapshot.pictures, draft.folder)
            made = service.create_pretrained(draft, job.name, user, details)
        return created(made)

    def upload(self) -> Response:
        """Take single files."""
        with self.runtime.training.drafting() as draft, received(self.runtime.settings, draft.uploads) as form:
            user = user_of(form)
            g.form_page = "new-pretrained"
            files = {name: (upload.path, upload.filename) for name, upload in form.files.items()}
            made = keep(self.runtime, draft, parse_upload(form.values(), files), user)
        return created(made)

    def upload_archive(self) -> Response:
        """Take an archive; whatever is wrong with it is the `status` of the answer."""
        with self.runtime.training.drafting() as draft, received(self.runtime.settings, draft.uploads) as form:
            user = user_of(form)
            try:
                sent = read_archive(form, draft.uploads / UNPACKED, self.runtime.settings)
                made = keep(self.runtime, draft, sent, user)
            except (BadInput, LimitExceeded, JobFailed) as error:
                if isinstance(error, StorageFull | WorkerDied):  # the archive is not to blame
                    raise
                return answer({"status": " ".join(error.message.split())}, 400)
        return answer({"status": "success", "id": made.id})

    def list(self) -> Response:
        """Rows."""
        service = self.runtime.training
        return answer({"pretrained_models": [self._row(job) for job in service.list("pretrained_model")]})

    def show(self, id: str) -> Response:
        """One."""
        job = self.runtime.training.get(id)
        if job.family != "pretrained_model":
            raise JobNotFound(f"The job {id} is no pretrained model.", job=id)
        return answer(Details(self.runtime.training).pretrained(job))

    def _row(self, job: TrainingJob) -> dict[str, object]:
        settings = {key: job.details.get(key) for key in ("image_type", "resize_mode", "width", "height")}
        return self.tables.row(self.runtime.training, job) | settings


def routes(runtime: Runtime) -> list[Route]:
    """The routes of this part."""
    return Pretrained(runtime).routes()


def created(job: TrainingJob) -> Response:
    """The answer of a route that makes a pretrained model."""
    return answer(brief(job)) if wants_json() else moved(PLACE)


def read_archive(form: Form, folder: Path, settings: Settings) -> Sent:
    """The model in the archive of a form, unpacked; raises BadInput, LimitExceeded."""
    if "archive" not in form.files:
        raise BadInput("Send an archive in the field archive.")
    folder.mkdir()
    unpack(form.files["archive"].path, folder, limits_of(settings))
    return read_sent(folder)


def limits_of(settings: Settings) -> Limits:
    """The bounds of an archive."""
    return Limits(
        max_bytes=settings.max_upload_bytes,
        max_entries=MAX_ENTRIES,
        max_unpacked_bytes=settings.max_unpacked_bytes,
        max_ratio=settings.max_compression_ratio,
    )


def keep(runtime: Runtime, draft: Draft, sent: Sent, user: str) -> TrainingJob:
    """Check a model that was sent, in a process of its own, and make a job of it, which keeps nothing of what was sent.

    Raises BadInput, LimitExceeded, and what `Inference.import_model` raises.
    """
    labels = sent.label_list()
    found = runtime.inference.import_model(sent.to_import(draft.folder, len(labels)))
    details = finish(draft.folder, sent, labels, found["left"])
    return runtime.training.create_pretrained(draft, sent.name, user, details)
