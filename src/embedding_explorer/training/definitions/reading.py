"""Telling the forms of a network's text apart (contract, 11.4), and reading them."""

import json
import re
from dataclasses import replace
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.definitions.caffe import read_caffe
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.entries import (
    KEYS,
    LOSS_FAULT,
    raise_faults,
    read_keys,
    read_layers,
    shown,
)
from embedding_explorer.training.definitions.standard import STANDARD

MAX_TEXT = 4 << 20
MAX_YAML = 256 << 10  # its reader is slow
FORMS = (
    'a layer list in JSON, such as {"layers": [{"type": "flatten"}, {"type": "linear"}]}; the same in YAML; '
    "or a Caffe network text (layer { … }) of the usual layers. Programs (Python, Lua) are never run"
)
# In linear time: with `^\s*` each line would look through all that follow, and no two `\s*` stand side by side.
_LAYER = re.compile(r"^[^\S\n]*layers?\s*(:\s*)?\{", re.MULTILINE)
_CAFFE = re.compile(r"(name|input)\s*:\s*[\"']")
_KEY = re.compile(r"(^|[{,])[^\S\n]*['\"]?(layers|standard)['\"]?[^\S\n]*:", re.MULTILINE)
_COMMENT = re.compile(r"^[^\S\n]*#.*\n", re.MULTILINE)
_MARK = "\ufeff"  # what some editors begin a text with


def read_definition(text: str, classification: bool = True) -> Definition:
    """The network that a text defines.

    Args:
        text: one of `FORMS`, or what `Definition.to_json` gives, such as {"standard": "resnet18"}.
        classification: whether labels are classes; then the last linear layer need not say its size.

    Raises:
        BadInput: it is none of the forms, or has faults; the message names them.
    """
    return _definition(_parsed(text), classification)


def read_for_any(text: str) -> Definition:
    """The network that a text defines, for classes or else for generic datasets; raises as `read_definition`."""
    parsed = _parsed(text)
    try:
        return _definition(parsed, classification=True)
    except BadInput as classes:
        try:
            return _definition(parsed, classification=False)
        except BadInput as generic:
            # A loss of generic datasets tells which of them was meant.
            if LOSS_FAULT in classes.message and LOSS_FAULT not in generic.message:
                raise
            raise classes from None


def _parsed(text: str) -> dict[str, Any] | str:
    """What a text holds: an object, or the text itself where it is one of Caffe."""
    if len(text) > MAX_TEXT:
        raise BadInput(f"The network has {len(text)} characters; at most {MAX_TEXT} are allowed.")
    text = text.lstrip(_MARK)
    if text.lstrip().startswith("{"):
        return _json(text)
    if _LAYER.search(text) or (_CAFFE.match(_COMMENT.sub("", text).lstrip()) and not _KEY.search(text)):
        return text
    return _yaml(text)


def _definition(parsed: dict[str, Any] | str, classification: bool) -> Definition:
    if isinstance(parsed, str):
        return read_caffe(parsed, classification)
    if "standard" in parsed:
        return _standard(parsed, classification)
    return read_layers(parsed, classification)


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"The network is no JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput("The network is no JSON that can be read: numbers too long, or lists too deep.") from error
    return value if isinstance(value, dict) else {}


def _yaml(text: str) -> dict[str, Any]:
    """A mapping with `layers` or `standard`; anything else is none of the forms."""
    none = f"This is none of the forms of networks: {FORMS}."
    if len(text) > MAX_YAML or not _KEY.search(text):
        raise BadInput(none)
    # A rare form, and its reader takes a while to load.
    from embedding_explorer.training.definitions.yaml_text import read_yaml

    try:
        value = read_yaml(text)
    except BadInput as error:
        raise BadInput(f"{none} Read as YAML, it {error.message}.") from error
    if not isinstance(value, dict):
        raise BadInput(none)
    return value


def _standard(value: dict[str, Any], classification: bool) -> Definition:
    name = value["standard"]
    if not isinstance(name, str) or name not in STANDARD:
        raise BadInput(f"`standard` must be one of {', '.join(STANDARD)}, not {shown(name)[:80]!r}.")
    if not classification:
        raise BadInput("Standard networks classify; write a layer list for generic datasets.")
    faults = Faults()
    given = read_keys(value, ("standard", *KEYS), faults)
    raise_faults(faults)
    return replace(STANDARD[name].definition(), **given)
