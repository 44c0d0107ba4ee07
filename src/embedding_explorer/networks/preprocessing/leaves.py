"""Reading single values that a user sent, as JSON types or as the text of a form, noting what is wrong with them.

Every reader takes the field's path for the faults and returns None where it noted one. With `text`, a string may
stand for a number or a boolean, as in a multipart form.
"""

import math
import re
from collections.abc import Collection, Mapping
from typing import TypeGuard

from embedding_explorer.networks.preprocessing.faults import Faults

MAX_TEXT = 1024
_MAX_NUMBER = 64
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def shown(value: object) -> str:
    """A value as a message quotes it."""
    if isinstance(value, str):
        return repr(value[:40]) + ("…" if len(value) > 40 else "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value) if -1e40 < value < 1e40 else "a number like that"
    return "an object" if isinstance(value, Mapping) else "a list"


def is_object(value: object, faults: Faults, path: str) -> TypeGuard[Mapping[str, object]]:
    """Whether the value is a JSON object."""
    if isinstance(value, Mapping):
        return True
    faults.add(path, f"must be an object, not {shown(value)}")
    return False


def refuse_unknown(value: Mapping[str, object], known: Collection[str], faults: Faults, path: str) -> None:
    """Note every key that is not one of `known`."""
    for key in value:
        if key not in known:
            faults.add(f"{path}.{key}", f"is not known here; known are {', '.join(known)}", code="unknown_field")


def require(value: Mapping[str, object], key: str, faults: Faults, path: str) -> bool:
    """Whether the object has the key."""
    if key in value:
        return True
    faults.add(f"{path}.{key}", "is required", code="missing")
    return False


def read_boolean(value: object, faults: Faults, path: str, *, text: bool) -> bool | None:
    """True or False; as text `true`, `false` in any case, `1` or `0`."""
    if text and isinstance(value, str):
        value = _BOOLEANS.get(value[:8].lower(), value)
    if isinstance(value, bool):
        return value
    faults.add(path, f"must be true or false, not {shown(value)}")
    return None


def read_number(value: object, faults: Faults, path: str, *, text: bool) -> float | None:
    """A finite number; as text a decimal or exponent literal."""
    number = _number(value, text)
    if number is not None and math.isfinite(number):
        return number
    faults.add(path, "must be a finite number" if number is not None else f"must be a number, not {shown(value)}")
    return None


def _number(value: object, text: bool) -> float | None:
    if text and isinstance(value, str) and len(value) <= _MAX_NUMBER and _NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floats
        return math.inf


def read_text(value: object, faults: Faults, path: str) -> str | None:
    """Text of one visible character at least."""
    if not isinstance(value, str):
        faults.add(path, f"must be a text, not {shown(value)}")
    elif not value.strip():
        faults.add(path, "must not be blank")
    elif len(value) > MAX_TEXT:
        faults.add(path, f"has {len(value)} characters; at most {MAX_TEXT} are allowed")
    elif any("\ud800" <= c <= "\udfff" for c in value):
        # JSON can spell halves of characters, which no answer could carry back.
        faults.add(path, "is not valid Unicode: it has half of a surrogate pair")
    else:
        return value
    return None


def read_choice(value: object, choices: tuple[str, ...], faults: Faults, path: str) -> str | None:
    """One of the choices, letter for letter."""
    if isinstance(value, str) and value in choices:
        return value
    faults.add(path, f"must be one of {', '.join(choices)}, not {shown(value)}")
    return None
