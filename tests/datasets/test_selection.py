import base64

import numpy as np
import pytest

from embedding_explorer.datasets.selection import selected
from embedding_explorer.errors import BadInput


def mask(*numbers: int) -> str:
    bits = np.zeros(max(numbers, default=0) + 1, np.uint8)
    bits[list(numbers)] = 1
    return base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()


def test_rows_come_once_and_ascending() -> None:
    assert selected(10, [7, 3, 7, 0, 9], None).tolist() == [0, 3, 7, 9]


def test_a_mask_is_little_endian_and_may_be_short_or_padded() -> None:
    assert base64.b64decode(mask(0, 9)) == b"\x01\x02"
    assert selected(30, None, mask(0, 9)).tolist() == [0, 9]
    assert selected(10, None, base64.b64encode(b"\x08\0\0\0\0\0").decode()).tolist() == [3]


@pytest.mark.parametrize(
    ("rows", "given", "word"),
    [
        (None, None, "either"),
        ([1], mask(1), "either"),
        ([], None, "empty"),
        (None, "", "empty"),
        (None, base64.b64encode(b"\0\0").decode(), "empty"),
        ([10], None, "10"),
        ([-1, 3], None, "-1"),
        ([2**70], None, "too large"),
        (None, mask(3, 10), "10"),
        (None, "not base64!", "base64"),
        (None, "ü", "base64"),
    ],
)
def test_what_names_no_images_is_refused(rows: list[int] | None, given: str | None, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        selected(10, rows, given)
