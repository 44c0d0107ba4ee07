"""How files are built inside, as far as it decides what they cost: a JPEG's scans, a TIFF's tiles.

ITU-T T.81 (JPEG), annex B; TIFF 6.0, section 2.
"""

import re
from collections.abc import Iterator
from mmap import mmap
from struct import unpack_from
from typing import TypeAlias

from embedding_explorer.errors import UnreadableImage

Data: TypeAlias = bytes | mmap

_SEQUENTIAL, _SOS, _EOI = (0xC0, 0xC1), 0xDA, 0xD9
# What stands before the scan of an ordinary file: tables, restart interval, APPn, comments.
_USUAL = frozenset((0xC4, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE))
# What has a length and is read by it, and the end. libjpeg passes over the others, or refuses them.
_SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xd9-\xdd\xe0-\xef\xfe]")
_MOST_SEGMENTS = 10_000
_FRAME_BYTES = 10  # from a frame's marker up to the number of its components

_TILE_WIDTH, _TILE_LENGTH = 322, 323
_NUMBERS = {3: "H", 4: "I"}  # SHORT and LONG
_MOST_TAGS = 4096  # libtiff's bound


def has_one_scan(data: Data) -> bool:
    """Whether the header of a JPEG says so: a sequential frame, all of whose components are in the first scan.

    libjpeg refuses a second one then. To anything unusual the answer is no: this is for the many ordinary files.
    """
    components, place = None, 2
    while place + _FRAME_BYTES <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == _SOS:
            return data[place + 4] == components
        if marker in _SEQUENTIAL:
            components = data[place + 9]
        elif marker not in _USUAL:
            return False
        place += 2 + (data[place + 2] << 8 | data[place + 3])
    return False


def has_more_scans(data: Data, most: int) -> bool:
    """Whether a JPEG has more scans before its end, behind which anything may follow; or too many parts to say."""
    place, scans = 2, 0
    for _ in range(_MOST_SEGMENTS):
        found = _SEGMENT.search(data, place)
        if found is None or found[0][1] == _EOI:
            return False
        scans += found[0][1] == _SOS
        if scans > most:
            return True
        place = found.end() + max(2, int.from_bytes(data[found.end() : found.end() + 2], "big"))
    return True


def tile_size(data: Data) -> tuple[int, int]:
    """Width and length of the tiles that a TIFF declares for its first picture; 0 for what it does not.

    Pillow passes over entries of unusual types that libtiff reads, so the file itself is asked.
    Raises UnreadableImage for such a one, struct.error for a truncated file.
    """
    found = {_TILE_WIDTH: 0, _TILE_LENGTH: 0}
    order = "<" if data[:2] == b"II" else ">"
    for place, tag, kind in _entries(data, order):
        if tag in found:
            if kind not in _NUMBERS:
                raise UnreadableImage("the TIFF declares its tiles in an unusual way; save it without tiles")
            (value,) = unpack_from(order + _NUMBERS[kind], data, place)
            found[tag] = max(found[tag], value)
    return found[_TILE_WIDTH], found[_TILE_LENGTH]


def _entries(data: Data, order: str) -> Iterator[tuple[int, int, int]]:
    """Where the value of each entry of a TIFF's first directory is, its tag, and its type."""
    big = 43 in data[2:4]
    (start,) = unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (count,) = unpack_from(order + ("Q" if big else "H"), data, start)
    first, step, value = (start + 8, 20, 12) if big else (start + 2, 12, 8)
    if count > _MOST_TAGS:
        raise UnreadableImage(f"the TIFF has {count} tags; save it anew")
    for place in range(first, first + count * step, step):
        tag, kind = unpack_from(order + "HH", data, place)
        yield place + value, tag, kind
