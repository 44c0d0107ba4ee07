"""Checking the fields that describe a network to people: name, description, metadata, postprocessings."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from embedding_explorer.networks.preprocessing.faults import Faults
from embedding_explorer.networks.preprocessing.leaves import shown

MAX_NAME = 256
# Characters of a description, and of metadata or postprocessings as JSON: as much as a form must be able to carry
# (networks contract, 1.4). All of them fit into one row of either database, whatever escapes they are kept with.
MAX_TEXT = 64 << 20
MAX_DEPTH = 64  # objects in lists in objects …; Python's own JSON writer gives up at a thousand


_UNKEPT = re.compile("[\0\ud800-\udfff]")


def read_name(value: object, faults: Faults) -> str:
    """A short text that is not blank."""
    name = read_text(value, faults, "name", MAX_NAME)
    if isinstance(value, str) and not value.strip():
        faults.add("name", "must not be blank")
    return name


def read_text(value: object, faults: Faults, path: str, most: int = MAX_TEXT) -> str:
    """A text that every database and every answer can carry."""
    if not isinstance(value, str):
        faults.add(path, f"must be a text, not {shown(value)}")
        return ""
    if len(value) > most:
        faults.add(path, f"has {len(value)} characters; at most {most} are allowed")
    if _UNKEPT.search(value):
        faults.add(path, "holds a zero character or half of a surrogate pair")
    return value


def read_metadata(value: object, faults: Faults) -> dict[str, Any]:
    """Any JSON object of bounded size."""
    if not isinstance(value, dict):
        faults.add("metadata", f"must be an object, not {shown(value)}")
        return {}
    check_json(value, faults, "metadata")
    return value


def read_postprocessings(value: object, faults: Faults) -> list[Any]:
    """Any list of JSON objects of bounded size."""
    if not isinstance(value, list):
        faults.add("postprocessings", f"must be a list of objects, not {shown(value)}")
        return []
    for i, each in enumerate(value):
        if not isinstance(each, dict):
            faults.add(f"postprocessings[{i}]", f"must be an object, not {shown(each)}")
    check_json(value, faults, "postprocessings")
    return value


def check_json(value: object, faults: Faults, path: str) -> None:
    """Note what cannot be kept or given back as JSON: too deep, too long, or a number that JSON has not."""
    if depth(value) > MAX_DEPTH:
        faults.add(path, f"is nested deeper than {MAX_DEPTH} levels")
    elif not finite(value):
        faults.add(path, "holds a number that is not finite, which JSON cannot express")
    elif (length := len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))) > MAX_TEXT:
        faults.add(path, f"has {length} characters as JSON; at most {MAX_TEXT} are allowed")


def depth(value: object, most: int = MAX_DEPTH) -> int:
    """Levels of lists and objects, counted without recursion, and no further than one more than `most`."""
    level, front = 0, [value]
    while front and level <= most:
        front = [inner for each in front for inner in children(each)]
        level += 1
    return level


def finite(value: object) -> bool:
    """Whether all numbers in a value of bounded depth are."""
    if isinstance(value, float):
        return math.isfinite(value)
    return all(map(finite, children(value)))


def children(value: object) -> list[Any]:
    """The values directly within a list or object."""
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
