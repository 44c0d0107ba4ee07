"""A selection of images as a file to download."""

import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from flask import Response
from flask_openapi3 import APIBlueprint

from embedding_explorer.api.bodies import receive_json
from embedding_explorer.api.explorer.exports import MIMETYPES
from embedding_explorer.api.explorer.models import Error, ExportPath
from embedding_explorer.api.maps.models import Selection
from embedding_explorer.api.wire import CHUNK, ResponseCache
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.datasets.export import SELECTION_FORMATS, check_format, export_selection
from embedding_explorer.datasets.selection import Rows, selected
from embedding_explorer.jobs.runtime import Runtime

# Bytes of a request: as a list of numbers half a million images, as a mask 24 million.
MOST_JSON = 4 << 20


def add_routes(bp: APIBlueprint, runtime: Runtime, cache: ResponseCache) -> None:
    """Exports."""
    # One at a time, so that a crowd does not fill the disk.
    writing = threading.Lock()

    @bp.post(
        "/maps/<hash>/export.<format>",
        responses={400: Error, 404: Error, 409: Error, 413: Error, 507: Error},
        summary="Download some images: csv, parquet or zip",
    )
    def export(path: ExportPath) -> Response:
        dataset = runtime.store.get(path.hash)
        check_format(path.format, SELECTION_FORMATS)
        body = receive_json(Selection, stall=runtime.settings.upload_stall_seconds, most=MOST_JSON)
        rows = selected(dataset.total, body.rows, body.mask)
        with writing:
            return download(dataset, path.format, rows, runtime.settings.data / "staging")


def download(dataset: Dataset, file_format: str, rows: Rows, folder: Path) -> Response:
    """The images `rows` as a file to keep; raises StorageFull."""
    file = written(dataset, file_format, rows, folder)
    response = Response(pieces(file), mimetype=MIMETYPES[file_format])
    response.call_on_close(file.close)
    response.headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
    response.headers["Content-Disposition"] = f'attachment; filename="{dataset.id}-selection.{file_format}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def written(dataset: Dataset, file_format: str, rows: Rows, folder: Path) -> BinaryIO:
    """The images `rows` in an open file that has no name any more, so that it is gone when it is closed."""
    path = folder / f"export-{secrets.token_hex(8)}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with full_disk_named(folder), dataset.reading("a picture"):
            export_selection(dataset, file_format, path, rows)
        return path.open("rb")
    finally:
        path.unlink(missing_ok=True)


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """What is in a file."""
    with file:
        while piece := file.read(CHUNK):
            yield piece
