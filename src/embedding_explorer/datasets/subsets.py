"""Which set of a training dataset each image is of, kept beside `images.csv`: other datasets have no such file."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedding_explorer.datasets.column import NONE, Codes
from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import Conflict

FILE = "sets.npz"


def write_subsets(folder: Path, subsets: Sequence[str | None]) -> None:
    """Write the set of each image; nothing where none has one."""
    names = [name for name in dict.fromkeys(subsets) if name is not None]
    if not names:
        return
    codes = {name: code for code, name in enumerate(names)}
    values = np.array([NONE if name is None else codes[name] for name in subsets], np.uint16)
    target = io.BytesIO()
    np.savez(target, codes=values, names=np.array(names))
    write_atomically(folder / FILE, target.getvalue())


def read_subsets(folder: Path, total: int) -> tuple[Codes, list[str]] | None:
    """Codes (N,) and the name of each; None where images have no sets. Raises Conflict for a damaged file."""
    path = folder / FILE
    try:
        with np.load(path, allow_pickle=False) as arrays:
            codes, names = arrays["codes"], [str(name) for name in arrays["names"]]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise Conflict(f"{path} is damaged ({error}). Build the dataset again.") from error
    if codes.shape != (total,):
        raise Conflict(f"{path} is damaged: it has {len(codes)} rows instead of {total}. Build the dataset again.")
    return codes, names
