"""Screening exported programs (`.pt2`) without torch (networks contract, 13.3).

The loader of these is not safe on its own: it falls back to full unpickling, evaluates expressions, imports modules that
a description of containers names, looks operators up by attribute, and writes names into Python code that it runs. So
every text of a program is held against what torch writes there, and the loader gets a new archive of what was read.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.archives import Archive
from embedding_explorer.networks.frameworks.pytorch.containers import screen_containers
from embedding_explorer.networks.frameworks.pytorch.expressions import screen_expression
from embedding_explorer.networks.frameworks.pytorch.operators import screen_target
from embedding_explorer.networks.frameworks.pytorch.program_texts import read_objects

MAX_TEXT = 2_000  # characters of a name
MAX_DEPTH = 60  # objects in lists in objects …
MODEL = re.compile(r"models/([A-Za-z0-9_-]+)\.json")
_OTHERS = r"archive_format|archive_version|byteorder|version|\.data/(version|serialization_id)|\.format_version|\.storage_alignment"
# Parts of a name may be numbers: `layer1.0.conv1`. No brackets, quotes or spaces, of which calls would consist.
_NAME = re.compile(r"[A-Za-z0-9_]*([.@<>+=-]{1,2}[A-Za-z0-9_]+)*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|")
_STACK = re.compile(r"[A-Za-z0-9_.,;@<> -]*")
_VERIFIERS = ("ATEN", "TRAINING")


def screen_file(path: Path) -> None:
    """Raise BadInput for a program that could do more than compute."""
    with Archive(path) as archive:
        screened(archive)


def screened(archive: Archive) -> tuple[list[str], dict[str, bytes]]:
    """What to load instead of an archive: entries to keep as they are, and new ones; raises BadInput as `screen_file`."""
    name = _model_name(archive)
    program, *lists = read_objects(archive, [f"models/{name}.json", *_configs(name)])
    configs = dict(zip(_configs(name), lists, strict=True))
    payloads = [
        _payload(archive, str(Path(file).parent), name, tensor)
        for file, config in configs.items()
        for name, tensor in _payloads(config)
    ]
    kept = [entry for entry in archive.names if re.fullmatch(_OTHERS, entry)]
    new = {f"models/{name}.json": _program(program)} | configs
    written = {file: json.dumps(value).encode() for file, value in new.items()}
    # Sample inputs are a pickle, and the loader takes an empty one.
    return [*kept, *dict.fromkeys(payloads)], written | {f"data/sample_inputs/{name}.pt": b""}


def _model_name(archive: Archive) -> str:
    models = [match[1] for entry in archive.names if (match := MODEL.fullmatch(entry))]
    if len(models) != 1 or "archive_format" not in archive.names:
        raise BadInput(
            "is no archive of torch.export.save with one model in it (archives of older releases are not read)"
        )
    allowed = ("data/weights/", "data/constants/", "data/sample_inputs/", "models/", ".data/", "extra/")
    for entry in archive.names:
        if "/" in entry and not entry.startswith(allowed):
            raise BadInput(
                f"has the entry {entry[:80]!r}, which no exported program has; compiled content does not run here"
            )
    if any(entry.startswith("models/") and entry != f"models/{models[0]}.json" for entry in archive.names):
        raise BadInput("has more than one model, or other files, in the folder models")
    return models[0]


def _configs(name: str) -> tuple[str, str]:
    return f"data/weights/{name}_weights_config.json", f"data/constants/{name}_constants_config.json"


def _payload(archive: Archive, folder: str, name: str, tensor: Mapping[str, Any]) -> str:
    """The entry with a tensor's values, which must be there: the loader makes zeros of any size out of an empty one."""
    entry = f"{folder}/{name}"
    if entry not in archive:
        raise BadInput(f"has no entry {entry[:80]!r}")
    sides = tensor.get("sizes")
    if archive.size(entry) == 0 and (not isinstance(sides, list) or {"as_int": 0} not in sides):
        raise BadInput(f"has no values at the entry {entry[:80]!r}")
    return entry


