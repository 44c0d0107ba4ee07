"""Some images of a dataset, as a client names them: a list of numbers, or a bit mask."""

import base64
import binascii
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput

Rows = NDArray[np.int64]


def selected(total: int, rows: Sequence[int] | None, mask: str | None) -> Rows:
    """Numbers of the images, each once and ascending, of a dataset of `total`.

    `mask` is the base64 of bits, image n the bit of value 2**(n % 8) in byte n // 8; bits that are not there are 0.
    Raises BadInput for none or both of the two, for an empty selection and for what stands for no image.
    """
    if (rows is None) == (mask is None):
        raise BadInput('Name the images: either {"rows": [numbers]} or {"mask": base64 of a bit mask}.')
    found = np.unique(numbers(rows)) if rows is not None else bits(mask or "")
    if not len(found):
        raise BadInput("The selection is empty. Select an image at least.")
    wrong = next((int(n) for n in (found[0], found[-1]) if not 0 <= n < total), None)
    if wrong is not None:
        raise BadInput(f"There is no image {wrong} to export. Images: 0 to {total - 1}.", total=total)
    return found


def numbers(rows: Sequence[int]) -> Rows:
    """A list as an array; raises BadInput for what is beyond any number of an image."""
    try:
        return np.array(rows, dtype=np.int64)
    except OverflowError:
        raise BadInput("A number in rows is too large for an image.") from None


def bits(mask: str) -> Rows:
    """Numbers of the bits that are set; raises BadInput."""
    try:
        data = base64.b64decode(mask, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("mask is no base64 text.") from None
    return np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little"))
