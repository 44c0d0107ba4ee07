"""Where a dataset's id comes from: the pictures, their names and labels, and all that turned them into numbers."""

import hashlib
import json
from collections.abc import Iterable, Mapping

FORMAT = "embedding_explorer dataset 1"


def dataset_id(recipe: Mapping[str, object], rows: Iterable[tuple[str, str, str]]) -> str:
    """32 hex digits for (file, label, SHA-256 hex of the file) in image order under one recipe.

    The recipe holds whatever changes the numbers: the network's fingerprint and the reducers' parameters.
    """
    digest = hashlib.sha256(f"{FORMAT}\n{json.dumps(recipe, sort_keys=True)}\n".encode())
    for row in rows:
        digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()[:32]
