"""A dataset as files for other programs: CSV, Parquet, NumPy, ZIP, and Arrow for the wire."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.datasets.dataset import IMAGES, Dataset
from embedding_explorer.datasets.images_table import ImageRow
from embedding_explorer.datasets.manifest import range_id
from embedding_explorer.errors import BadInput
from embedding_explorer.images.tilemap import CELL, COLUMNS, RANGE, TILE

# Rows in memory at once.
CHUNK = 20 * RANGE
# A tile is cut out of a JPEG and saved as one again; this quality loses nothing more that could be seen.
TILE_QUALITY = 95
ROW_COLUMNS = ("index", "file", "label", "range", "position", "width", "height")
AXES = ("x", "y", "z")
Rows = NDArray[np.int64]
# What some file system refuses in a name.
UNSAFE = re.compile(r'[\x00-\x1f\x7f:*?"<>|]')


def export_csv(dataset: Dataset, path: Path, rows: Rows | None = None) -> None:
    """One row for each image: what images.csv says of it, and its coordinates by every reducer."""
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as target:
        table = csv.writer(target)
        table.writerow((*ROW_COLUMNS, *coordinate_columns(dataset)))
        for numbers, images, points in chunks(dataset, rows):
            # As text, a float32 has the fewest digits that give it back.
            for index, image, place in zip(numbers, images, points.astype("U32").tolist(), strict=True):
                row = (index, image.file, image.label, image.range, image.position, image.width, image.height)
                table.writerow((*row, *place))


def export_parquet(dataset: Dataset, path: Path, rows: Rows | None = None) -> None:
    """The columns of `export_csv`, typed; unknown sizes and labels are null."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    names = coordinate_columns(dataset)
    types = [pa.int64(), pa.string(), pa.string(), pa.string(), pa.int32(), pa.int32(), pa.int32()]
    fields = [*zip(ROW_COLUMNS, types, strict=True), *((name, pa.float32()) for name in names)]
    schema = pa.schema(fields)
    with parquet.ParquetWriter(path, schema) as target:
        for numbers, images, points in chunks(dataset, rows):
            file, width, height, label, name, position = zip(*images, strict=True)
            columns = [numbers, file, label, name, position, width, height, *points.T]
            arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
            target.write_batch(pa.record_batch(arrays, schema=schema))


def export_npz(dataset: Dataset, path: Path) -> None:
    """`features` (N, D) where there are any, and one array (N, 3) named for each reducer."""
    arrays: dict[str, NDArray[Any]] = {name: dataset.reduction(name) for name in dataset.reducers}
    if dataset.manifest.features is not None:
        arrays["features"] = dataset.features()
    with path.open("wb") as target:
        np.savez(target, allow_pickle=False, **arrays)


def export_zip(dataset: Dataset, path: Path, rows: Rows | None = None) -> None:
    """`images.csv`, and below `images/` the originals, or where they were not kept the tiles as JPEG.

    The table of some images is that of `export_csv`, which numbers them.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        if rows is None:
            target.write(dataset.folder / IMAGES, IMAGES, zipfile.ZIP_DEFLATED)
        else:
            add_table(target, dataset, path.with_suffix(".table"), rows)
        seen: set[str] = set()
        for index, data, is_original in pictures(dataset, rows):
            name = member_name(dataset.images.file[index], index, seen, None if is_original else ".jpg")
            target.writestr(zipfile.ZipInfo(f"images/{name}"), data)


FORMATS: dict[str, Callable[[Dataset, Path], None]] = {
    "csv": export_csv,
    "parquet": export_parquet,
    "npz": export_npz,
    "zip": export_zip,
}
# Those that can hold some of a dataset's images.
SELECTION_FORMATS: dict[str, Callable[[Dataset, Path, Rows], None]] = {
    "csv": export_csv,
    "parquet": export_parquet,
    "zip": export_zip,
}


def export(dataset: Dataset, file_format: str, path: Path) -> None:
    """Write a dataset to `path` in a format of `FORMATS`; raises BadInput for any other."""
    check_format(file_format, FORMATS)
    FORMATS[file_format](dataset, path)


def export_selection(dataset: Dataset, file_format: str, path: Path, rows: Rows) -> None:
    """Write the images `rows`, ascending, in a format of `SELECTION_FORMATS`; raises BadInput for any other."""
    check_format(file_format, SELECTION_FORMATS)
    SELECTION_FORMATS[file_format](dataset, path, rows)


def check_format(file_format: str, formats: Iterable[str]) -> None:
    """Raise BadInput unless a format is one of these."""
    if file_format not in formats:
        raise BadInput(f"There is no export format {file_format[:20]!r}. Available: {', '.join(formats)}.")


def arrow_stream(dataset: Dataset, reducer: str, first: int, last: int) -> bytes:
    """Images `first` to `last` - 1 as an Arrow IPC stream: x, y, z, range, position, file, label."""
    return arrow_rows(dataset, dataset.reduction(reducer)[first:last], first, last)


def arrow_rows(dataset: Dataset, points: NDArray[np.float32], first: int, last: int) -> bytes:
    """The same with other coordinates (M, 3); of those after `last`, which are no images of it, the rest is null."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    columns = {axis: pa.array(np.ascontiguousarray(column)) for axis, column in zip(AXES, points.T, strict=True)}
    batch = pa.record_batch({**columns, **_described(dataset, first, last, len(points) - (last - first))})
    with pa.ipc.new_stream(sink, batch.schema) as target:
        target.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def coordinate_columns(dataset: Dataset) -> list[str]:
    """Names like `pca_x`, in the order of `chunks`' columns."""
    return [f"{reducer}_{axis}" for reducer in dataset.reducers for axis in AXES]


