"""Single pictures out of large tilemaps, by decoding only the few blocks that they lie in.

A JPEG can be entered only where its entropy coding starts anew, at a restart marker. Tilemaps have one after each piece
of 56 x 8 px (`encode_tilemap`), so pieces of several tilemaps, one below the other, and a header in front are a small
JPEG of their own: 14 pieces of 5625 for a picture. What other programs made without markers is saved anew with them.

ITU-T T.81 (JPEG), annexes B and E.
"""

import re
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Files whose index is remembered, 22 KB each; there is one for each thousand images.
MOST_KNOWN = 1024

# Pixels across a piece: as wide as a cell and not much wider, as each costs a few bytes.
PIECE = 64

_BLOCK = 8
_MOST_HEIGHT = 65535  # of a JPEG
_DRI, _SOS = 0xDD, 0xDA
_FRAMES = (0xC0, 0xC1)  # sequential, Huffman; a progressive one has no place to enter
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_FIRST_RESTART = 0xD0


class Box(NamedTuple):
    """Pixels of one file, `right` and `bottom` exclusive."""

    path: Path
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class PieceIndex:
    """Where the pieces of a JPEG file are.

    Attributes:
        header: All before the first piece, for a picture that is one piece wide; its height is zero.
        height_at: Where in the header the height stands.
        width: Of a piece in pixels.
        height: Of a piece in pixels.
        across: Pieces in a row.
        starts: Where each piece begins in the file, and where the last one ends.
    """

    header: bytes
    height_at: int
    width: int
    height: int
    across: int
    starts: "array[int]"

    def pieces(self, box: Box) -> list[range]:
        """The numbers of the pieces that hold a box, row by row."""
        columns = box.left // self.width, -(-box.right // self.width)
        rows = range(box.top // self.height, -(-box.bottom // self.height))
        return [range(row * self.across + columns[0], row * self.across + columns[1]) for row in rows]


class PieceIndexes:
    """The indexes of files, remembered while they are used; for any thread."""

    def __init__(self, most: int = MOST_KNOWN) -> None:
        self._most, self._lock = most, Lock()
        self._known: OrderedDict[tuple[Path, int, int], PieceIndex | None] = OrderedDict()

    def of(self, path: Path) -> PieceIndex | None:
        """The index of a JPEG, None where it is not in pieces; raises FileNotFoundError."""
        status = path.stat()
        key = (path, status.st_ino, status.st_size)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = index_pieces(path.read_bytes())
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found


def index_pieces(data: bytes) -> PieceIndex | None:
    """The index of a JPEG's bytes, None for what cannot be entered at pieces of one width."""
    frame, interval, place = None, 0, 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker in _FRAMES:
            frame = place
        elif marker == _DRI:
            interval = int.from_bytes(data[place + 4 : place + 6], "big")
        place += 2 + length
        if marker == _SOS:
            return None if frame is None else _index(data, frame, interval, place)
    return None


def cut_boxes(boxes: Sequence[tuple[Box, PieceIndex]]) -> list[NDArray[np.uint8]]:
    """The pixels (h, w, 3) uint8 of each box, all of one size and of files with one header; decoded in one go.

    Raises FileNotFoundError, and OSError for a damaged file.
    """
    index = boxes[0][1]
    wanted = [(box, each, each.pieces(box)) for box, each in boxes]
    pieces = [piece for box, each, rows in wanted for piece in _read(box.path, each, rows)]
    sheet = _decode(index, pieces)
    cut, place = [], 0
    for box, _, rows in wanted:
        down, across = len(rows), len(rows[0])
        block = sheet[place : place + down * across].reshape(down, across, index.height, index.width, 3)
        pixels = block.swapaxes(1, 2).reshape(down * index.height, across * index.width, 3)
        left, top = box.left % index.width, box.top % index.height
        # A copy, as a view would keep all the pieces: of thousands of boxes three times the memory.
        cut.append(pixels[top : top + box.bottom - box.top, left : left + box.right - box.left].copy())
        place += down * across
    return cut


def most_boxes(index: PieceIndex, box: Box) -> int:
    """How many boxes of that size fit in one JPEG, wherever they lie."""
    down, across = (box.bottom - box.top) // index.height + 2, (box.right - box.left) // index.width + 2
    return max(1, _MOST_HEIGHT // index.height // (down * across))


def save_in_pieces(sheet: Image.Image, path: Path) -> None:
    """Save a sheet, as opened from a JPEG, anew in pieces.

    With the tables that it had, on the blocks that it had, so that nothing is to be seen of it. Colours in full: where
    several pixels share one, a decoder mixes those of neighbouring pieces, which are others here.
    """
    tables = sheet.quantization  # type: ignore[attr-defined]
    blocks = piece_blocks(sheet.width)
    sheet.save(path, "JPEG", qtables=tables, subsampling="4:4:4", restart_marker_blocks=blocks)


def piece_blocks(width: int) -> int:
    """How many blocks across a piece of a sheet of that width has: as many as divide it evenly and fit `PIECE`."""
    across = -(-width // _BLOCK)
    return max(n for n in range(1, PIECE // _BLOCK + 1) if across % n == 0)


def _index(data: bytes, frame: int, interval: int, scan: int) -> PieceIndex | None:
    """The index of a JPEG with the frame header at `frame` and its coded pieces from `scan` on."""
    height, width = (int.from_bytes(data[at : at + 2], "big") for at in (frame + 5, frame + 7))
    sampling = [data[frame + 11 + 3 * n] for n in range(data[frame + 9])]
    wide, high = _BLOCK * max(s >> 4 for s in sampling), _BLOCK * max(s & 15 for s in sampling)
    end = data.rfind(b"\xff\xd9")
    if end < scan or not interval:
        return None
    across, rest = divmod(-(-width // wide), interval)
    starts = array("I", [scan, *(found.end() for found in _RESTART.finditer(data, scan, end)), end])
    if rest or len(starts) != across * -(-height // high) + 1:
        return None
    header = bytearray(data[:scan])
    header[frame + 5 : frame + 9] = bytes(2) + (interval * wide).to_bytes(2, "big")
    return PieceIndex(bytes(header), frame + 5, interval * wide, high, across, starts)


def _read(path: Path, index: PieceIndex, rows: Sequence[range]) -> list[bytes]:
    """The coded pieces of a file, without the markers between them; raises OSError where it ends too early."""
    starts, pieces = index.starts, []
    with path.open("rb") as file:
        for row in rows:
            file.seek(starts[row.start])
            data = file.read(starts[row.stop] - starts[row.start])
            if len(data) < starts[row.stop] - starts[row.start]:
                raise OSError(f"{path.name} is cut off")
            for number in row:
                piece = data[starts[number] - starts[row.start] : starts[number + 1] - starts[row.start]]
                pieces.append(piece if number == len(starts) - 2 else piece[:-2])
    return pieces


def _decode(index: PieceIndex, pieces: Sequence[bytes]) -> NDArray[np.uint8]:
    """Decode pieces as one JPEG: (pieces, height, width, 3)."""
    header = bytearray(index.header)
    header[index.height_at : index.height_at + 2] = (len(pieces) * index.height).to_bytes(2, "big")
    coded: list[bytes] = [bytes(header)]
    for number, piece in enumerate(pieces):
        coded += (piece, bytes((0xFF, _FIRST_RESTART + number % 8)))
    coded[-1] = b"\xff\xd9"
    with Image.open(BytesIO(b"".join(coded)), formats=("JPEG",)) as sheet:
        return np.asarray(sheet.convert("RGB")).reshape(len(pieces), index.height, index.width, 3)
