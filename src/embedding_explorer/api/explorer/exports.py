"""A dataset as a file to download."""

from pathlib import Path

from flask import Response

from embedding_explorer.api.wire import REVALIDATE, ResponseCache, etag_of, file_answer
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.export import FORMATS, check_format, export

MIMETYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "npz": "application/octet-stream",
    "zip": "application/zip",
}


def export_answer(responses: ResponseCache, dataset: Dataset, file_format: str) -> Response:
    """The dataset in `file_format`, written once and kept; raises BadInput for a format that is not in the table."""
    check_format(file_format, FORMATS)
    etag = etag_of(dataset.id, "export", file_format, dataset.manifest.name)
    path = exported(responses, dataset, file_format, etag)
    response = file_answer(path, MIMETYPES[file_format], etag, REVALIDATE)
    response.headers["Content-Disposition"] = f'attachment; filename="{dataset.id}.{file_format}"'
    return response


def exported(responses: ResponseCache, dataset: Dataset, file_format: str, etag: str) -> Path:
    """The exported file in the cache of answers."""
    return responses.kept_file(etag, lambda path: export(dataset, file_format, path), dataset.id)
