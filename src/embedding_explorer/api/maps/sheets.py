"""Pictures, many to a sheet: tilemaps, their overviews, and thumbnails of any images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from flask import Response
from flask_openapi3 import APIBlueprint
from numpy.typing import NDArray

from embedding_explorer.api.explorer.datasets import NUMBER, tilemap_answer
from embedding_explorer.api.explorer.models import Error, HashPath
from embedding_explorer.api.maps.models import MOST_THUMBNAILS, RangePath, ThumbnailsQuery
from embedding_explorer.api.wire import ResponseCache, etag_of, freshness, not_modified, tagged
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.manifest import range_id
from embedding_explorer.errors import BadInput
from embedding_explorer.images.overview import make_overview
from embedding_explorer.images.pieces import PieceIndexes, save_in_pieces
from embedding_explorer.images.thumbnails import cut_cells, make_thumbnails, trimmed
from embedding_explorer.images.tilemap import RANGE, open_tilemap
from embedding_explorer.jobs.runtime import Runtime

JPEG = "image/jpeg"


class Sheets:
    """The tilemaps of datasets in the form that single pictures are cut from quickly."""

    def __init__(self, cache: ResponseCache) -> None:
        self.indexes, self._cache = PieceIndexes(), cache

    def in_pieces(self, dataset: Dataset, range_name: str) -> Path:
        """The tilemap of a range, or where that came from another program a copy of it in pieces, made once."""
        source = dataset.tilemap_path(range_name)
        if self.indexes.of(source) is not None:
            return source
        etag = self._etag(dataset, range_name)
        return self._cache.kept_file(etag, lambda path: save_in_pieces(open_tilemap(source), path), dataset.id)

    def overview(self, dataset: Dataset, range_name: str) -> bytes:
        """The overview of a range. As it is decoded for that, the copy in pieces is made on the way."""
        source = dataset.tilemap_path(range_name)
        with dataset.reading(source.name):
            sheet = open_tilemap(source)
            if self.indexes.of(source) is None:
                self._cache.keep(self._etag(dataset, range_name), lambda path: save_in_pieces(sheet, path), dataset.id)
        return make_overview(sheet)

    def thumbnails(self, dataset: Dataset, rows: list[int]) -> bytes:
        """A sheet of the images `rows`, in their order."""
        names = {range_id(row // RANGE) for row in rows}
        with dataset.reading("a tilemap"):
            paths = {name: self.in_pieces(dataset, name) for name in names}
            cells = [(paths[range_id(row // RANGE)], row % RANGE) for row in rows]
            return make_thumbnails(cells, self.indexes)

    def tiles(self, dataset: Dataset, rows: Sequence[int], most_copies: int) -> dict[int, NDArray[np.uint8]]:
        """The tiles of some images without what surrounds them; not of ranges that would need more copies than that."""
        with dataset.reading("a tilemap"):
            paths: dict[str, Path] = {}
            for name in {range_id(row // RANGE): None for row in rows}:
                source = dataset.tilemap_path(name)
                copied = self.indexes.of(source) is None and not self._cache.has(self._etag(dataset, name), dataset.id)
                if not copied or (most_copies := most_copies - 1) >= 0:
                    paths[name] = self.in_pieces(dataset, name)
            found = [row for row in rows if range_id(row // RANGE) in paths]
            cut = cut_cells([(paths[range_id(row // RANGE)], row % RANGE) for row in found], self.indexes)
        images = dataset.images
        return {row: trimmed(tile, images.width[row], images.height[row]) for row, tile in zip(found, cut, strict=True)}

    def _etag(self, dataset: Dataset, range_name: str) -> str:
        return etag_of(dataset.id, "pieces", range_name)


def add_routes(bp: APIBlueprint, runtime: Runtime, cache: ResponseCache, sheets: Sheets) -> None:
    """Tilemaps, overviews, thumbnails."""
    store = runtime.store

    @bp.get("/maps/<hash>/tilemaps/<range>", responses={404: Error, 409: Error}, summary="A tilemap (JPEG)")
    def tilemap(path: RangePath) -> Response:
        dataset = store.get(path.hash)
        with dataset.reading(f"the tilemap {path.range[:20]}"):
            return tilemap_answer(dataset, path.range, path.hash)

    @bp.get(
        "/maps/<hash>/overview/<range>",
        responses={404: Error, 409: Error},
        summary="A tilemap at 16 px an image (JPEG)",
    )
    def overview(path: RangePath) -> Response:
        dataset = store.get(path.hash)
        dataset.tilemap_path(path.range)
        parts, keep = (dataset.id, "overview", path.range), freshness(path.hash)
        return cache.answer(parts, JPEG, lambda: sheets.overview(dataset, path.range), keep, owner=dataset.id)

    @bp.get(
        "/maps/<hash>/thumbnails",
        responses={400: Error, 404: Error, 409: Error},
        summary="A sheet of some images, in the order asked for (JPEG)",
    )
    def thumbnails(path: HashPath, query: ThumbnailsQuery) -> Response:
        return thumbnails_answer(sheets, store.get(path.hash), path.hash, query)

    @bp.get(
        "/thumbnails",
        responses={400: Error, 404: Error, 409: Error},
        summary="A sheet of some images of the main dataset (JPEG)",
    )
    def main_thumbnails(query: ThumbnailsQuery) -> Response:
        return thumbnails_answer(sheets, store.get("main"), "main", query)


def thumbnails_answer(sheets: Sheets, dataset: Dataset, asked: str, query: ThumbnailsQuery) -> Response:
    """The sheet of the images asked for; nothing is kept of it, as hardly anybody asks for the same ones again."""
    rows, keep = wanted_rows(query.ids), freshness(asked)
    for row in rows:
        dataset.check_index(row)
    etag = etag_of(dataset.id, "thumbnails", *rows)
    response = not_modified(etag, keep)
    return response or tagged(Response(sheets.thumbnails(dataset, rows), mimetype=JPEG), etag, keep)


def wanted_rows(text: str) -> list[int]:
    """Numbers from `5,17,…`; raises BadInput for anything else and for more than `MOST_THUMBNAILS`."""
    parts = text.split(",")
    if len(parts) > MOST_THUMBNAILS:
        raise BadInput(f"ids has {len(parts)} numbers, over the limit of {MOST_THUMBNAILS}. Ask for the others again.")
    wrong = next((part for part in parts if not NUMBER.fullmatch(part)), None)
    if wrong is not None:
        raise BadInput(f"ids has {wrong[:20]!r}, which is no number of an image. Separate numbers by commas.")
    return [int(part) for part in parts]
