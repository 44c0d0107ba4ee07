"""Names of layers that a network does not have."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import NoReturn

from embedding_explorer.errors import UnknownLayer

NEAR = 5
SHOWN = 200
# Comparing texts takes time in proportion to both; an answer must not wait for a hint.
MAX_COMPARED = 5_000


def unknown_layer(name: str, known: Collection[str]) -> NoReturn:
    """Raise UnknownLayer for `name`, with up to five near ones of `known`."""
    near = near_names(name, known)
    hint = f" Near ones are {', '.join(near)}." if near else ""
    raise UnknownLayer(f"There is no layer {name[:SHOWN]!r}.{hint}", layer=name[:SHOWN], near=near)


def near_names(name: str, known: Collection[str]) -> list[str]:
    """Up to five names of `known` that look like `name`, the likest first."""
    return get_close_matches(name[:SHOWN], list(known)[:MAX_COMPARED], NEAR, 0.5)