def _payloads(config: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Names of the entries with tensors, and what they are."""
    entries = config.get("config")
    if not isinstance(entries, dict):
        raise BadInput("is damaged: its list of weights is no object")
    names = []
    for tensor, entry in entries.items():
        path = entry.get("path_name") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not re.fullmatch(r"(weight|tensor)_[0-9]+", path):
            raise BadInput(f"holds something else than a tensor as {tensor[:80]!r}")
        if entry.get("use_pickle") is not False or not isinstance(entry.get("tensor_meta"), dict):
            raise BadInput(f"holds a pickle as {tensor[:80]!r}; only plain tensors are read")
        _walk(entry, "config")
        names.append((path, entry["tensor_meta"]))
    _walk(list(entries), "config")
    return names


def _program(program: dict[str, Any]) -> dict[str, Any]:
    """The program without what is only for people; raises BadInput."""
    if program.get("guards_code"):
        raise BadInput(
            "has guards, which are Python code; export it with fixed sizes, or with only the batch axis dynamic"
        )
    if not set(program.get("verifiers") or ()) <= set(_VERIFIERS):
        raise BadInput(f"names unknown verifiers; known are {', '.join(_VERIFIERS)}")
    module = program.get("graph_module")
    if not isinstance(module, dict) or not isinstance(module.get("graph"), dict):
        raise BadInput("is damaged: it has no graph")
    if module["graph"].get("custom_obj_values"):
        raise BadInput("holds objects of custom classes; only tensors are read")
    program = program | {
        "torch_version": "",
        "graph_module": module | {"metadata": {}, "treespec_namedtuple_fields": {}},
    }
    return {key: _walk(value, key) for key, value in program.items()}


def _walk(value: Any, key: str, depth: int = 0) -> Any:
    """A value whose texts all passed, each by the rule for its key."""
    if depth > MAX_DEPTH:
        raise BadInput("is damaged: its JSON is too deep")
    if isinstance(value, dict):
        return _object(value, key, depth)
    if isinstance(value, list):
        return [_walk(each, key, depth + 1) for each in value]
    if isinstance(value, str):
        _RULES.get(key, _screen_name)(value)
    return value


def _object(value: dict[str, Any], key: str, depth: int) -> dict[str, Any]:
    if key == "metadata":  # of a node: the modules that it came from; the rest is for people
        stack = value.get("nn_module_stack")
        return _walk({"nn_module_stack": stack}, "", depth + 1) if isinstance(stack, str) else {}
    if value.keys() & _REFUSED:
        raise BadInput(f"uses {min(value.keys() & _REFUSED)}, which networks of plain operators do not need")
    if value.keys() == {"type", "index"}:  # a device: weights are put on that of the server
        return {"type": "cpu", "index": None}
    for name in value:
        _screen_name(name)
    return {name: _walk(each, name, depth + 1) for name, each in value.items()}


_REFUSED = {"as_custom_obj", "as_operator", "as_graph", "custom_obj"}


def _screen_name(name: str) -> None:
    if len(name) > MAX_TEXT or not _NAME.fullmatch(name):
        raise BadInput(f"has the name {name[:80]!r}, which torch does not write")


def _screen_identifier(name: str) -> None:
    if len(name) > MAX_TEXT or not _IDENTIFIER.fullmatch(name):
        raise BadInput(f"has the name {name[:80]!r}, which torch does not write")


def _screen_stack(text: str) -> None:
    if not _STACK.fullmatch(text):
        raise BadInput(f"has the path of modules {text[:80]!r}, which torch does not write")


def _screen_nothing(text: str) -> None:
    """Texts that operators take as values; they are written with their quotes escaped."""


_RULES: Mapping[str, Callable[[str], None]] = {
    "target": screen_target,
    "expr_str": screen_expression,
    "in_spec": screen_containers,
    "out_spec": screen_containers,
    "nn_module_stack": _screen_stack,
    "name": _screen_identifier,
    "as_name": _screen_identifier,
    "as_string": _screen_nothing,
    "as_strings": _screen_nothing,
}
