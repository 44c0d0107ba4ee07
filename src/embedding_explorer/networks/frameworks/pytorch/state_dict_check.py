"""Screening state dicts without torch: safetensors files, and pickles that hold tensors and nothing else."""

import json
import math
import re
from io import BytesIO
from pathlib import Path

from embedding_explorer.errors import BadInput
from embedding_explorer.json_bounds import text_of, values_in
from embedding_explorer.networks.frameworks.archives import Archive, is_archive
from embedding_explorer.networks.frameworks.pytorch.pickles import globals_of

MAX_HEADER = 16 << 20  # bytes; a tensor takes about a hundred
MAX_VALUES = 1_000_000  # of the header; a tensor takes about ten
MAX_AXES = 64  # as torch has them
MAX_PICKLE_BYTES = 64 << 20
SHOWN = 5
PICKLE = "data.pkl"
# The format before archives: a magic number, the version of the format, the machine, the object, the storages' keys.
LEGACY_PICKLES = 5
_PICKLE_BEGIN = b"\x80\x02"
_KEPT = re.compile(
    r"data\.pkl|data/[0-9]+|version|byteorder|\.data/(version|serialization_id)|\.format_version|\.storage_alignment"
)
_TENSORS = re.compile(
    r"collections\.OrderedDict|torch\._utils\._rebuild_(tensor(_v[23])?|parameter)|torch\.nn\.parameter\.Parameter"
    r"|torch\.(Size|device|[A-Z][A-Za-z0-9]*Storage|storage\.(Untyped|Typed)Storage|serialization\._get_layout)"
    r"|torch\.(bool|half|double|float|int|long|short|bfloat16|u?int[0-9]+|float[0-9][0-9a-z_]*)"
)
_SAFETENSORS_TYPES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip


def screen_pickled(path: Path) -> None:
    """Raise BadInput unless a file of `torch.save` holds tensors, in containers, and nothing else."""
    if is_archive(path):
        with Archive(path) as archive:
            screen_archive(archive)
        return
    with path.open("rb") as file:
        if file.read(len(_PICKLE_BEGIN)) != _PICKLE_BEGIN:
            raise BadInput("is no file of torch.save, or a damaged one")
        file.seek(0)
        _check_globals(globals_of(file, LEGACY_PICKLES))


def screen_archive(archive: Archive) -> None:
    """`screen_pickled` of an archive."""
    _check_globals(globals_of(BytesIO(archive.read(PICKLE, MAX_PICKLE_BYTES))))


def kept(archive: Archive) -> list[str]:
    """The entries that the loader needs."""
    return [name for name in archive.names if _KEPT.fullmatch(name)]


def _check_globals(names: set[str]) -> None:
    refused = sorted(
        (name for name in names if not _TENSORS.fullmatch(name)), key=lambda name: ("builtin" in name, name)
    )
    if refused:
        shown = ", ".join(repr(name[:80]) for name in refused[:SHOWN])
        raise BadInput(
            f"is a pickle that asks for {shown}: only tensors are unpickled here, never modules or code; "
            "save model.state_dict(), best as safetensors"
        )


def screen_safetensors(path: Path) -> None:
    """Raise BadInput unless a file has the outer structure of safetensors: a header, and the bytes that it describes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise BadInput("is no safetensors file, or one that is cut off")
        if length > MAX_HEADER:
            raise BadInput(f"has a header of {length} bytes; at most {MAX_HEADER} are allowed")
        header = _header(file.read(length))
    for name, tensor in header.items():
        if name != "__metadata__":
            _check_tensor(name, tensor, size - 8 - length)


def _header(data: bytes) -> dict[str, object]:
    try:
        text = text_of(data)
        if values_in(text) > MAX_VALUES:
            raise BadInput(f"has a header of more than {MAX_VALUES} values")
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("is no safetensors file: its header is no JSON") from error
    if not isinstance(header, dict):
        raise BadInput("is no safetensors file: its header is no object")
    return header


def _check_tensor(name: str, tensor: object, available: int) -> None:
    try:
        assert isinstance(tensor, dict)
        shape, (start, end), kind = tensor["shape"], tensor["data_offsets"], tensor["dtype"]
        assert len(shape) <= MAX_AXES and all(type(number) is int and number >= 0 for number in (*shape, start, end))
        needed = math.prod(shape) * _SAFETENSORS_TYPES[kind]
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"is a damaged safetensors file: its header says nothing sensible of {name[:80]!r}") from error
    if end > available or end - start != needed:
        raise BadInput(f"is a damaged or cut-off safetensors file: {name[:80]!r} lies outside of it")
