"""The model store: what is offered, and fetching it (contract, 7.5)."""

from html import escape

from flask import Response, request
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits import shell
from embedding_explorer.api.digits.answers import answer, line, markup
from embedding_explorer.api.digits.fields import read_form
from embedding_explorer.api.digits.identity import user_of
from embedding_explorer.api.digits.pretrained import UNPACKED, USER, keep
from embedding_explorer.api.digits.routes import Field, Route
from embedding_explorer.images.remote import listens_on_loopback
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.training.pretrained import read_sent
from embedding_explorer.training.store import Store

MODEL = Field("id", text="Id of a model in the list.", required=True)
REFRESH = Field("refresh", text="1: ask the stores again, which gives new ids.")


class Stores:
    """Their routes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, settings = runtime, runtime.settings
        private = settings.allow_private_urls or listens_on_loopback(settings.host)
        seats = max(1, settings.web_threads // 4)  # each waits in a thread that answers requests
        self.store = Store(settings.model_store_url, settings.max_network_bytes, private, seats)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/store/models", self.models, "What the model stores offer", query=(REFRESH,)),
            Route("GET", "/store/list", self.page, "The same as a page"),
            Route("GET", "/store/push", self.push, "Fetch a model from its store", query=(MODEL, USER)),
            Route("GET", "/store/progress", self.progress, "How far a download is", "both", query=(MODEL,)),
        ]

    def models(self) -> Response:
        """By store."""
        return answer(self.store.models(refresh=request.args.get("refresh") == "1"))

    def page(self) -> Response:
        """A list without any script."""
        parts = []
        for base, found in self.store.models().items():
            names = [str(model["info"].get("name", model["dir_name"])) for model in found["model_list"]]
            shown = "".join(f"<li>{escape(name)}</li>\n" for name in names)
            parts.append(f"<h2>{escape(base)}</h2>\n<p>{escape(found['welcome_msg'])}</p>\n<ul>\n{shown}</ul>\n")
        return markup(shell.page("Model store", "".join(parts) or "<p>No store.</p>\n", page="store"))

    def push(self) -> Response:
        """Download a model and keep it as a pretrained one; the id of its job."""
        user = user_of(read_form(self.runtime.settings))
        with self.runtime.training.drafting() as draft:
            folder = draft.uploads / UNPACKED
            folder.mkdir()
            self.store.fetch(wanted(), folder)
            job = keep(self.runtime, draft, read_sent(folder), user)
        return line(job.id)

    def progress(self) -> Response:
        """Percent; null while nothing of that model is fetched."""
        return answer({"model_id": wanted(), "progress": self.store.progress(wanted())})


def wanted() -> str:
    """The id in the query; raises BadRequest."""
    id = request.args.get("id", "").strip()
    if not id:
        raise BadRequest("The parameter id is required: that of a model in /store/models.")
    return id


def routes(runtime: Runtime) -> list[Route]:
    """The routes of this part."""
    return Stores(runtime).routes()
