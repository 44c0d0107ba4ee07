"""The server as a whole: lists, GPUs, login, path completion, files (contract, 1.4, 1.6, 3.1 to 3.3 and 3.11)."""

import socket
from functools import cache
from importlib import metadata
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest

from embedding_explorer import __version__
from embedding_explorer.api.digits import shell
from embedding_explorer.api.digits.answers import answer, markup, moved
from embedding_explorer.api.digits.completion import completions
from embedding_explorer.api.digits.details import Details, brief
from embedding_explorer.api.digits.fields import read_form
from embedding_explorer.api.digits.files import file_of
from embedding_explorer.api.digits.identity import COOKIE, INVALID, inside, is_name
from embedding_explorer.api.digits.routes import ID, Field, Route
from embedding_explorer.api.digits.tables import Tables
from embedding_explorer.jobs.runtime import Runtime

FRAMEWORKS = ("torch", "torchvision")
NEXT = Field("next", text="Where to go on, on this host.")


class Server:
    """Its routes."""

    def __init__(self, runtime: Runtime, tables: Tables) -> None:
        self.runtime, self.tables = runtime, tables

    def routes(self) -> list[Route]:
        """All of them."""
        query = (Field("query", text="The beginning of an absolute path."),)
        user = (Field("username", required=True), NEXT)
        return [
            Route("GET", "/index", self.index, "Version, datasets and models", "json"),
            Route("GET", "/completed_jobs", self.completed, "The tables of the home page", "json"),
            Route("GET", f"/jobs/{ID}/table_data", self.table_data, "One row of the tables", "json"),
            Route("GET", "/gpus", self.gpus, "GPUs and processor", "json"),
            Route("GET", "/login", self.login_page, "A form that takes a name", query=(NEXT,)),
            Route("POST", "/login", self.login, "Take a name; no password is asked for", fields=user),
            Route("GET POST", "/logout", self.logout, "Lay the name down", query=(NEXT,)),
            Route("GET", "/autocomplete/path", self.complete, "Paths in the data roots that begin so", query=query),
            Route("GET", "/files/<path:name>", self.file, "A file of a job"),
        ]

    def index(self) -> Response:
        """What there is."""
        service, hardware = self.runtime.training, self.runtime.training.hardware()
        details = Details(service)
        return answer(
            {
                "version": __version__,
                "jobs_dir": str(service.jobs_dir),
                "server_name": self.runtime.settings.server_name or socket.gethostname(),
                "datasets": [brief(job) for job in service.list("dataset")],
                "models": details.created_models(),
                "gpus_total": hardware["total"],
                "gpus_available": hardware["available"],
                "framework_versions": framework_versions(),
            }
        )

    def completed(self) -> Response:
        """Rows of all jobs."""
        return answer(self.tables.completed(self.runtime.training))

    def table_data(self, id: str) -> Response:
        """One row."""
        service = self.runtime.training
        return answer({"job": self.tables.row(service, service.get(id))})

    def gpus(self) -> Response:
        """What there is to compute on."""
        return answer(self.runtime.training.hardware())

    def login_page(self) -> Response:
        """A form."""
        return markup(shell.login_page(inside(request.args.get("next")) or ""))

    def login(self) -> Response:
        """Set the cookie, which holds the bare name."""
        form = read_form(self.runtime.settings)
        name = form.get("username")
        if name is None:
            raise BadRequest("The field username is required.")
        following = inside(form.get("next"))
        if not is_name(name):
            return markup(shell.login_page(following or "", INVALID))
        response = moved(following or inside(request.referrer) or "/")
        response.set_cookie(COOKIE, name, samesite="Lax")
        return response

    def logout(self) -> Response:
        """Expire the cookie."""
        form = read_form(self.runtime.settings)
        response = moved(inside(form.get("next")) or inside(request.referrer) or "/")
        response.delete_cookie(COOKIE, samesite="Lax")
        return response

    def complete(self) -> Response:
        """Paths that go on as the query begins."""
        return answer({"suggestions": completions(request.args.get("query", ""), self.runtime.training.places())})

    def file(self, name: str) -> Response:
        """A file of a job's folder."""
        return file_of(self.runtime.training, name)


@cache
def framework_versions() -> dict[str, Any]:
    """Versions of what computes; read from their packages' descriptions, without loading them."""
    found = {}
    for name in FRAMEWORKS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
