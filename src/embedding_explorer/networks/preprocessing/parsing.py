"""The preprocessing object of a request, checked: all faults of it at once, each with its field's path."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedding_explorer.networks.preprocessing import fields
from embedding_explorer.networks.preprocessing.constants import LARGEST, SUFFIXES, check_constants
from embedding_explorer.networks.preprocessing.faults import Faults
from embedding_explorer.networks.preprocessing.fields import MAX_INPUTS, MAX_SIDE, ImageInput, Preprocessing
from embedding_explorer.networks.preprocessing.leaves import (
    is_object,
    read_boolean,
    read_choice,
    read_number,
    read_text,
    refuse_unknown,
    require,
    shown,
)

_TOP, _INPUT = ("inputs", "batched_output"), ("tensor_name", "image")
_REQUIRED = ("dimension_order", "resize_type", "target_size", "color_channels")
_SIZE = re.compile(r"[1-9][0-9]{0,3}(x[1-9][0-9]{0,3})?")


def parse_preprocessing(
    value: object,
    faults: Faults,
    path: str = "preprocessing",
    *,
    text: bool = True,
    files: Mapping[str, Path] | None = None,
) -> Preprocessing | None:
    """The preprocessing object of a request; None after adding a fault for everything that is wrong with it.

    Args:
        value: objects and lists as dict and list, leaves as JSON types or, with `text`, as strings.
        faults: where faults are added.
        path: where the object is in the request.
        text: whether strings may stand for numbers and booleans, as in a flattened form; in JSON they may not.
        files: the files that came along, by name; with them, mean and std files are looked at too.
    """
    return _Parser(faults, text, files).preprocessing(value, path)


@dataclass(frozen=True)
class _Parser:
    """Its methods return what could be read; that is only used where no fault was noted on the way."""

    faults: Faults
    text: bool
    files: Mapping[str, Path] | None

    def preprocessing(self, value: object, path: str) -> Preprocessing | None:
        before, batched = self.faults.noted, True
        if not is_object(value, self.faults, path):
            return None
        refuse_unknown(value, _TOP, self.faults, path)
        if "batched_output" in value:
            where = f"{path}.batched_output"
            batched = bool(read_boolean(value["batched_output"], self.faults, where, text=self.text))
        inputs = self.inputs(value["inputs"], f"{path}.inputs") if require(value, "inputs", self.faults, path) else []
        if self.faults.noted > before:
            return None
        return Preprocessing(tuple(ImageInput(**each) for each in inputs), batched)

    def inputs(self, value: object, path: str) -> list[dict[str, Any]]:
        entries = value if isinstance(value, list) else []
        if not 1 <= len(entries) <= MAX_INPUTS:
            found = f"a list of {len(entries)}" if isinstance(value, list) else shown(value)
            self.faults.add(path, f"must be a list of 1 to {MAX_INPUTS} inputs, not {found}")
        parsed = [self.input(entry, f"{path}[{i}]") for i, entry in enumerate(entries[:MAX_INPUTS])]
        self.constants(parsed, path)
        names = [each.get("tensor_name") for each in parsed]
        for i, name in enumerate(names):
            if name is not None and name in names[:i]:
                self.faults.add(f"{path}[{i}].tensor_name", f"is {shown(name)}, as that of inputs[{names.index(name)}]")
        return parsed

    def constants(self, parsed: Sequence[dict[str, Any]], path: str) -> None:
        """Look at the mean and std files of every image that is sound, whatever is wrong elsewhere."""
        if self.files is not None:
            sound = {i: each for i, each in enumerate(parsed) if "target_size" in each}
            specs = {i: ImageInput(**{"tensor_name": ""} | each) for i, each in sound.items()}
            check_constants(specs, self.files, self.faults, path)

    def input(self, value: object, path: str) -> dict[str, Any]:
        if not is_object(value, self.faults, path):
            return {}
        refuse_unknown(value, _INPUT, self.faults, path)
        read: dict[str, Any] = {}
        if require(value, "tensor_name", self.faults, path):
            read["tensor_name"] = read_text(value["tensor_name"], self.faults, f"{path}.tensor_name")
        if require(value, "image", self.faults, path):
            read |= self.image(value["image"], f"{path}.image")
        return read

    def image(self, value: object, path: str) -> dict[str, Any]:
        """Its fields; none where one of them is at fault."""
        before = self.faults.noted
        if not is_object(value, self.faults, path):
            return {}
        refuse_unknown(value, tuple(_READERS), self.faults, path)
        for key in _REQUIRED:
            require(value, key, self.faults, path)
        found = {key: read(self, value[key], f"{path}.{key}") for key, read in _READERS.items() if key in value}
        return found if self.faults.noted == before else {}

    def target_size(self, value: object, path: str) -> str | None:
        size = str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_SIDE else value
        if isinstance(size, str) and _SIZE.fullmatch(size) and all(int(side) <= MAX_SIDE for side in size.split("x")):
            return size
        wanted = f'must be "WxH" or "N", whole numbers from 1 to {MAX_SIDE} with a small x and no spaces'
        self.faults.add(path, f"{wanted}, not {shown(value)}")
        return None

    def pixel_scaling(self, value: object, path: str) -> float | None:
        number = read_number(value, self.faults, path, text=self.text)
        if number is not None and not 0 < number <= LARGEST:
            self.faults.add(path, f"must be a number above 0 that 32-bit floats can hold, not {shown(number)}")
        return number

    def file(self, value: object, path: str) -> str | None:
        if value is None or (name := read_text(value, self.faults, path)) is None:
            return None
        if not name.endswith(SUFFIXES):
            self.faults.add(path, f"{shown(name)} must end in one of {', '.join(SUFFIXES)}")
        elif self.files is not None and name not in self.files:
            self.faults.add(path, f"{shown(name)} was not uploaded: send it as a file part of that name")
        return name


def _choice(choices: tuple[str, ...]) -> Callable[[_Parser, object, str], str | None]:
    return lambda parser, value, path: read_choice(value, choices, parser.faults, path)


# In the order in which faults are looked for.
_READERS: Mapping[str, Callable[[_Parser, object, str], object]] = {
    "dimension_order": _choice(fields.DIMENSION_ORDERS),
    "resize_type": _choice(fields.RESIZE_TYPES),
    "target_size": _Parser.target_size,
    "color_channels": _choice(fields.COLOR_CHANNELS),
    "pixel_scaling": _Parser.pixel_scaling,
    "mean_file": _Parser.file,
    "data_type": _choice(fields.DATA_TYPES),
    "std_file": _Parser.file,
}
