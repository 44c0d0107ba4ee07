"""The networks API (Deepomatic v0.7): registered and public networks, inference, tasks."""

from flask import Flask
from flask_openapi3 import APIBlueprint, Tag

from embedding_explorer.api.networks import credentials
from embedding_explorer.api.networks.routes import add_routes
from embedding_explorer.jobs.runtime import Runtime

TAG = Tag(
    name="networks", description="Networks of your own: register them, run them on pictures (Deepomatic networks v0.7)."
)
PREFIX = "/v0.7"


def concerns(path: str) -> bool:
    """Whether an address belongs to this API, existing or not."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def make(runtime: Runtime) -> APIBlueprint:
    """The blueprint. None of it is guarded by the busy lock."""
    bp = APIBlueprint("networks", __name__, url_prefix=PREFIX, abp_tags=[TAG])
    add_routes(bp, runtime)
    return bp


def install(app: Flask, keys: str) -> None:
    """What holds for addresses that do not exist, too: credentials."""
    credentials.install(app, keys, concerns)
