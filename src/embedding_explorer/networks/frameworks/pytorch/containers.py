"""The containers that a program's arguments and results are in, as its JSON describes them.

torch's reader of these descriptions imports the modules of enumerations and default dictionaries that they name.
"""

import json
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.json_bounds import values_in

MAX_DEPTH = 60
MAX_VALUES = 100_000  # of one text; a leaf takes about five
_CONTAINERS = (None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict")


def screen_containers(text: str) -> None:
    """The containers that arguments and results are in. Others could name modules to import."""
    if text == "":
        return
    try:
        version, spec = _parsed(text)
        _screen_container(spec, 0)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput("is damaged: it describes its arguments or results in an unknown way") from error
    if version != 1:
        raise BadInput("is damaged: it describes its arguments or results in an unknown way")


def _parsed(text: str) -> Any:
    if values_in(text) > MAX_VALUES:
        raise BadInput(f"describes its arguments or results in more than {MAX_VALUES} values")
    return json.loads(text)


def _screen_container(spec: Any, depth: int) -> None:
    kind, context = spec["type"], spec["context"]
    keys = _parsed(context) if isinstance(context, str) else context
    plain = keys is None or (isinstance(keys, list) and all(isinstance(key, str | int) for key in keys))
    if depth > MAX_DEPTH or kind not in _CONTAINERS or not plain or spec.keys() != {"type", "context", "children_spec"}:
        raise BadInput(
            f"has arguments or results of the type {str(kind)[:80]!r}; tuples, lists and dictionaries are read"
        )
    for child in spec["children_spec"]:
        _screen_container(child, depth + 1)
