"""The maps API: what a frontend needs to draw datasets of any size. Reads go on while a job runs."""

from flask_openapi3 import APIBlueprint, Tag

from embedding_explorer.api import busy
from embedding_explorer.api.maps import agreement, arrays, clusters, exports, images, manifest, preview, sheets
from embedding_explorer.api.maps.sheets import Sheets
from embedding_explorer.api.wire import ResponseCache
from embedding_explorer.jobs.runtime import Runtime

TAG = Tag(name="maps", description="For pages that draw maps of their own; all of it stays readable during a job.")
MAKERS = 2  # bodies made at the same time: a first look at a large dataset asks for hundreds of overviews at once


def make(runtime: Runtime) -> APIBlueprint:
    """The blueprint. Only what needs the worker answers 503 while a job holds the lock."""
    bp = APIBlueprint("maps", __name__, abp_tags=[TAG])
    settings = runtime.settings
    cache = ResponseCache(settings.data / "cache" / "maps", settings.response_cache_bytes, MAKERS)
    busy.answer_busy(bp, runtime)
    cut = Sheets(cache)
    for routes in (manifest, arrays, images, agreement, clusters, exports):
        routes.add_routes(bp, runtime, cache)
    sheets.add_routes(bp, runtime, cache, cut)
    preview.add_routes(bp, runtime, cut)
    return bp
