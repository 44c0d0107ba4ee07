"""The JSON texts of an exported program, read within bounds: parsed, a text takes many times its length in memory."""

import json
from collections.abc import Iterable
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.json_bounds import text_of, values_in
from embedding_explorer.networks.frameworks.archives import Archive

MAX_BYTES = 32 << 20  # of one text; a transformer of torchvision has 1.5 MB
MAX_VALUES = 2_000_000  # of all texts; that transformer has 50 000, and of its kind no more would fit into the bytes


def read_objects(archive: Archive, entries: Iterable[str]) -> list[dict[str, Any]]:
    """The objects in some entries of a program; raises BadInput."""
    texts = {entry: _text(archive, entry) for entry in entries}
    if sum(map(values_in, texts.values())) > MAX_VALUES:
        raise BadInput(f"has JSON of more than {MAX_VALUES} values")
    return [_object(entry, text) for entry, text in texts.items()]


def _text(archive: Archive, entry: str) -> str:
    try:
        return text_of(archive.read(entry, MAX_BYTES))
    except ValueError as error:
        raise BadInput(f"is damaged: {entry[:80]!r} is no text") from error


def _object(entry: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"is damaged: {entry[:80]!r} is no JSON") from error
    if not isinstance(value, dict):
        raise BadInput(f"is damaged: {entry[:80]!r} is no object")
    return value
