"""Single images: their pictures, what is known of them, their neighbours, and search."""

from typing import Any

from flask import Response, send_file
from flask_openapi3 import APIBlueprint

from embedding_explorer.api.busy import ask_worker, need_worker
from embedding_explorer.api.explorer.datasets import listed, number
from embedding_explorer.api.explorer.models import (
    BusyError,
    Error,
    HashPath,
    ImagePath,
    NeighborsAnswer,
    NeighborsQuery,
)
from embedding_explorer.api.explorer.pictures import posted_picture
from embedding_explorer.api.maps.models import PlacedAnswer, RowAnswer, SearchAnswer, SearchQuery
from embedding_explorer.api.wire import ResponseCache, etag_of, freshness, json_answer, not_modified, tagged
from embedding_explorer.datasets.columns import columns
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.neighbors import neighbors, neighbors_of
from embedding_explorer.datasets.pictures import picture
from embedding_explorer.datasets.search import search
from embedding_explorer.jobs.runtime import Runtime


def add_routes(bp: APIBlueprint, runtime: Runtime, cache: ResponseCache) -> None:
    """Pictures, rows, neighbours, search."""
    store = runtime.store

    @bp.get(
        "/maps/<hash>/pictures/<n>",
        responses={404: Error, 409: Error},
        summary="A picture: its original if kept, else its tile",
    )
    def picture_of(path: ImagePath) -> Response:
        return picture_answer(store.get(path.hash), number(path.n), freshness(path.hash))

    @bp.get("/maps/<hash>/rows/<n>", responses={200: RowAnswer, 404: Error, 409: Error}, summary="All about an image")
    def row(path: ImagePath) -> Response:
        return json_answer(row_json(store.get(path.hash), number(path.n)))

    @bp.get(
        "/maps/<hash>/neighbors/<n>",
        responses={200: NeighborsAnswer, 400: Error, 404: Error, 409: Error},
        summary="Nearest images of an image",
    )
    def neighbors_by_row(path: ImagePath, query: NeighborsQuery) -> Response:
        found = neighbors(store.get(path.hash), number(path.n), query.k)
        return json_answer(listed(found), freshness(path.hash))

    @bp.get(
        "/maps/<hash>/search",
        responses={200: SearchAnswer, 400: Error, 404: Error, 409: Error},
        summary="Images by a part of their file name",
    )
    def search_by_name(path: HashPath, query: SearchQuery) -> Response:
        dataset = store.get(path.hash)
        found, images = search(dataset, query.q, query.limit), dataset.images
        rows = [{"index": n, "file": images.file[n], "label": images.label(n)} for n in found.rows]
        return json_answer({"total": found.total, "rows": rows}, freshness(path.hash))

    @bp.post(
        "/maps/<hash>/search",
        responses={200: PlacedAnswer, 400: Error, 404: Error, 409: Error, 413: Error, 503: BusyError},
        summary="Images like an uploaded picture, and its place among them",
    )
    def search_by_picture(path: HashPath, query: NeighborsQuery) -> dict[str, Any]:
        dataset = store.get(path.hash)
        dataset.features()
        need_worker(runtime)
        with posted_picture(runtime) as posted:
            placed = ask_worker(runtime, "look_up", {"dataset": dataset.id, "image": str(posted)})
        found = neighbors_of(dataset, placed["features"], query.k)
        return listed(found) | {"coordinates": placed["coordinates"]}


def picture_answer(dataset: Dataset, row: int, keep: str) -> Response:
    """The original or the tile, as the browser can show it."""
    etag = etag_of(dataset.id, "image", row)
    response = not_modified(etag, keep)
    if response is None:
        with dataset.reading("a tilemap"):
            content, mimetype = picture(dataset, row)
            response = tagged(send_file(content, mimetype=mimetype, conditional=True, etag=etag), etag, keep)
    # A picture is somebody's file: nothing in it may run, whatever it turns out to be.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def row_json(dataset: Dataset, row: int) -> dict[str, Any]:
    """What is known of one image; `columns` has what stands nowhere else in it."""
    dataset.check_index(row)
    image = dataset.images[row]
    original = dataset.image(row) is not None
    points = {name: dataset.reduction(name)[row].tolist() for name in dataset.reducers}
    others = {column.name: column.value(row) for column in columns(dataset, without=image._fields)}
    return {"index": row, **image._asdict(), "original": original, "coordinates": points, "columns": others}
