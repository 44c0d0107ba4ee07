"""Jobs of the whole server: state, progress as server-sent events, abort."""

import time
from collections.abc import Iterator
from typing import Protocol

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from embedding_explorer.api.event_streams import EventStreams, event
from embedding_explorer.api.explorer.models import Error, JobAnswer
from embedding_explorer.jobs.records import FINISHED
from embedding_explorer.jobs.runtime import Runtime

TAG = Tag(name="jobs", description="Work in the background: its progress, and its end.")
EVENT_EVERY = 0.1  # seconds between two events at the least
LOOK_EVERY = 1.0  # … and at the most between two looks at a job


class JobPath(BaseModel):
    """A job."""

    id: str = Field(description="Id of a job, e.g. `20160809-103210-ccbf`.")


class Missing(BaseModel):
    """What there is not, in the form of the training API, which knows jobs of all kinds."""

    type: str
    message: str
    description: str


class JobMissing(BaseModel):
    """There is no such job."""

    error: Missing


class OtherJobs(Protocol):
    """Jobs of another API at the same addresses; unknown ones are among them."""

    def owns(self, id: str) -> bool:
        """Whether a job is one of them."""

    def show(self, id: str) -> Response:
        """A job."""

    def abort(self, id: str) -> Response:
        """The end of a job."""

    def events(self, id: str) -> Response:
        """A job's progress."""


def make(runtime: Runtime, others: OtherJobs, streams: EventStreams) -> APIBlueprint:
    """The blueprint. None of it is guarded by the busy lock."""
    bp = APIBlueprint("jobs", __name__, abp_tags=[TAG])
    jobs = runtime.jobs

    @bp.get("/jobs/<id>.json", responses={200: JobAnswer, 404: JobMissing}, summary="A job")
    def job(path: JobPath) -> Response:
        return others.show(path.id) if others.owns(path.id) else jsonify(jobs.get(path.id).to_json())

    @bp.get(
        "/jobs/<id>/events", responses={404: JobMissing, 429: Error}, summary="A job's progress as server-sent events"
    )
    def events(path: JobPath) -> Response:
        if others.owns(path.id):
            return others.events(path.id)
        jobs.get(path.id)
        return streams.answer(progress(runtime, path.id))

    @bp.post("/jobs/<id>/abort", responses={202: JobAnswer, 404: JobMissing, 409: Error}, summary="End a job")
    def abort(path: JobPath) -> Response:
        if others.owns(path.id):
            return others.abort(path.id)
        response = jsonify(jobs.abort(path.id).to_json())
        response.status_code = 202
        return response

    return bp


def progress(runtime: Runtime, job_id: str) -> Iterator[bytes]:
    """`progress` for each change, and `end` for the last; nothing, as empty bytes, at looks that find nothing new."""
    last: object = None
    while True:
        job = runtime.jobs.get(job_id)
        shown = job.to_json()
        ended = job.status in FINISHED
        yield event("end" if ended else "progress", shown) if shown != last else b""
        if ended:
            return
        last = shown
        time.sleep(EVENT_EVERY)
        runtime.jobs.wait_change(LOOK_EVERY)
