"""Images by a part of their file name."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import normalize

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.images_table import TextColumn
from embedding_explorer.errors import BadInput

# A page shows a list; whoever wants more than this many names exports the table.
MOST_FOUND = 1000
MAX_TEXT = 200
# Names compared at a time where letters beyond ASCII have to be folded.
CHUNK = 10_000


class Found(NamedTuple):
    """Images whose names hold a text: how many, and the first of them."""

    total: int
    rows: list[int]


def search(dataset: Dataset, text: str, limit: int) -> Found:
    """Images whose file names hold `text`, whatever the case of letters, in their order; raises BadInput."""
    if not 0 < len(text) <= MAX_TEXT:
        raise BadInput(f"Search for a text of 1 to {MAX_TEXT} characters.", limit=MAX_TEXT)
    if not 0 < limit <= MOST_FOUND:
        raise BadInput(f"limit={limit} is not from 1 to {MOST_FOUND}.", limit=MOST_FOUND)
    total, rows = 0, list[int]()
    for row in matches(dataset.images.file, text):
        total += 1
        if len(rows) < limit:
            rows.append(row)
    return Found(total, rows)


def matches(names: TextColumn, text: str) -> Iterator[int]:
    """Numbers of the names that hold `text`, ascending."""
    if names.block.isascii() and text.isascii():
        yield from _ascii_matches(names, text.lower().encode())
        return
    # One spelling of letters with marks: macOS writes names with the marks apart, and keyboards do not.
    wanted = normalize("NFC", text).casefold()
    for start in range(0, len(names), CHUNK):
        for row, name in enumerate(names[start : start + CHUNK], start):
            if wanted in normalize("NFC", name).casefold():
                yield row


def _ascii_matches(names: TextColumn, wanted: bytes) -> Iterator[int]:
    """The same over the block of all names, ten times as fast: a match must not reach into the next name."""
    block, ends, place = names.block.lower(), names.ends, 0
    while (place := block.find(wanted, place)) >= 0:
        row = bisect_right(ends, place)
        if place + len(wanted) <= ends[row]:
            yield row
        place = ends[row]
