"""Arrays as files, named by what is in them."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.disk import full_disk_named, write_atomically


def keep(values: NDArray[Any], folder: Path) -> str:
    """Write an array into a folder unless it is there; its name, a digest. Raises StorageFull."""
    digest = hashlib.sha256(f"{values.dtype.str} {values.shape}".encode())
    digest.update(values.tobytes())
    path = folder / digest.hexdigest()
    try:
        os.utime(path)  # used now: the least recently used go first
    except FileNotFoundError:
        with full_disk_named(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, npy(values))
    return path.name


def npy(values: NDArray[Any]) -> bytes:
    """An array as a file of numpy."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
