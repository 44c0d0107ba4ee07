"""What the models of this API do not say of its answers: media types other than JSON, and headers."""

from typing import Any

from embedding_explorer.api.wire import ARROW, BINARY

FILE = {"type": "string", "format": "binary"}
FLOATS = FILE | {"description": "float32, little-endian, (total, 3)."}
COLUMNS = FILE | {"description": "An Arrow stream with the columns x, y, z, range, position, file, label."}
ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
COORDINATES = (
    ("get", "/pca/{start}/{end}/standalone"),
    ("get", "/umap/{start}/{end}/standalone"),
    ("post", "/pca/{start}/{end}"),
    ("post", "/umap/{start}/{end}"),
    ("get", "/dataset/{hash}/features/{reducer}"),
)
FILES = {
    "/tilemaps/{id}": "image/jpeg",
    "/dataset/{hash}/tilemap": "image/jpeg",
    "/dataset/{hash}/tilemaps/{id}": "image/jpeg",
    "/dataset/{hash}/images/{n}": "image/*",
    "/dataset/{hash}/export.{format}": BINARY,
}


def describe(document: dict[str, Any]) -> None:
    """Add it to an OpenAPI document."""
    paths = document["paths"]
    for method, path in COORDINATES:
        found = paths[path][method]["responses"]["200"]
        found["content"] |= {BINARY: {"schema": FLOATS}, ARROW: {"schema": COLUMNS}}
        found["headers"] = headers("X-Total", "X-Tilemap-Ids")
    for path, kind in FILES.items():
        paths[path]["get"]["responses"]["200"] = {"description": "The file", "content": {kind: {"schema": FILE}}}
    paths["/dataset"]["post"]["responses"]["200"] = {
        "description": "The id of the dataset",
        "content": {"text/plain": {"schema": ID}},
        "headers": headers("X-Dataset-Total", "X-Dataset-Skipped"),
    }


def headers(*names: str) -> dict[str, Any]:
    """Headers of an answer."""
    return {name: {"schema": {"type": "string"}} for name in names}
