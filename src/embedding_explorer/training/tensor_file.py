"""Tensors written as safetensors into an open file, one after the other.

The library's own function opens the file itself and says of a full disk no more than that it failed. Here the disk's
error is the caller's, and no tensor is copied but those of a GPU.

    length of the header, 8 bytes, little-endian · header, JSON filled up to eight bytes · the tensors without gaps
"""

import json
from collections.abc import Mapping
from typing import BinaryIO

import torch

from embedding_explorer.errors import BadInput

_ALIGNMENT = 8
# Their order is the library's: the widest first, so that each tensor is aligned.
_NAMES = {
    torch.uint64: "U64", torch.int64: "I64", torch.float64: "F64", torch.complex64: "C64", torch.float32: "F32",
    torch.uint32: "U32", torch.int32: "I32", torch.bfloat16: "BF16", torch.float16: "F16", torch.uint16: "U16",
    torch.int16: "I16", torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip


def write_tensors(file: BinaryIO, state: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors of any device; the file's own errors go on.

    Raises:
        BadInput: a tensor of a type that safetensors does not know.
    """
    for name, tensor in state.items():
        if tensor.dtype not in _NAMES:
            raise BadInput(f"The weights {name[:80]!r} are of the type {tensor.dtype}, which cannot be kept.")
    order = list(_NAMES)
    tensors = sorted(state.items(), key=lambda item: (order.index(item[1].dtype), item[0]))
    file.write(_header(tensors, metadata))
    for _, tensor in tensors:
        file.write(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)


def _header(tensors: list[tuple[str, torch.Tensor]], metadata: Mapping[str, str]) -> bytes:
    entries: dict[str, object] = {"__metadata__": metadata}
    start = 0
    for name, tensor in tensors:
        end = start + tensor.numel() * tensor.element_size()
        entries[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text
