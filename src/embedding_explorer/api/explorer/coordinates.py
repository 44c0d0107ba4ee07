"""Coordinates on the wire: JSON, raw float32 or Arrow, without a Python list on the way."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from flask import Response
from numpy.typing import NDArray

from embedding_explorer.api.wire import (
    ARROW,
    BINARY,
    FOR_EVER,
    JSON,
    REVALIDATE,
    ResponseCache,
    etag_of,
    not_modified,
    section_answer,
    tagged,
    wanted,
)
from embedding_explorer.datasets.dataset import Dataset, reduction_path
from embedding_explorer.datasets.export import arrow_rows, arrow_stream

ROW_BYTES = 12  # three float32


def slice_answer(cache: ResponseCache, dataset: Dataset, reducer: str, start: str, end: str) -> Response:
    """Ranges `start` to `end` of the main dataset; raises RangeNotFound."""
    first, last, ids = dataset.slice(start, end)
    return answer(cache, dataset, reducer, first, last, names_of(ids, reducer), ids, REVALIDATE)


def names_of(ids: list[str], reducer: str) -> dict[str, Any]:
    """The tilemaps' ids as the main dataset's answers have them; older frontends read UMAP's second name."""
    return {"tilemap_ids": ids} | ({"tilemaps": ids} if reducer == "umap" else {})


def dataset_answer(cache: ResponseCache, dataset: Dataset, reducer: str, named: bool) -> Response:
    """A whole dataset; `named`: asked for by its id, so the answer never changes."""
    freshness = FOR_EVER if named else REVALIDATE
    return answer(cache, dataset, reducer, 0, dataset.total, {}, list(dataset.manifest.ranges), freshness)


def answer(
    cache: ResponseCache,
    dataset: Dataset,
    reducer: str,
    first: int,
    last: int,
    names: dict[str, Any],
    ids: list[str],
    freshness: str,
) -> Response:
    """Images `first` to `last` (exclusive) in the form that the client asks for."""
    points = dataset.reduction(reducer)
    headers = headers_of(last - first, ids)
    media, parts = wanted(JSON, BINARY, ARROW), (dataset.id, reducer, first, last, *names)
    if media == BINARY:
        return raw_section(dataset, reducer, first, last, parts, freshness, headers)
    if media == ARROW:
        return cache.answer(
            parts, ARROW, lambda: arrow_stream(dataset, reducer, first, last), freshness, headers, dataset.id
        )
    return cache.answer(parts, JSON, lambda: json_body(points[first:last], names), freshness, headers, dataset.id)


def raw_section(
    dataset: Dataset,
    reducer: str,
    first: int,
    last: int,
    parts: tuple[object, ...],
    freshness: str,
    headers: dict[str, str],
) -> Response:
    """The bytes of the reduction's own file: rows are float32 little-endian there too."""
    path = reduction_path(dataset.folder, reducer)
    etag = etag_of(*parts, BINARY)
    response = not_modified(etag, freshness)
    if response is None:
        offset = path.stat().st_size - ROW_BYTES * (dataset.total - first)
        response = tagged(section_answer(path, offset, ROW_BYTES * (last - first), BINARY), etag, freshness)
    response.headers.update(headers)
    return response


def placed_answer(dataset: Dataset, points: NDArray[np.float32]) -> Response:
    """A whole dataset at coordinates (N, 3) of the main one's space, which may be another one's tomorrow."""
    response = array_answer(dataset, points, 0, dataset.total, {}, list(dataset.manifest.ranges))
    etag = etag_of(hashlib.sha256(response.get_data()).hexdigest())
    return not_modified(etag, REVALIDATE) or tagged(response, etag, REVALIDATE)


def array_answer(
    dataset: Dataset, points: NDArray[np.float32], first: int, last: int, names: dict[str, Any], ids: list[str]
) -> Response:
    """Coordinates (N, 3) made for this request: of images `first` to `last` (exclusive), and of what came with it."""
    media = wanted(JSON, BINARY, ARROW)
    if media == BINARY:
        body = points.astype("<f4").tobytes()
    elif media == ARROW:
        body = arrow_rows(dataset, points, first, last)
    else:
        body = json_body(points, names)
    return Response(body, mimetype=media, headers=headers_of(len(points), ids))


def headers_of(total: int, ids: list[str]) -> dict[str, str]:
    """What binary forms cannot say themselves."""
    return {"X-Total": str(total), "X-Tilemap-Ids": ",".join(ids)}


def json_body(points: NDArray[np.float32], names: dict[str, Any]) -> bytes:
    """`{"features": [[x, y, z], …], …names, "total": N}`; each number the shortest that gives its float32 back."""
    body: dict[str, Any] = {"features": np.ascontiguousarray(points), **names, "total": len(points)}
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def load_points(path: Path) -> NDArray[np.float32]:
    """Coordinates (N, 3) from a .npy file."""
    points: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    return points
