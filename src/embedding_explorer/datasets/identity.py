"""Where a dataset's id comes from: the pictures, their names and labels, and all that turned them into numbers."""

import hashlib
import json
from collections.abc import Iterable, Mapping

FORMAT = "embedding_explorer dataset 1"


Row = tuple[str, ...]


def row_of(file: str, label: str | None, digest: str, subset: str | None) -> Row:
    """What one picture, whose file has that SHA-256 in hex, adds to the id of its dataset."""
    return (file, label or "", digest) if subset is None else (file, label or "", digest, subset)


def dataset_id(recipe: Mapping[str, object], rows: Iterable[Row]) -> str:
    """32 hex digits for the rows of `row_of` in image order under one recipe.

    The recipe holds whatever changes the numbers: the network's fingerprint and the reducers' parameters.
    """
    digest = hashlib.sha256(f"{FORMAT}\n{json.dumps(recipe, sort_keys=True)}\n".encode())
    for row in rows:
        digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()[:32]
