"""Routes of the main dataset: what existing frontends use."""

from typing import Any

import numpy as np
from flask import Response
from flask_openapi3 import APIBlueprint

from embedding_explorer import __version__
from embedding_explorer.api.busy import ask_worker
from embedding_explorer.api.explorer.coordinates import array_answer, names_of, slice_answer
from embedding_explorer.api.explorer.models import (
    CoordinatesAnswer,
    Error,
    InfoAnswer,
    SlicePath,
    StatusAnswer,
    TilemapPath,
)
from embedding_explorer.api.explorer.pictures import posted_picture
from embedding_explorer.api.wire import REVALIDATE, ResponseCache, etag_of, file_answer
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.reducers import REDUCERS


def add_routes(bp: APIBlueprint, runtime: Runtime, responses: ResponseCache) -> None:
    """Status, info, tilemaps and coordinates."""
    store = runtime.store

    @bp.get("/status", responses={200: StatusAnswer}, summary="Whether the server is idle")
    def status() -> dict[str, Any]:
        network = runtime.worker.info.get("network")
        device = network and network["device"]
        return {
            "busy": False,
            "version": __version__,
            "network": network,
            "device": device,
            "datasets": runtime.count(),
        }

    @bp.get("/dataset/info", responses={200: InfoAnswer, 404: Error}, summary="The main dataset")
    def info() -> dict[str, Any]:
        manifest = store.get("main").manifest.to_json()
        return {name: manifest[name] for name in ("total", "ranges", "id", "name", "network", "reducers")}

    @bp.get("/tilemaps/<id>", responses={404: Error}, summary="A tilemap of the main dataset (JPEG)")
    def tilemap(path: TilemapPath) -> Response:
        dataset = store.get("main")
        return file_answer(
            dataset.tilemap_path(path.id), "image/jpeg", etag_of(dataset.id, "tilemap", path.id), REVALIDATE
        )

    def coordinates(reducer: str) -> None:
        @bp.get(
            f"/{reducer}/<start>/<end>/standalone",
            endpoint=f"{reducer}_slice",
            responses={200: CoordinatesAnswer, 404: Error},
            summary=f"{reducer.upper()} coordinates of ranges of the main dataset",
        )
        def get_slice(path: SlicePath) -> Response:
            return slice_answer(responses, store.get("main"), reducer, path.start, path.end)

        @bp.post(
            f"/{reducer}/<start>/<end>",
            endpoint=f"{reducer}_with_picture",
            responses={200: CoordinatesAnswer, 400: Error, 404: Error, 409: Error},
            summary=f"An uploaded picture placed by {reducer.upper()} among ranges of the main dataset, appended last",
        )
        def post_picture(path: SlicePath) -> Response:
            dataset = store.get("main")
            first, last, ids = dataset.slice(path.start, path.end)
            with posted_picture(runtime) as picture:
                arguments = {"dataset": dataset.id, "image": str(picture), "reducer": reducer}
                placed = ask_worker(runtime, "place_image", arguments)
            points = np.vstack([dataset.reduction(reducer)[first:last], np.asarray([placed], np.float32)])
            return array_answer(dataset, points, first, last, names_of(ids, reducer), ids)

    for reducer in REDUCERS:
        coordinates(reducer)
