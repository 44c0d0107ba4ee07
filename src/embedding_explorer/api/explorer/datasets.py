"""Routes of any dataset: list, manifest, coordinates, pictures, neighbours, export."""

import re
from http import HTTPStatus
from typing import Any

from flask import Response, send_file
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel

from embedding_explorer.api.bodies import receive_json
from embedding_explorer.api.busy import ask_worker
from embedding_explorer.api.explorer import models
from embedding_explorer.api.explorer.coordinates import dataset_answer, load_points, placed_answer
from embedding_explorer.api.explorer.exports import export_answer
from embedding_explorer.api.explorer.pictures import posted_picture
from embedding_explorer.api.wire import ResponseCache, etag_of, file_answer, freshness
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.manifest import Manifest
from embedding_explorer.datasets.neighbors import neighbors, neighbors_of
from embedding_explorer.datasets.pictures import picture
from embedding_explorer.errors import ImageNotFound
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.reducers import find_reducer

NOT_FOUND: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {404: models.Error}
MOST_JSON = 4096  # bytes of a change: a name and a switch
NUMBER = re.compile(r"\d{1,12}", re.ASCII)


def add_routes(bp: APIBlueprint, runtime: Runtime, responses: ResponseCache) -> None:
    """Everything below /dataset/<hash>, and the list."""
    store = runtime.store

    @bp.get("/dataset", responses={200: models.DatasetsAnswer}, summary="All datasets")
    def list_datasets() -> dict[str, Any]:
        main = store.main()
        return {"datasets": [brief(manifest, main) for manifest in store.list()]}

    @bp.get("/dataset/<hash>", responses=NOT_FOUND, summary="The manifest of a dataset")
    def manifest(path: models.HashPath) -> dict[str, Any]:
        return store.get(path.hash).manifest.to_json()

    @bp.patch("/dataset/<hash>", responses={400: models.Error, **NOT_FOUND}, summary="Rename it or make it main")
    def change(path: models.HashPath) -> dict[str, Any]:
        dataset_id = store.get(path.hash).id
        body = receive_json(models.DatasetChange, stall=runtime.settings.upload_stall_seconds, most=MOST_JSON)
        if body.name is not None:
            store.rename(dataset_id, body.name)
        if body.main:
            store.set_main(dataset_id)
        return store.get(dataset_id).manifest.to_json()

    @bp.delete("/dataset/<hash>", responses=NOT_FOUND, summary="Remove a dataset")
    def delete(path: models.HashPath) -> Response:
        store.delete(path.hash)
        return Response(status=204)

    @bp.get(
        "/dataset/<hash>/features/<reducer>",
        responses={200: models.FeaturesAnswer, 400: models.Error, 404: models.Error, 409: models.Error},
        summary="Coordinates of a dataset",
    )
    def features(path: models.FeaturesPath, query: models.SpaceQuery) -> Response:
        dataset = store.get(path.hash)
        find_reducer(path.reducer)
        if query.space == "own" or dataset.id == store.get("main").id:
            return dataset_answer(responses, dataset, path.reducer, named=path.hash != "main")
        arguments = {"dataset": dataset.id, "target": store.get("main").id, "reducer": path.reducer}
        return placed_answer(dataset, load_points(ask_worker(runtime, "place_in", arguments)))

    @bp.get("/dataset/<hash>/tilemap", responses=NOT_FOUND, summary="The first tilemap (JPEG)")
    def dataset_tilemap(path: models.HashPath) -> Response:
        return tilemap_answer(store.get(path.hash), "000", path.hash)

    @bp.get("/dataset/<hash>/tilemaps/<id>", responses=NOT_FOUND, summary="A tilemap (JPEG)")
    def dataset_tilemap_of_range(path: models.DatasetTilemapPath) -> Response:
        return tilemap_answer(store.get(path.hash), path.id, path.hash)

    @bp.get("/dataset/<hash>/images/<n>", responses=NOT_FOUND, summary="A picture: its original if kept, else its tile")
    def image(path: models.ImagePath) -> Response:
        dataset = store.get(path.hash)
        content, mimetype = picture(dataset, number(path.n))
        return send_file(content, mimetype=mimetype, etag=etag_of(dataset.id, "image", path.n), conditional=True)

    @bp.get(
        "/dataset/<hash>/neighbors/<n>",
        responses={200: models.NeighborsAnswer, 404: models.Error, 409: models.Error},
        summary="Nearest images of an image",
    )
    def neighbors_by_index(path: models.ImagePath, query: models.NeighborsQuery) -> dict[str, Any]:
        return listed(neighbors(store.get(path.hash), number(path.n), query.k))

    @bp.post(
        "/dataset/<hash>/neighbors",
        responses={200: models.NeighborsAnswer, 400: models.Error, 404: models.Error, 409: models.Error},
        summary="Nearest images of an uploaded picture",
    )
    def neighbors_by_picture(path: models.HashPath, query: models.NeighborsQuery) -> dict[str, Any]:
        dataset = store.get(path.hash)
        with posted_picture(runtime) as posted:
            vector = ask_worker(runtime, "embed_image", {"dataset": dataset.id, "image": str(posted)})
        return listed(neighbors_of(dataset, vector, query.k))

    @bp.get("/dataset/<hash>/export.<format>", responses={400: models.Error, **NOT_FOUND}, summary="Download a dataset")
    def export(path: models.ExportPath) -> Response:
        return export_answer(responses, store.get(path.hash), path.format)


def brief(manifest: Manifest, main: Dataset | None) -> dict[str, Any]:
    """A dataset in the list."""
    network = manifest.network["name"] if manifest.network else None
    is_main = main is not None and main.id == manifest.id
    return {
        "id": manifest.id,
        "name": manifest.name,
        "total": manifest.total,
        "created": manifest.created,
        "network": network,
        "main": is_main,
    }


def tilemap_answer(dataset: Dataset, range_name: str, asked: str) -> Response:
    """The JPEG of one range."""
    etag = etag_of(dataset.id, "tilemap", range_name)
    return file_answer(dataset.tilemap_path(range_name), "image/jpeg", etag, freshness(asked))


def number(text: str) -> int:
    """An image's number; raises ImageNotFound."""
    if not NUMBER.fullmatch(text):
        raise ImageNotFound(f"{text[:20]!r} is no number of an image.")
    return int(text)


def listed(found: Any) -> dict[str, Any]:
    """Neighbours as JSON."""
    return {"neighbors": [{"index": n.index, "distance": n.distance, "file": n.file} for n in found]}
