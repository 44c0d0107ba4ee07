"""Reading a layer list: an object with `layers`, each entry checked against the table of kinds."""

from collections.abc import Mapping
from typing import Any

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.definitions.definition import INITS, INPUT, LOSSES, Definition, LayerSpec
from embedding_explorer.training.definitions.kinds import KINDS, MANY_INPUTS, Parameter, choice, flag, number, whole

MAX_LAYERS = 500
MAX_NAME = 200
MAX_INPUTS = 64
SHOWN_FAULTS = 10
LOSS_FAULT = "loss: must be one of"  # in the message where a text has that of the other kind of dataset
_OWN = ("type", "name", "inputs", "init")
KEYS = ("name", "loss", "output", "crop_size", "batch_size", "val_batch_size", "mirror", "input_scale", "classes",
        "input_shape")  # fmt: skip
"""What layer lists and standard networks may say besides."""
_CHECKS = {
    "crop_size": whole(1, 65_535),
    "batch_size": whole(1, 65_536),
    "val_batch_size": whole(1, 65_536),
    "input_scale": number(-1e6, 1e6),
    "classes": whole(1, 1 << 20),
    "mirror": flag,
    "loss": choice(*LOSSES),
}


def read_layers(value: Mapping[str, Any], classification: bool) -> Definition:
    """The network that a layer list describes; raises BadInput with up to ten faults."""
    faults = Faults()
    given = read_keys(value, ("layers", *KEYS), faults)
    layers = value.get("layers")
    if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_LAYERS:
        raise BadInput(f"`layers` must be a list of 1 to {MAX_LAYERS} objects, each with a `type`.")
    specs = _entries(layers, faults)
    _check_sizes(specs, classification, faults)
    _check_loss(given.get("loss"), classification, faults)
    raise_faults(faults)
    return Definition(layers=tuple(specs), **given)


def read_keys(value: Mapping[str, Any], known: tuple[str, ...], faults: Faults) -> dict[str, Any]:
    """What a definition says apart from its layers; blanks are left away."""
    for key in value:
        if key not in known:
            faults.add(shown(key), f"is unknown; known are {', '.join(known)}")
    given = {key: value[key] for key in known if key in KEYS and value.get(key) is not None}
    for key, found in given.items():
        if key in ("name", "output"):
            if not isinstance(found, str) or len(found) > MAX_NAME or shown(found) != found:
                faults.add(key, f"must be a text of at most {MAX_NAME} valid characters")
        elif key in _CHECKS and (fault := _CHECKS[key](found)):
            faults.add(key, fault)
    if "input_shape" in given:
        shape = given["input_shape"]
        if not isinstance(shape, list) or len(shape) != 3 or any(whole(1, 65_535)(side) for side in shape):
            faults.add("input_shape", "must be three whole numbers: channels, height, width")
        else:
            given["input_shape"] = tuple(shape)
    if not given.get("output", "output"):
        del given["output"]
    return given


def shown(value: object) -> str:
    """What a text has where a word belongs, short, and without halves of surrogate pairs, which no answer can hold."""
    text = f"a {type(value).__name__}" if isinstance(value, (list, dict)) else str(value)
    return text[:MAX_NAME].encode("utf-8", "backslashreplace").decode()


def raise_faults(faults: Faults) -> None:
    """Raise BadInput with what was noted, if anything was."""
    if faults:
        texts = [f"{path}: {text}" for path, found in faults.items() for text in found]
        more = f"; and {len(texts) - SHOWN_FAULTS} more" if len(texts) > SHOWN_FAULTS else ""
        raise BadInput("The network cannot be read: " + "; ".join(texts[:SHOWN_FAULTS]) + more + ".")


def _entries(layers: list[Any], faults: Faults) -> list[LayerSpec]:
    specs: list[LayerSpec] = []
    names, counts, previous = {INPUT}, dict[str, int](), INPUT
    for position, entry in enumerate(layers):
        kind = entry.get("type") if isinstance(entry, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            faults.add(
                f"layers[{position}]", f"has the unknown type {shown(kind)[:80]!r}; known are {', '.join(KINDS)}"
            )
            previous = ""
            continue
        counts[kind] = counts.get(kind, 0) + 1
        spec = _entry(entry, kind, f"{kind}{counts[kind]}", (position, previous, names), faults)
        if spec.name in names:
            faults.add(f"layers[{position}]", f"has the name {spec.name!r} of an earlier layer; names must differ")
        names.add(spec.name)
        specs.append(spec)
        previous = spec.name
    return specs


def _entry(
    entry: dict[str, Any], kind: str, default: str, place: tuple[int, str, set[str]], faults: Faults
) -> LayerSpec:
    position, previous, names = place
    name = entry.get("name") or default
    if not isinstance(name, str) or len(name) > MAX_NAME or not name.isprintable():
        faults.add(f"layers[{position}].name", f"must be a text of at most {MAX_NAME} visible characters")
        name = default
    path = f"layers[{position}] ({name}, {kind})"
    inputs = entry.get("inputs", [previous] if previous else [])
    if not isinstance(inputs, list) or len(inputs) > MAX_INPUTS or not all(isinstance(each, str) for each in inputs):
        faults.add(path, "`inputs` must be a list of names of earlier layers")
        inputs = []
    elif previous or "inputs" in entry:
        _check_inputs(path, kind, inputs, names, faults)
    init = entry.get("init", "default")
    if fault := choice(*INITS)(init):
        faults.add(path, f"`init` {fault}")
    parameters = _parameters(path, entry, KINDS[kind], faults)
    return LayerSpec(kind, name, tuple(inputs), parameters, str(init))


def _check_inputs(path: str, kind: str, inputs: list[str], names: set[str], faults: Faults) -> None:
    for each in inputs:
        if each not in names:
            faults.add(path, f"has the input {each[:80]!r}, which is no earlier layer")
    if kind in MANY_INPUTS and len(inputs) < 2:
        faults.add(path, "needs at least two `inputs`")
    elif kind not in MANY_INPUTS and len(inputs) != 1:
        faults.add(path, "takes exactly one input")


def _parameters(path: str, entry: dict[str, Any], table: Mapping[str, Parameter], faults: Faults) -> dict[str, Any]:
    for key in entry:
        if key not in table and key not in _OWN:
            faults.add(path, f"has the unknown key {shown(key)[:80]!r}; known are {', '.join((*_OWN, *table))}")
    values = {}
    for key, parameter in table.items():
        value = entry.get(key)
        if value is None:
            if parameter.required:
                faults.add(path, f"needs `{key}`")
            value = parameter.default
        elif fault := parameter.check(value):
            faults.add(path, f"`{key}` {fault}")
        if value is not None:
            values[key] = tuple(value) if isinstance(value, list) else value
    return {key: value for key, value in values.items() if not table[key].required or key in entry}


def _check_sizes(specs: list[LayerSpec], classification: bool, faults: Faults) -> None:
    """The number of labels may stand for the size of the last linear layer of a classification, and nowhere else."""
    linear = [spec for spec in specs if spec.type == "linear"]
    for spec in linear:
        if spec.parameters.get("out_features") == "classes" and (not classification or spec is not linear[-1]):
            where = "only in the last linear layer it may be left out" if classification else "generic networks need it"
            faults.add(spec.name, f"(linear) needs `out_features`: {where}")


def _check_loss(loss: object, classification: bool, faults: Faults) -> None:
    if loss is not None and (loss == "cross_entropy") != classification:
        allowed = LOSSES[:1] if classification else LOSSES[1:]
        faults.add("loss", f"must be one of {', '.join(allowed)} for this kind of dataset")
