"""The list of maps, and what one map is made of."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint

from embedding_explorer.api.explorer.models import Error, HashPath
from embedding_explorer.api.maps.models import MOST_THUMBNAILS, MapAnswer, MapsAnswer
from embedding_explorer.api.wire import ResponseCache, json_answer
from embedding_explorer.datasets.column import Column
from embedding_explorer.datasets.columns import columns
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.manifest import Manifest
from embedding_explorer.datasets.positions import box_of
from embedding_explorer.images.overview import SMALL
from embedding_explorer.images.tilemap import CELL, COLUMNS, RANGE, TILE
from embedding_explorer.jobs.runtime import Runtime

VERSION = 1
MOST_SKIPPED = 1000


def add_routes(bp: APIBlueprint, runtime: Runtime, cache: ResponseCache) -> None:
    """The list and the manifests."""
    store, settings = runtime.store, runtime.settings

    @bp.get("/maps", responses={200: MapsAnswer}, summary="All maps, the newest first")
    def maps() -> Response:
        main = store.main()
        listed = [brief(manifest, main) for manifest in store.list()]
        limits = {"images": settings.max_upload_images, "bytes": settings.max_upload_bytes}
        return json_answer({"maps": listed, "limits": limits})

    def manifest(path: HashPath) -> Response:
        dataset, main = store.get(path.hash), store.main()
        return json_answer(described(dataset, is_main=main is not None and main.id == dataset.id))

    for rule in ("/maps/<hash>", "/maps/<hash>/manifest.json"):
        bp.get(
            rule,
            endpoint="manifest" + rule[len("/maps/<hash>") :].replace("/", "_").replace(".", "_"),
            responses={200: MapAnswer, 404: Error, 409: Error},
            summary="All that is needed to draw a dataset",
        )(manifest)


def brief(manifest: Manifest, main: Dataset | None) -> dict[str, Any]:
    """A map in the list."""
    return {
        "id": manifest.id,
        "name": manifest.name,
        "total": manifest.total,
        "created": manifest.created,
        "network": manifest.network.get("name") if manifest.network else None,
        "main": main is not None and main.id == manifest.id,
        "reducers": sorted(manifest.reducers),
        "images_kept": manifest.images_kept,
    }


def described(dataset: Dataset, *, is_main: bool) -> dict[str, Any]:
    """The manifest of a map."""
    manifest, base = dataset.manifest, f"/maps/{dataset.id}"
    found = columns(dataset)
    return {
        "version": VERSION,
        "id": dataset.id,
        "name": manifest.name,
        "total": dataset.total,
        "created": manifest.created,
        "main": is_main,
        "network": manifest.network,
        "source": manifest.source,
        "images_kept": manifest.images_kept,
        "features": manifest.features,
        "skipped": list(manifest.skipped[:MOST_SKIPPED]),
        "skipped_total": len(manifest.skipped),
        "reductions": {name: reduction(dataset, name) for name in dataset.reducers},
        "columns": [column_json(dataset, column) for column in found],
        **sheets(base, len(manifest.ranges)),
        "clusters": {"url": f"{base}/clusters", "made": any(column.name == "cluster" for column in found)},
        "search": f"{base}/search",
        "neighbors": f"{base}/neighbors/{{n}}",
        "pictures": f"{base}/pictures/{{n}}",
        "rows": f"{base}/rows/{{n}}",
        "export": f"{base}/export.{{format}}",
        "preview": f"{base}.png",
    }


def reduction(dataset: Dataset, name: str) -> dict[str, Any]:
    """Where the positions of a reduction are, and how they were made."""
    return {
        "url": f"/maps/{dataset.id}/positions/{name}",
        "box": box_of(dataset.reduction(name)).tolist(),
        "parameters": dataset.manifest.reducers[name],
    }


def column_json(dataset: Dataset, column: Column) -> dict[str, Any]:
    """A column and where its values are."""
    return {**column.to_json(), "url": f"/maps/{dataset.id}/columns/{column.name}"}


def sheets(base: str, count: int) -> dict[str, Any]:
    """Where pictures are, and the geometry of their sheets."""
    return {
        "tilemaps": {
            "url": f"{base}/tilemaps/{{range}}",
            "pitch": CELL,
            "picture": TILE,
            "columns": COLUMNS,
            "images": RANGE,
            "count": count,
        },
        "overview": {"url": f"{base}/overview/{{range}}", "cell": SMALL, "columns": COLUMNS},
        "thumbnails": {
            "url": f"{base}/thumbnails",
            "pitch": TILE,
            "picture": TILE,
            "columns": COLUMNS,
            "most": MOST_THUMBNAILS,
        },
    }