def chunks(
    dataset: Dataset, rows: Rows | None = None
) -> Iterator[tuple[list[int], list[ImageRow], NDArray[np.float32]]]:
    """(M numbers, M rows, coordinates (M, 3 * reducers)) of at most `CHUNK` images at a time, of all or only `rows`."""
    reductions = [dataset.reduction(name) for name in dataset.reducers]
    for start in range(0, dataset.total if rows is None else len(rows), CHUNK):
        part = np.arange(start, min(start + CHUNK, dataset.total)) if rows is None else rows[start : start + CHUNK]
        numbers: list[int] = part.tolist()
        images = [dataset.images[n] for n in numbers]
        yield numbers, images, np.concatenate([reduction[part] for reduction in reductions], axis=1)


def pictures(dataset: Dataset, rows: Rows | None = None) -> Iterator[tuple[int, bytes, bool]]:
    """(number, bytes, whether it is the original) of each image, of all or only `rows`: else it is its tile as JPEG."""
    for name, (first, last) in dataset.manifest.ranges.items():
        numbers = range(first, last + 1) if rows is None else rows[(rows >= first) & (rows <= last)].tolist()
        originals = [dataset.image(index) for index in numbers]
        missing = [index - first for index, path in zip(numbers, originals, strict=True) if path is None]
        tiles = cut_tiles(dataset.tilemap_path(name), missing)
        for index, path in zip(numbers, originals, strict=True):
            yield index, next(tiles) if path is None else path.read_bytes(), path is not None


def add_table(target: zipfile.ZipFile, dataset: Dataset, table: Path, rows: Rows) -> None:
    """Put the table of some images in a ZIP, by way of the file `table`."""
    try:
        export_csv(dataset, table, rows)
        target.write(table, IMAGES, zipfile.ZIP_DEFLATED)
    finally:
        table.unlink(missing_ok=True)


def cut_tiles(tilemap: Path, positions: Iterable[int]) -> Iterator[bytes]:
    """Tiles of a tilemap as JPEG, decoded once for all of them, and when the first one is wanted."""
    margin = (CELL - TILE) // 2
    with Image.open(tilemap) as sheet:
        for position in positions:
            row, column = divmod(position, COLUMNS)
            left, top = column * CELL + margin, row * CELL + margin
            buffer = io.BytesIO()
            sheet.crop((left, top, left + TILE, top + TILE)).save(buffer, "JPEG", quality=TILE_QUALITY)
            yield buffer.getvalue()


def member_name(file: str, index: int, seen: set[str], suffix: str | None = None) -> str:
    """A name for the ZIP: the image's own without anything that leads out of a folder, made unique by its number."""
    parts = [part for part in PurePosixPath(file.replace("\\", "/")).parts if part not in ("/", "..")]
    path = PurePosixPath(*(re.sub(UNSAFE, "_", part) for part in parts))
    path = path if path.name else PurePosixPath(f"{index:06d}")
    if suffix is not None:
        path = path.with_name(path.stem + suffix)
    while str(path).lower() in seen:
        path = path.with_name(f"{index:06d}-{path.name}")
    seen.add(str(path).lower())
    return str(path)


def _described(dataset: Dataset, first: int, last: int, others: int = 0) -> dict[str, Any]:
    import pyarrow as pa

    images, rows, nulls = dataset.images, range(first, last), [None] * others
    return {
        "range": pa.array([*(range_id(n // RANGE) for n in rows), *nulls], pa.string()),
        "position": pa.array([*(n % RANGE for n in rows), *nulls], pa.int32()),
        "file": pa.array([*images.file[first:last], *nulls], pa.string()),
        "label": pa.array([*(images.label(n) for n in rows), *nulls], pa.string()),
    }
