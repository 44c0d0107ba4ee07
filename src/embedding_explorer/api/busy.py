"""The busy answer: given before a request's body is read."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from embedding_explorer.api.bodies import answer_before_body
from embedding_explorer.errors import Busy, LimitExceeded
from embedding_explorer.jobs.bounded import SECONDS
from embedding_explorer.jobs.records import Job
from embedding_explorer.jobs.runtime import Runtime

RETRY_AFTER = 5  # seconds
TURN_WAIT = 10.0  # seconds that a request waits for others' short tasks; a job takes minutes, and threads are few
# A short task may take so many times EXPLORER_INFERENCE_SECONDS: a registered network is loaded and tried, and runs then,
# each within that bound. Placing goes through a whole dataset.
TIMES, TIMES_PLACING = 3, 15
# What needs the worker or changes datasets; under EXPLORER_BUSY_SCOPE=writes only these are guarded.
READS = ("GET", "HEAD")
STATUS = "/status"


def install(bp: Blueprint, runtime: Runtime) -> None:
    """Guard every route of a blueprint while a job holds the lock."""

    @bp.before_request
    def guard() -> Response | None:
        if request.method == "OPTIONS" or only_reads(runtime):
            return None
        job = runtime.jobs.busy()
        return None if job is None else busy_answer(runtime, job)

    answer_busy(bp, runtime)


def answer_busy(bp: Blueprint, runtime: Runtime) -> None:
    """Let Busy, wherever a blueprint's routes raise it, be the busy answer."""

    @bp.errorhandler(Busy)
    def lost_the_race(error: Busy) -> Response:
        return busy_answer(runtime, runtime.jobs.busy())


def only_reads(runtime: Runtime) -> bool:
    """Whether the request may go on during a job: it needs nothing but files, and does not ask whether there is one."""
    needs_worker = request.args.get("space") == "main"
    asks_for_it = request.path == STATUS
    return runtime.settings.busy_scope == "writes" and request.method in READS and not (needs_worker or asks_for_it)


def need_worker(runtime: Runtime) -> None:
    """Raise Busy while a job has the worker: for single routes of a blueprint that is not guarded as a whole."""
    if runtime.jobs.busy() is not None:
        raise Busy("Server is busy, please wait")


def ask_worker(runtime: Runtime, task: str, arguments: dict[str, Any]) -> Any:
    """The result of a short task of the worker; raises Busy while a job has it, or others take too long.

    Raises LimitExceeded where the task itself does: the worker is free for others then.
    """
    need_worker(runtime)
    seconds = runtime.settings.inference_seconds * (TIMES_PLACING if task == "place_in" else TIMES)
    try:
        return runtime.worker.call(task, arguments, wait=TURN_WAIT, seconds=seconds)
    except TimeoutError as error:
        message = f"{error} That is the limit of this server: send something smaller, or raise {SECONDS}."
        raise LimitExceeded(message, setting=SECONDS) from error


def busy_answer(runtime: Runtime, job: Job | None) -> Response:
    """503 with the job that holds the lock."""
    body: dict[str, Any] = {"error": "Server is busy, please wait", "busy": True, "job": job.brief() if job else None}
    response = jsonify(body)
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return answer_before_body(response, runtime.settings.max_upload_bytes)
