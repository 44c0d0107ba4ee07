"""The addresses of the API, each answered by the reader of run logs."""

import json
from collections.abc import Callable

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from embedding_explorer.api.run_logs import parameters
from embedding_explorer.api.run_logs.endpoints import ALIASES, ENDPOINTS, INIT, SPELLINGS
from embedding_explorer.api.run_logs.envelope import good, kept
from embedding_explorer.api.run_logs.parameters import Endpoint
from embedding_explorer.api.run_logs.sessions import COOKIE, Chosen, Sessions
from embedding_explorer.api.wire import takes_gzip
from embedding_explorer.jobs.projections import ProjectedLogs

DIALECTS = ("doc", "web")
METHODS = ["GET", "OPTIONS"]
AXIOS = ("application/json", "text/plain")


def add_routes(bp: Blueprint, logs: ProjectedLogs) -> None:
    """Every endpoint under each of its names."""
    sessions = Sessions()
    bp.add_url_rule("/init", "init", only_get(lambda: begin(logs, sessions)), merge_slashes=False)
    for endpoint in ENDPOINTS:
        view = only_get(answering(endpoint, logs, sessions))
        for name in (endpoint.name, *ALIASES.get(endpoint.name, ())):
            bp.add_url_rule(f"/{name}", name, view, merge_slashes=False)


def only_get(view: Callable[[], Response]) -> Callable[[], Response]:
    """HEAD is refused like all other methods, as the contract wants it."""

    def checked() -> Response:
        if request.method != "GET":
            raise MethodNotAllowed(METHODS)
        return view()

    return checked


def answering(endpoint: Endpoint, logs: ProjectedLogs, sessions: Sessions) -> Callable[[], Response]:
    """The view of an endpoint."""

    def view() -> Response:
        query = asked()
        dataset = sessions.chosen(query, request.cookies.get(COOKIE))
        spoken = dialect(query)
        question = {
            "endpoint": endpoint.name,
            "arguments": parameters.read(endpoint, query),
            "user": dataset.user,
            "job": dataset.job,
            "dialect": spoken,
            "packed": takes_gzip(),
        }
        response = kept(logs.ask(question), json.dumps(question))
        response.vary.update(("Accept", "Accept-Encoding") if endpoint.dialects else ("Accept-Encoding",))
        return response

    return view


def begin(logs: ProjectedLogs, sessions: Sessions) -> Response:
    """Open a dataset, and a session for it."""
    query = asked()
    named = parameters.read(INIT, query)
    dataset = Chosen(str(named["id"]), str(named["trainJobName"]))
    waits = {name: named[name] for name in INIT.optional if name in named}
    reply = logs.ask({"endpoint": INIT.name, "arguments": waits, "user": dataset.user, "job": dataset.job})
    session = sessions.open(dataset, sessions.named(query, request.cookies.get(COOKIE)))
    response = good(json.loads(reply.body) | {"session_id": session})
    response.set_cookie(COOKIE, session, path="/", samesite="Lax")
    response.headers["Cache-Control"] = "no-store"
    return response


def asked() -> dict[str, str]:
    """The parameters of a request under the names that are used here; the first value counts."""
    query = request.args.to_dict()
    for name, spellings in SPELLINGS.items():
        query[name] = next((query[each] for each in spellings if query.get(each)), "")
    return query


def dialect(query: dict[str, str]) -> str:
    """How a client wants to be spoken to (contract, chapter 1)."""
    if query.get("dialect") in DIALECTS:
        return query["dialect"]
    accepted = request.headers.get("Accept", "")
    return "web" if all(kind in accepted for kind in AXIOS) else "doc"
