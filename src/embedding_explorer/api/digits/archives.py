"""Downloads of models (contract, 5.12)."""

import json
from collections.abc import Mapping
from pathlib import Path

from flask import Response, request
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits.answers import FRESH
from embedding_explorer.api.digits.details import LABELS, MEAN, NETWORK, SOLVER, Details
from embedding_explorer.api.digits.fields import Form, number_of, read_form
from embedding_explorer.api.digits.inference import snapshot_of
from embedding_explorer.api.digits.routes import ID, Field, Route
from embedding_explorer.errors import JobNotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.training.records import TrainingJob
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.training.archives import DEFAULT, EXTENSIONS, INFO, pack
from embedding_explorer.training.snapshot_files import snapshot_name

MIME = {"tar": "application/x-tar", "tar.bz2": "application/x-bzip2", "zip": "application/zip"}
GZIP = "application/gzip"
EPOCH = Field("epoch", "number", "Which snapshot; the last one where it is absent or -1.")


class Archives:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def routes(self) -> list[Route]:
        """All of them."""
        form, text = (Field("snapshot_epoch", "number"),), "A model as an archive"
        return [
            Route("GET POST", f"/models/{ID}/download", self.download, text, fields=form, query=(EPOCH,)),
            Route("GET POST", f"/models/{ID}/download.<extension>", self.download, text, fields=form, query=(EPOCH,)),
        ]

    def download(self, id: str, extension: str = DEFAULT) -> Response:
        """The files of a snapshot in one archive, written while it is sent."""
        service = self.runtime.training
        job = model_of(service, id)
        if extension not in EXTENSIONS:
            raise BadRequest(f"{extension[:40]!r} is no kind of archive; choose one of {', '.join(EXTENSIONS)}.")
        epoch = epoch_of(read_form(self.runtime.settings))
        wanted = snapshot_of(service, job, epoch).epoch
        assert wanted is not None
        files = files_of(service, job, wanted)
        name = f"{job.id}_epoch_{-1 if epoch is None else epoch}.{extension}"
        headers = FRESH | {"Content-Disposition": f"attachment; filename={name}"}
        return Response(
            pack(files, extension), headers=headers, mimetype=MIME.get(extension, GZIP), direct_passthrough=True
        )


def routes(runtime: Runtime) -> list[Route]:
    """The routes of this part."""
    return Archives(runtime).routes()


def model_of(service: TrainingService, id: str) -> TrainingJob:
    """A model; raises JobNotFound, for jobs of other families, too."""
    job = service.get(id)
    if job.family != "model":
        raise JobNotFound(f"The job {id} is no model.", job=id)
    return job


def epoch_of(form: Form) -> float | None:
    """The epoch that a request names, as a query or in its form; None where it names none. Raises BadRequest."""
    given = number_of(request.args.get("epoch"), "epoch")
    return number_of(form.get("snapshot_epoch"), "snapshot_epoch") if given is None else given


def files_of(service: TrainingService, job: TrainingJob, epoch: float) -> Mapping[str, Path | bytes]:
    """The content of an archive by name."""
    info = Details(service).created_model(job) | {"snapshot file": snapshot_name(epoch)}
    files: dict[str, Path | bytes] = {}
    for key, name in (("snapshot file", snapshot_name(epoch)), ("model file", NETWORK), ("solver file", SOLVER),
                      ("labels file", LABELS), ("mean file", MEAN)):  # fmt: skip
        if (job.folder / name).is_file():
            files[name] = job.folder / name
        elif key in info:
            info[key] = ""
    files[INFO] = json.dumps(info, indent=4, sort_keys=True).encode() + b"\n"
    return files
