"""Mean and std files (networks contract, 11.7): read without executing anything, checked, shaped for arithmetic."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing.blobs import open_blob
from embedding_explorer.networks.preprocessing.faults import Faults
from embedding_explorer.networks.preprocessing.fields import ImageInput, Preprocessing
from embedding_explorer.networks.preprocessing.leaves import shown
from embedding_explorer.networks.preprocessing.npy import open_npy
from embedding_explorer.networks.preprocessing.stored import Stored

Floats: TypeAlias = NDArray[np.float32]

# The contract's bound: a full mean of 2048 x 2048 x 3 floats is 48 MiB.
MAX_FILE_BYTES = 64 << 20
LARGEST = float(np.finfo(np.float32).max)

_OPENERS = {".npy": open_npy, ".binaryproto": open_blob, ".proto.bin": open_blob}
SUFFIXES = tuple(_OPENERS)
FIELDS = ("mean_file", "std_file")


class InputConstants(NamedTuple):
    """Mean and std of one input: rank 3, each axis 1 or the input's (without the batch axis), in its order of axes."""

    mean: Floats | None = None
    std: Floats | None = None


Constants: TypeAlias = tuple[InputConstants, ...]
"""One entry for each input."""


class _Use(NamedTuple):
    spec: ImageInput
    field: str
    path: str
    input: int


def read_constants(
    preprocessing: Preprocessing, files: Mapping[str, Path], faults: Faults, path: str = "preprocessing"
) -> Constants:
    """The mean and std of every input; what cannot be used is a fault and None.

    Args:
        preprocessing: whose `mean_file` and `std_file` name the files.
        files: uploaded files by stored name. No other file is opened.
        faults: where faults are added.
        path: where the preprocessing is in the request.
    """
    found = [InputConstants() for _ in preprocessing.inputs]
    for use, values in _constants(dict(enumerate(preprocessing.inputs)), files, faults, f"{path}.inputs"):
        found[use.input] = found[use.input]._replace(**{use.field.removesuffix("_file"): values})
    return tuple(found)


def check_constants(inputs: Mapping[int, ImageInput], files: Mapping[str, Path], faults: Faults, path: str) -> None:
    """The faults of `read_constants`, without ever holding more than one file's values in memory.

    Args:
        inputs: those that are looked at, by their place in the list.
        files: as for `read_constants`.
        faults: where faults are added.
        path: where the list of inputs is in the request.
    """
    for _ in _constants(inputs, files, faults, path):
        pass


def _constants(
    inputs: Mapping[int, ImageInput], files: Mapping[str, Path], faults: Faults, path: str
) -> Iterator[tuple[_Use, Floats]]:
    uses: dict[str, list[_Use]] = defaultdict(list)
    for index, spec in inputs.items():
        for field in FIELDS:
            if (name := getattr(spec, field)) is not None:
                uses[name].append(_Use(spec, field, f"{path}[{index}].image.{field}", index))
    for name, named in uses.items():
        try:
            stored = _open(name, files.get(name))
            fitting = [use for use in named if _fits(stored, use, faults)]
            values = _finite(stored.read()) if fitting else None
        except BadInput as error:
            for use in named:
                faults.add(use.path, f"{shown(name)} {error.message}")
            continue
        yield from _shaped(stored, values, fitting, faults)


def _open(name: str, path: Path | None) -> Stored:
    if path is None:
        raise BadInput("was not uploaded: send it as a file part of that name")
    opener = next((opener for suffix, opener in _OPENERS.items() if name.endswith(suffix)), None)
    if opener is None:
        raise BadInput(f"must end in one of {', '.join(SUFFIXES)}")
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        raise BadInput(f"has {size} bytes; at most {MAX_FILE_BYTES} are allowed")
    return opener(path)


def _fits(stored: Stored, use: _Use, faults: Faults) -> bool:
    if _rank_3(stored, use.spec) is not None:
        return True
    full = tuple(side or 1 for side in use.spec.fixed_shape)
    wanted = f"{full} (each axis may be 1), ({use.spec.channels},) or ()"
    faults.add(use.path, f"has the shape {stored.shape!s:.80}; it must have {wanted}")
    return False


def _rank_3(stored: Stored, spec: ImageInput) -> tuple[int, ...] | None:
    """The stored array's shape with three axes, in its own order; None where that cannot be broadcast to the input."""
    order, shape = stored.axes or spec.axes, stored.shape
    if shape == ():
        return 1, 1, 1
    if shape == (spec.channels,):
        return tuple(spec.channels if axis == "C" else 1 for axis in order)
    if len(shape) == 4 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 3 and all(side in (1, spec.sides[axis]) for side, axis in zip(shape, order, strict=True)):
        return shape
    return None


def _finite(values: NDArray[Any]) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        floats: Floats = values.astype(np.float32, order="C")
    if not np.isfinite(floats).all():
        raise BadInput("holds values that are not finite in 32-bit floats")
    floats.flags.writeable = False
    return floats


def _shaped(stored: Stored, values: Floats | None, uses: list[_Use], faults: Faults) -> Iterator[tuple[_Use, Floats]]:
    for use in uses:
        shape, order = _rank_3(stored, use.spec), stored.axes or use.spec.axes
        if values is None or shape is None:
            continue
        if use.field == "std_file" and not values.all():
            faults.add(use.path, "holds a zero, by which nothing can be divided")
            continue
        yield use, values.reshape(shape).transpose([order.index(axis) for axis in use.spec.axes])
