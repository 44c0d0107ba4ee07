"""Positions and columns: numbers as bytes, for typed arrays."""

from pathlib import Path

from flask import Response, request
from flask_openapi3 import APIBlueprint

from embedding_explorer.api.busy import ask_worker
from embedding_explorer.api.explorer.coordinates import load_points
from embedding_explorer.api.explorer.models import BusyError, Error, FeaturesPath
from embedding_explorer.api.maps.models import ColumnPath, PositionsQuery
from embedding_explorer.api.wire import BINARY, REVALIDATE, ResponseCache, etag_of, freshness, not_modified, tagged
from embedding_explorer.datasets.columns import column
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.placing import check_same_space, placed_path
from embedding_explorer.datasets.positions import Type, positions
from embedding_explorer.jobs.runtime import Runtime
from embedding_explorer.reducers import find_reducer

FLOATS = "application/vnd.embedding-explorer.positions+f32"


def add_routes(bp: APIBlueprint, runtime: Runtime, cache: ResponseCache) -> None:
    """Positions and columns."""
    store = runtime.store

    @bp.get(
        "/maps/<hash>/positions/<reducer>",
        responses={400: Error, 404: Error, 409: Error, 503: BusyError},
        summary="Where the images are: a header of 40 bytes, then one column for each axis",
    )
    def positions_of(path: FeaturesPath, query: PositionsQuery) -> Response:
        dataset, kind = store.get(path.hash), wanted_type(query)
        find_reducer(path.reducer)
        if query.space == "main" and dataset.id != store.get("main").id:
            return placed_answer(runtime, cache, dataset, path.reducer, kind)
        points = dataset.reduction(path.reducer)
        parts = (dataset.id, dataset.manifest.created, "positions", path.reducer, kind)
        return cache.answer(parts, BINARY, lambda: positions(points, kind), freshness(path.hash), owner=dataset.id)

    @bp.get("/maps/<hash>/columns/<name>", responses={404: Error, 409: Error}, summary="A value for each image")
    def column_of(path: ColumnPath) -> Response:
        dataset = store.get(path.hash)
        found = column(dataset, path.name)
        body = found.values.astype(found.values.dtype.newbyteorder("<")).tobytes()
        etag, keep = etag_of(body), freshness(path.hash) if found.lasting else REVALIDATE
        return not_modified(etag, keep) or tagged(Response(body, mimetype=BINARY), etag, keep)


def placed_answer(runtime: Runtime, cache: ResponseCache, dataset: Dataset, reducer: str, kind: Type) -> Response:
    """A dataset in the space of the main one, which may be another tomorrow; needs the worker only once."""
    target, folder = runtime.store.get("main"), runtime.settings.data / "cache" / "placed"
    check_same_space(dataset, target)
    path = placed_path(dataset, target, reducer, folder)
    if not path.exists():
        arguments = {"dataset": dataset.id, "target": target.id, "reducer": reducer}
        path = Path(ask_worker(runtime, "place_in", arguments))
    parts = (dataset.id, dataset.manifest.created, target.id, target.manifest.created, "positions", reducer, kind)
    return cache.answer(parts, BINARY, lambda: positions(load_points(path), kind), REVALIDATE, owner=dataset.id)


def wanted_type(query: PositionsQuery) -> Type:
    """The type that the query or, failing that, the `Accept` header asks for."""
    if query.type is not None:
        return query.type
    return "f32" if request.accept_mimetypes.best_match((BINARY, FLOATS), default=BINARY) == FLOATS else "u16"
