"""The explorer API (WWZD): status, datasets, tilemaps, coordinates, neighbours."""

from flask_openapi3 import APIBlueprint, Tag

from embedding_explorer.api import busy
from embedding_explorer.api.explorer import datasets, main_dataset, upload
from embedding_explorer.api.explorer.models import BusyError
from embedding_explorer.api.wire import ResponseCache
from embedding_explorer.jobs.runtime import Runtime

TAG = Tag(
    name="explorer",
    description="Uploads, the main dataset and all others. While a job runs, these answer 503 (`EXPLORER_BUSY_SCOPE`).",
)


def make(runtime: Runtime) -> APIBlueprint:
    """The blueprint, guarded by the busy lock."""
    bp = APIBlueprint("explorer", __name__, abp_responses={503: BusyError}, abp_tags=[TAG])
    responses = ResponseCache(runtime.settings.data / "cache" / "responses", runtime.settings.response_cache_bytes)
    busy.install(bp, runtime)
    for routes in (main_dataset, upload, datasets):
        routes.add_routes(bp, runtime, responses)
    return bp
