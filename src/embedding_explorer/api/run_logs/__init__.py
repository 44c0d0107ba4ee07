"""The run-logs API (TS-VIS): scalars, media, histograms, graphs, embeddings and hyper-parameters of event files."""

from collections.abc import Sequence

from flask import Blueprint, Flask

from embedding_explorer.api.run_logs import cors
from embedding_explorer.api.run_logs.envelope import failure
from embedding_explorer.api.run_logs.routes import add_routes
from embedding_explorer.jobs.runtime import Runtime

PREFIX = "/api"
__all__ = ["concerns", "failure", "install", "make"]


def concerns(path: str) -> bool:
    """Whether an address belongs to this API, existing or not."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def make(runtime: Runtime) -> Blueprint:
    """The blueprint. None of it is guarded by the busy lock."""
    bp = Blueprint("run_logs", __name__, url_prefix=PREFIX)
    add_routes(bp, runtime.run_logs)
    return bp


def install(app: Flask, origins: Sequence[str]) -> None:
    """What holds for addresses that do not exist, too: which origins may read. To be called last."""
    cors.install(app, origins, concerns)
