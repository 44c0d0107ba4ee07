"""The seed layout of older installations turned into a dataset; nothing in it is executed."""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from embedding_explorer.datasets.dataset import IMAGES, reduction_path, tilemap_path
from embedding_explorer.datasets.disk import full_disk_named, write_atomically
from embedding_explorer.datasets.images_table import write_images
from embedding_explorer.datasets.manifest import Manifest, ranges
from embedding_explorer.datasets.seed import (
    REDUCERS,
    SeedLimits,
    SeedNames,
    find_seed_names,
    list_folder,
    pickle_name,
    tilemap_name,
)
from embedding_explorer.datasets.seed_archive import list_archive, unpack
from embedding_explorer.datasets.seed_checks import Rows, check_tilemap, coordinates
from embedding_explorer.datasets.store import DatasetStore, checked_name
from embedding_explorer.datasets.unpickle import load
from embedding_explorer.datasets.versions import library_versions
from embedding_explorer.errors import BadInput

Progress = Callable[[int, int], None]

ARCHIVE = "data.7z"
MARKER = "imported-seed"
# Bytes at either end of a file; an archive has the checksums of all its files there.
EDGE = 64 * 1024
ID_VERSION = b"embedding_explorer seed 1\n"


def import_seed(
    source: Path,
    store: DatasetStore,
    *,
    make_main: bool = True,
    name: str | None = None,
    progress: Progress | None = None,
    limits: SeedLimits | None = None,
    staging: Path | None = None,
) -> Manifest:
    """Make a dataset of a seed, a folder or .7z; the same seed again is the same dataset.

    `progress` is called with (done, total) tilemaps. `staging` is a folder below `<data>/staging` to work in. Raises BadInput (RefusedPickle, BadArchive) naming the file and
    what to do, LimitExceeded, or StorageFull; nothing stays behind then.
    """
    title = checked_name(name or source.resolve().stem)
    mark = fingerprint(source) if _is_own(source, store) else None
    staged = staging or store.staging / f"import-{secrets.token_hex(8)}"
    try:
        with full_disk_named(store.data):
            staged.mkdir(parents=True, exist_ok=True)
            manifest = store.adopt(staged, _stage(source, staged, title, progress, limits or SeedLimits()))
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    if make_main:
        store.set_main(manifest.id)
    if mark is not None:
        write_atomically(store.folder / MARKER, f"{mark}\n".encode())
    return manifest


def find_seed(data: Path) -> Path | None:
    """A seed in the data folder that has not been imported as it is now: the folder itself or its `data.7z`."""
    source = _own_seed(data)
    if source is None:
        return None
    marker = data / "datasets" / MARKER
    imported = marker.read_text(encoding="ascii").strip() if marker.exists() else None
    return None if imported == fingerprint(source) else source


def fingerprint(source: Path) -> str:
    """Digest of the names, sizes and edges of a seed's files: tells a replaced seed without reading all of it."""
    files = [source]
    if source.is_dir():
        files = [*(source / pickle_name(reducer) for reducer in REDUCERS), *sorted(source.glob("tilemaps/*.jpg"))]
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            start, size = file.read(EDGE), file.seek(0, os.SEEK_END)
            file.seek(max(0, size - EDGE))
            digest.update(f"{path.name} {size}\n".encode() + start + file.read(EDGE))
    return digest.hexdigest()


def _own_seed(data: Path) -> Path | None:
    wanted = (*map(pickle_name, REDUCERS), tilemap_name(0))
    if all((data / name).exists() for name in wanted):
        return data
    return data / ARCHIVE if (data / ARCHIVE).is_file() else None


def _is_own(source: Path, store: DatasetStore) -> bool:
    own = _own_seed(store.data)
    return own is not None and own.resolve() == source.resolve()


def _stage(source: Path, staged: Path, title: str, progress: Progress | None, limits: SeedLimits) -> Manifest:
    start = time.monotonic()
    seed, files = _open(source, staged / "seed", limits)
    reductions = {reducer: _reduction(files, reducer, limits) for reducer in REDUCERS}
    total = _common_total(reductions, seed)
    digest = hashlib.sha256(ID_VERSION)
    for reducer, rows in reductions.items():
        digest.update(rows.astype("<f4", copy=False).tobytes())
        target = reduction_path(staged, reducer)
        target.parent.mkdir(exist_ok=True)
        np.save(target, rows)
    _stage_tilemaps(files, total, staged, digest.update, progress, limits)
    write_images(staged / IMAGES, ((f"{n:06d}", None, None, None) for n in range(total)))
    shutil.rmtree(staged / "seed", ignore_errors=True)
    return Manifest.new(
        id=digest.hexdigest()[:32],
        name=title,
        total=total,
        reducers={reducer: {"imported": True} for reducer in REDUCERS},
        skipped=seed.skipped,
        source={"kind": "import", "name": source.name},
        versions=library_versions(),
        seconds={"import": round(time.monotonic() - start, 3)},
    )


def _open(source: Path, unpacked: Path, limits: SeedLimits) -> tuple[SeedNames, dict[str, Path]]:
    """The seed's names, and each wanted file by its name below the top of the seed."""
    if source.is_dir():
        seed = find_seed_names(list_folder(source, limits), str(source))
        return seed, {name: source / there for name, there in seed.wanted.items()}
    if not source.is_file():
        raise BadInput(f"There is no file or folder {source}.", file=str(source))
    seed = find_seed_names(list_archive(source, limits), str(source))
    unpack(source, seed.wanted, unpacked, limits)
    return seed, {name: unpacked / name for name in seed.wanted}


def _reduction(files: dict[str, Path], reducer: str, limits: SeedLimits) -> Rows:
    name = pickle_name(reducer)
    return coordinates(load(files[name], name, limits.max_pickle_bytes), name)


def _common_total(reductions: dict[str, Rows], seed: SeedNames) -> int:
    rows = [len(points) for points in reductions.values()]
    if len(set(rows)) > 1:
        pairs = " and ".join(f"{pickle_name(name)} {len(points)}" for name, points in reductions.items())
        raise BadInput(f"Both pickles must have one row for each image, but {pairs} rows. Take both from one seed.")
    wanted = len(ranges(rows[0]))
    if seed.tilemaps != wanted:
        raise BadInput(
            f"There are {seed.tilemaps} tilemaps, but {rows[0]} rows of coordinates need {wanted}, up to "
            f"{tilemap_name(wanted - 1)}. Take tilemaps and pickles from one seed.",
        )
    return rows[0]


def _stage_tilemaps(
    files: dict[str, Path],
    total: int,
    staged: Path,
    digest: Callable[[bytes], object],
    progress: Progress | None,
    limits: SeedLimits,
) -> None:
    spans = ranges(total)
    for number, (range_name, (first, last)) in enumerate(spans.items()):
        name = tilemap_name(number)
        limits.check_file(name, files[name].stat().st_size)
        data = files[name].read_bytes()
        check_tilemap(data, name, last - first + 1)
        digest(hashlib.sha256(data).digest())
        target = tilemap_path(staged, range_name)
        target.parent.mkdir(exist_ok=True)
        # A copy, not a second name for the file: a seed that is overwritten must not change the dataset.
        target.write_bytes(data)
        if progress is not None:
            progress(number + 1, len(spans))
