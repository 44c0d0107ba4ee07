"""Telling the forms of a network's text apart (contract, 11.4), and reading them."""

import json
import re
from dataclasses import replace
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.definitions.caffe import read_caffe
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.entries import raise_faults, read_keys, read_layers
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
_KEY = re.compile(r"^[^\S\n]*['\"]?(layers|standard)['\"]?[^\S\n]*:", re.MULTILINE)
_COMMENT = re.compile(r"^[^\S\n]*#.*\n", re.MULTILINE)
_STANDARD_KEYS = ("standard", "name", "loss", "output", "crop_size", "batch_size", "val_batch_size", "input_scale",
                  "classes", "input_shape")  # fmt: skip


def read_definition(text: str, classification: bool = True) -> Definition:
    """The network that a text defines.

    Args:
        text: one of `FORMS`, or what `Definition.to_json` gives, such as {"standard": "resnet18"}.
        classification: whether labels are classes; then the last linear layer need not say its size.

    Raises:
        BadInput: it is none of the forms, or has faults; the message names them.
    """
    if len(text) > MAX_TEXT:
        raise BadInput(f"The network has {len(text)} characters; at most {MAX_TEXT} are allowed.")
    if text.lstrip().startswith("{"):
        value = _json(text)
    elif _LAYER.search(text) or _CAFFE.match(_COMMENT.sub("", text).lstrip()):
        return read_caffe(text, classification)
    else:
        value = _yaml(text)
    if "standard" in value:
        return _standard(value, classification)
    return read_layers(value, classification)


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
    if len(text) > MAX_YAML or not _KEY.search(text):
        raise BadInput(f"This is none of the forms of networks: {FORMS}.")
    import yaml  # a rare form, and its reader takes a while to load

    try:
        # An alias can stand for billions of copies of what it names, so none is allowed.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise BadInput("The network's YAML has aliases (*name); write out what they stand for.")
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"This is none of the forms of networks: {FORMS}.") from error
    if not isinstance(value, dict):
        raise BadInput(f"This is none of the forms of networks: {FORMS}.")
    return value


def _standard(value: dict[str, Any], classification: bool) -> Definition:
    name = value["standard"]
    if not isinstance(name, str) or name not in STANDARD:
        raise BadInput(f"`standard` must be one of {', '.join(STANDARD)}, not {str(name)[:80]!r}.")
    if not classification:
        raise BadInput("Standard networks classify; write a layer list for generic datasets.")
    faults = Faults()
    given = read_keys(value, _STANDARD_KEYS, faults)
    raise_faults(faults)
    return replace(STANDARD[name].definition(), **given)
