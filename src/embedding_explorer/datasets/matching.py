"""Which images of two datasets are the same pictures: through two networks, one archive becomes two datasets."""

from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.images_table import ImagesTable
from embedding_explorer.errors import Conflict

# The row of an image that the other dataset does not have.
NO_ROW = 0xFFFFFFFF
# Share of the smaller dataset that must be in the other one: below it there is nothing to compare.
LEAST_SHARE = 0.5
# Fewer images have no neighbours to agree on.
LEAST_MATCHES = 5

Rows = NDArray[np.uint32]
# What tells a picture: its file's name in UTF-8, its width and height, and which of several such images it is.
Picture = tuple[bytes, int, int] | tuple[bytes, int, int, int]


def matches(a: Dataset, b: Dataset) -> Rows:
    """The row of `b`, or NO_ROW, that shows the same picture as each row of `a`: (N of a,) uint32.

    Pictures are the same when file name, width and height are: digests of the files are not kept. Several such images
    are matched in their order. Raises Conflict when less than LEAST_SHARE of the smaller dataset is in the other one.
    """
    found = same_pictures(a.images, b.images)
    count, least = int((found != NO_ROW).sum()), max(LEAST_MATCHES, LEAST_SHARE * min(a.total, b.total))
    if count < least:
        raise Conflict(
            f"{a.manifest.name!r} and {b.manifest.name!r} have {count} pictures in common (by file name and size), "
            f"which is too few to compare them: at least {int(np.ceil(least))} are needed. "
            "Upload the same archive through another network to compare networks.",
            matched=count,
        )
    return found


def same_pictures(a: ImagesTable, b: ImagesTable) -> Rows:
    """The row of `b`, or NO_ROW, for each row of `a`."""
    if all(getattr(a.file, part) == getattr(b.file, part) for part in ("ends", "block")) and same_sizes(a, b):
        return np.arange(len(a), dtype=np.uint32)
    wanted, offered = pictures(a), pictures(b)
    rows = dict(zip(offered, range(len(b)), strict=True))
    return np.fromiter((rows.get(picture, NO_ROW) for picture in wanted), np.uint32, len(a))


def same_sizes(a: ImagesTable, b: ImagesTable) -> bool:
    """Whether the pictures of both have the same sizes, row by row."""
    return a.width == b.width and a.height == b.height


def pictures(table: ImagesTable) -> list[Picture]:
    """What tells the picture of each image; the second and later ones of the same name and size have a number, too."""
    block, ends = table.file.block, table.file.ends
    names = (block[start:end] for start, end in pairwise((0, *ends)))
    found: list[Picture] = list(zip(names, table.width, table.height, strict=True))
    if len(set(found)) < len(found):
        seen: Counter[Picture] = Counter()
        for row, picture in enumerate(found):
            seen[picture] += 1
            if seen[picture] > 1:
                found[row] = (*picture[:3], seen[picture])
    return found
