"""The training API (NVIDIA DIGITS): datasets, models, inference, pretrained models."""

from typing import Any

from flask import Blueprint, Response, g

from embedding_explorer.api.digits import archives, inference, maps, pretrained, store
from embedding_explorer.api.digits.answers import answer, wants_json
from embedding_explorer.api.digits.datasets import Datasets
from embedding_explorer.api.digits.description import describe
from embedding_explorer.api.digits.errors import concerns, failure
from embedding_explorer.api.digits.events import Events
from embedding_explorer.api.digits.jobs import Jobs
from embedding_explorer.api.digits.models import Models
from embedding_explorer.api.digits.networks import Networks
from embedding_explorer.api.digits.pages import Pages
from embedding_explorer.api.digits.routes import ID, Route, add_routes
from embedding_explorer.api.digits.server import Server
from embedding_explorer.api.digits.tables import Tables
from embedding_explorer.api.event_streams import EventStreams
from embedding_explorer.errors import JobNotFound
from embedding_explorer.jobs.runtime import Runtime

__all__ = ["Training", "concerns", "failure"]


class Training:
    """The routes of this API, and what it does at addresses that it shares with others."""

    def __init__(self, runtime: Runtime, streams: EventStreams) -> None:
        tables = Tables()
        self._runtime = runtime
        self._server, self._jobs = Server(runtime, tables), Jobs(runtime)
        self._events = Events(runtime, tables, streams)
        parts = (self._server, self._jobs, self._events, Datasets(runtime), Models(runtime), Networks(runtime),
                 Pages(runtime))  # fmt: skip
        self.routes: list[Route] = [route for part in parts for route in part.routes()]
        self.routes += [
            Route("GET", f"/jobs/{ID}", self.job, "The way to a job's page; JSON where that is selected"),
            Route("GET", f"/jobs/{ID}/json", self.job, "A job"),
        ]
        for each in (inference, archives, pretrained, store, maps):
            self.routes += each.routes(runtime)

    def make(self) -> Blueprint:
        """The blueprint. Only the creation of jobs looks at the busy lock."""
        bp = Blueprint("digits", __name__)
        add_routes(bp, self.routes)
        return bp

    def describe(self, document: dict[str, Any]) -> None:
        """Add its routes to the OpenAPI document."""
        describe(document, self.routes)

    def home(self) -> Response | None:
        """What `/` answers where JSON is selected; None for the page."""
        return self._server.index() if wants_json() else None

    def owns(self, id: str) -> bool:
        """Whether an address below `/jobs/<id>` is this API's: all but those of the explorer's jobs."""
        try:
            self._runtime.training.get(id)
        except JobNotFound:
            g.explorer_job = self._is_explorers(id)
            return not g.explorer_job
        return True

    def job(self, id: str) -> Response:
        """Whatever job it is."""
        return self.show(id) if self.owns(id) else answer(self._runtime.jobs.get(id).to_json())

    def show(self, id: str) -> Response:
        """A job as JSON, or the way to its page."""
        return self._jobs.show(id)

    def abort(self, id: str) -> Response:
        """End a job."""
        return self._jobs.abort(id)

    def events(self, id: str) -> Response:
        """A job's progress."""
        return self._events.one(id)

    def _is_explorers(self, id: str) -> bool:
        try:
            self._runtime.jobs.get(id)
        except JobNotFound:
            return False
        return True
