"""The explorer API (WWZD): status, datasets, tilemaps, coordinates, neighbours."""

from flask_openapi3 import APIBlueprint

from embedding_explorer.api import busy
from embedding_explorer.api.explorer import datasets, main_dataset, upload
from embedding_explorer.api.explorer.models import BusyError
from embedding_explorer.api.wire import ResponseCache
from embedding_explorer.jobs.runtime import Runtime


def make(runtime: Runtime) -> APIBlueprint:
    """The blueprint, guarded by the busy lock."""
    bp = APIBlueprint("explorer", __name__, abp_responses={503: BusyError})
    responses = ResponseCache(runtime.settings.data / "cache" / "responses", runtime.settings.response_cache_bytes)
    busy.install(bp, runtime)
    for routes in (main_dataset, upload, datasets):
        routes.add_routes(bp, runtime, responses)
    return bp
