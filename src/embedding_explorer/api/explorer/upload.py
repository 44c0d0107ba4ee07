"""POST /dataset: a ZIP of pictures becomes a dataset."""

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint

from embedding_explorer.api.bodies import receive_file
from embedding_explorer.api.explorer.models import Error, JobStarted, UploadQuery
from embedding_explorer.api.wire import ResponseCache
from embedding_explorer.datasets.store import MAX_NAME
from embedding_explorer.errors import BadInput
from embedding_explorer.jobs.records import Job
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.jobs.snapshot_networks import resolved
from embedding_explorer.settings import Settings


@dataclass(frozen=True)
class Upload:
    """An archive that arrived whole."""

    path: str
    name: str
    key: str


def add_routes(bp: APIBlueprint, runtime: Runtime, responses: ResponseCache) -> None:
    """The upload."""
    jobs = runtime.jobs

    @bp.post(
        "/dataset",
        responses={202: JobStarted, 400: Error, 408: Error, 413: Error, 500: Error, 507: Error},
        summary="Make a dataset of an archive of pictures (ZIP, 7z, tar); answers with its id when it is finished",
    )
    def create_dataset(query: UploadQuery) -> Response:
        runtime.networks.check_extraction(query.network, query.layer, query.pooling)
        query.network = resolved(query.network, runtime.settings)
        query.limit = limit_of(query, runtime.settings)
        job = jobs.begin("dataset", query.name or "")
        with jobs.failing(job):
            upload = receive(runtime, job, query)
            known = known_dataset(runtime, upload.key)
            if known is None:
                arguments = build_arguments(runtime, job, upload, query)
                future = jobs.start(job, "build", arguments, remember(runtime, upload))
        if known is not None:
            jobs.finish(job, result=known)
            return created(known)
        if prefers_async():
            return accepted(job)
        return created(future.result())


def limit_of(query: UploadQuery, settings: Settings) -> int:
    """Most images of the dataset; raises BadInput for more than the setting allows."""
    most = settings.max_upload_images
    if query.limit is not None and query.limit > most:
        raise BadInput(f"limit={query.limit} is over {most} (EXPLORER_MAX_UPLOAD_IMAGES).")
    return query.limit or most


def receive(runtime: Runtime, job: Job, query: UploadQuery) -> Upload:
    """Write the upload to the job's staging folder, counting its bytes as the job's progress."""
    settings = runtime.settings
    file, given = receive_file(
        runtime.jobs.staging_of(job),
        stall=settings.upload_stall_seconds,
        most=settings.max_upload_bytes,
        setting="EXPLORER_MAX_UPLOAD_BYTES",
        report=runtime.jobs.report,
        check=runtime.jobs.check,
    )
    name = query.name or PurePath(given.replace("\\", "/")).stem
    name = "".join(c for c in name if c.isprintable()).strip()[:MAX_NAME] or "upload"
    job.name = name
    options = query.model_dump(exclude={"name"}) | {"recipe": runtime.recipe()}
    return Upload(str(file.path), name, f"{file.sha256.hexdigest()} {json.dumps(options, sort_keys=True)}")


def known_dataset(runtime: Runtime, key: str) -> dict[str, Any] | None:
    """The result of the same upload before, if its dataset still exists."""
    outcome = runtime.catalog.outcome_of_upload(key)
    return outcome if outcome is not None and outcome["dataset"] in runtime.store else None


def remember(runtime: Runtime, upload: Upload) -> Any:
    """What notes which dataset an upload became."""
    return lambda result: runtime.catalog.remember_upload(upload.key, result)


def build_arguments(runtime: Runtime, job: Job, upload: Upload, query: UploadQuery) -> dict[str, Any]:
    """The build task's arguments."""
    return {
        "source": upload.path,
        "staging": str(runtime.jobs.staging_of(job) / "dataset"),
        "name": upload.name,
        "kind": "upload",
        "network": {"network": query.network, "layer": query.layer, "pooling": query.pooling},
        "limit": query.limit,
        "labels": query.labels,
        "keep_images": runtime.settings.keep_images,
        "recognise": True,
        "discard_source": True,
    }


def prefers_async() -> bool:
    """Whether the client wants an answer before the work is done (RFC 7240)."""
    return "respond-async" in request.headers.get("Prefer", "").lower()


def created(result: dict[str, Any]) -> Response:
    """The bare id."""
    headers = {"X-Dataset-Skipped": str(result["skipped"]), "X-Dataset-Total": str(result["total"])}
    return Response(result["dataset"], mimetype="text/plain", headers=headers)


def accepted(job: Job) -> Response:
    """202 with the job."""
    response = jsonify({"job": job.to_json()})
    response.status_code = 202
    response.headers["Location"] = f"/jobs/{job.id}.json"
    response.headers["Preference-Applied"] = "respond-async"
    return response
