"""The seed layout: how older installations keep one dataset, in a folder or packed as .7z.

    pickles/celeba_features_pca_reduced.pickle   coordinates (N, 3), a pickled numpy array; umap likewise
    tilemaps/tilemap-000.jpg …                   one tilemap for each range
    models/…, pickles/{pca,umap}_model.pickle    programs, in effect: never opened

All of it may lie below one or two folders, like `data/`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from embedding_explorer.datasets.manifest import range_id
from embedding_explorer.errors import BadInput, LimitExceeded

REDUCERS = ("pca", "umap")
TOP = re.compile(r"(?:(?!\.\.?/)[^/]+/){0,2}")
TILEMAP = re.compile(r"tilemaps/tilemap-(\d{3,6})\.jpg", re.ASCII)
REFUSED = re.compile(r"pickles/(?:pca|umap)_model\.pickle|models/.+")
REASON = "A fitted model is a program, which is not run; the coordinates do not need it."
MAX_REFUSED_LISTED = 20


@dataclass(frozen=True)
class SeedLimits:
    """Bounds of one seed; the total is 300 times what CelebA needs."""

    max_entries: int = 200_000
    max_pickle_bytes: int = 512 * 1024**2
    max_tilemap_bytes: int = 16 * 1024**2
    max_bytes: int = 64 * 1024**3

    def check_entries(self, count: int, source: str) -> None:
        """Raise LimitExceeded for more entries than `max_entries`."""
        if count > self.max_entries:
            raise LimitExceeded(f"{source} has more than {self.max_entries} files.", limit=self.max_entries)

    def of(self, name: str) -> int:
        """Most bytes of the file of that name below the top of a seed."""
        return self.max_tilemap_bytes if TILEMAP.fullmatch(name) else self.max_pickle_bytes

    def check_file(self, name: str, size: int) -> None:
        """Raise LimitExceeded for a file that is too large."""
        limit = self.of(name)
        if size > limit:
            raise LimitExceeded(f"{name} has {size} bytes, over the limit of {limit}.", limit=limit)


def pickle_name(reducer: str) -> str:
    """Name of a reduction's file below the top of a seed."""
    return f"pickles/celeba_features_{reducer}_reduced.pickle"


def tilemap_name(number: int) -> str:
    """Name of a range's tilemap below the top of a seed."""
    return f"tilemaps/tilemap-{range_id(number)}.jpg"


@dataclass(frozen=True)
class SeedNames:
    """What belongs to a seed: `wanted`, name below its top → name in the folder or archive, and what is refused."""

    wanted: Mapping[str, str]
    refused: list[str]

    @property
    def tilemaps(self) -> int:
        """Number of tilemaps."""
        return len(self.wanted) - len(REDUCERS)

    @property
    def skipped(self) -> list[dict[str, str]]:
        """What is left out and why, for the manifest."""
        return [{"file": name, "reason": REASON} for name in self.refused[:MAX_REFUSED_LISTED]]


def find_seed_names(names: Collection[str], source: str) -> SeedNames:
    """The seed among `names` (POSIX paths); raises BadInput naming what is missing."""
    top = find_top(names, source)
    below = {name.removeprefix(top): name for name in sorted(names) if name.startswith(top)}
    wanted = {pickle_name(reducer): below[pickle_name(reducer)] for reducer in REDUCERS}
    wanted |= {name: path for name, path in below.items() if is_tilemap(name)}
    seed = SeedNames(wanted, [name for name in below if REFUSED.fullmatch(name)])
    missing = [name for name in map(tilemap_name, range(max(1, seed.tilemaps))) if name not in wanted]
    if missing:
        raise BadInput(f"{source} has {seed.tilemaps} tilemaps, but no {missing[0]}. Add it.", file=missing[0])
    return seed


def find_top(names: Collection[str], source: str) -> str:
    """The shortest folder with both reductions, "" or ending in a slash; raises BadInput."""
    first, second = map(pickle_name, REDUCERS)
    tops = [name.removesuffix(first) for name in names if name.endswith(first)]
    whole = [top for top in tops if TOP.fullmatch(top) and top + second in names]
    if whole:
        return min(whole, key=lambda top: (top.count("/"), top))
    missing = second if tops else first
    raise BadInput(f"{source} is no seed: it has no {missing}. Name the folder that holds pickles/.", file=missing)


def is_tilemap(name: str) -> bool:
    """Whether `name`, below the top of a seed, is a tilemap's, in the one way of writing its number."""
    found = TILEMAP.fullmatch(name)
    return found is not None and name == tilemap_name(int(found[1]))


def list_folder(folder: Path, limits: SeedLimits) -> list[str]:
    """Names of the files of a seed in `folder` or up to two levels below it; raises BadInput or LimitExceeded."""
    pickles = [found for depth in ("", "*/", "*/*/") for found in folder.glob(f"{depth}pickles/*.pickle")]
    names = {path.relative_to(folder).as_posix() for path in pickles}
    top = find_top(names, str(folder))
    inside = (path for kind in ("pickles", "tilemaps", "models") for path in (folder / top / kind).glob("*"))
    files = list(islice(inside, limits.max_entries + 1))
    limits.check_entries(len(files), str(folder))
    return [path.relative_to(folder).as_posix() for path in files]
