"""Jobs of the whole server: state, progress as server-sent events, abort."""

import json
import time
from collections.abc import Iterator
from typing import Protocol

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field

from embedding_explorer.api.explorer.models import Error, JobAnswer
from embedding_explorer.jobs.records import FINISHED, Job
from embedding_explorer.jobs.runtime import Runtime

EVENT_EVERY = 0.1  # seconds between two events at the least
HEARTBEAT = 10.0  # seconds of silence after which a comment keeps the connection alive


class JobPath(BaseModel):
    """A job."""

    id: str = Field(description="Id of a job, e.g. `20160809-103210-ccbf`.")


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


def make(runtime: Runtime, others: OtherJobs) -> APIBlueprint:
    """The blueprint. None of it is guarded by the busy lock."""
    bp = APIBlueprint("jobs", __name__)
    jobs = runtime.jobs

    @bp.get("/jobs/<id>.json", responses={200: JobAnswer, 404: Error}, summary="A job")
    def job(path: JobPath) -> Response:
        return others.show(path.id) if others.owns(path.id) else jsonify(jobs.get(path.id).to_json())

    @bp.get("/jobs/<id>/events", responses={404: Error}, summary="A job's progress as server-sent events")
    def events(path: JobPath) -> Response:
        if others.owns(path.id):
            return others.events(path.id)
        jobs.get(path.id)
        return Response(stream(runtime, path.id), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})

    @bp.post("/jobs/<id>/abort", responses={202: JobAnswer, 404: Error, 409: Error}, summary="End a job")
    def abort(path: JobPath) -> Response:
        if others.owns(path.id):
            return others.abort(path.id)
        response = jsonify(jobs.abort(path.id).to_json())
        response.status_code = 202
        return response

    return bp


def stream(runtime: Runtime, job_id: str) -> Iterator[bytes]:
    """An event for each change, until one says that the job has ended."""
    last, sent = "", time.monotonic()
    while True:
        job = runtime.jobs.get(job_id)
        text = json.dumps(job.to_json())
        if text != last:
            yield event(job, text)
            last, sent = text, time.monotonic()
        elif time.monotonic() - sent > HEARTBEAT:
            yield b": still here\n\n"
            sent = time.monotonic()
        if job.status in FINISHED:
            return
        time.sleep(EVENT_EVERY)
        runtime.jobs.wait_change(1.0)


def event(job: Job, text: str) -> bytes:
    """One server-sent event: `progress`, or `end` for the last one."""
    name = "end" if job.status in FINISHED else "progress"
    return f"event: {name}\ndata: {text}\n\n".encode()
