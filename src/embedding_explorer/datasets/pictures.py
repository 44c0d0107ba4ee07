"""One picture of a dataset, for showing it."""

import io
from pathlib import Path

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.images.tilemap import RANGE, cut_tile

MIMETYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}


def picture(dataset: Dataset, index: int) -> tuple[Path | io.BytesIO, str]:
    """The original of image `index` if it was kept, else its tile (48 x 48, PNG), with its media type.

    Raises ImageNotFound.
    """
    original = dataset.image(index)
    if original is not None:
        return original, MIMETYPES.get(original.suffix, "application/octet-stream")
    name = list(dataset.manifest.ranges)[index // RANGE]
    buffer = io.BytesIO()
    cut_tile(dataset.tilemap_path(name), index % RANGE).save(buffer, "PNG")
    buffer.seek(0)
    return buffer, "image/png"
