"""Small files that would take long, or much memory, to decode; and honest ones built like them."""

import struct
import zlib

from PIL import Image

from tests.images.pictures import saved


def scans(count: int, mode: str = "L") -> bytes:
    """A progressive JPEG of so many scans: its own, and its last one again and again without data."""
    data = saved(Image.new(mode, (64, 64), 100), "JPEG", progressive=True)
    table, last = data.rindex(b"\xff\xc4"), data.rindex(b"\xff\xda")
    header = data[table : last + 2 + int.from_bytes(data[last + 2 : last + 4], "big")]
    return data[:-2] + header * (count - data.count(b"\xff\xda")) + data[-2:]


def sequential_scans(count: int) -> bytes:
    """A JPEG that is not progressive, of so many scans of its first component only."""
    data = saved(Image.new("RGB", (64, 64), (200, 40, 90)), "JPEG", subsampling=0)
    return data[: data.index(b"\xff\xda")] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" * count + b"\xff\xd9"


def run_length_bmp(width: int, height: int, packing: int = 1, runs: bytes | None = None) -> bytes:
    """A compressed BMP, RLE8 (1) or RLE4 (2), of rows of one colour."""
    bits, colours = (8, 256) if packing == 1 else (4, 16)
    row = b"".join(bytes((min(255, width - left), 0x11)) for left in range(0, width, 255))
    body = (row + b"\0\0") * height + b"\0\1" if runs is None else runs
    start = 54 + 4 * colours
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(body), 0, 0, colours, 0)
    palette = bytes(value for n in range(colours) for value in (n, n, n, 0))
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + palette + body


def tiff(entries: dict[int, tuple[int, list[int]]], pixels: bytes, order: str = "<") -> bytes:
    """A grey TIFF of 16 x 16 pixels with these entries, tag to type and values; 273 or 324 is where `pixels` are."""
    usual = {256: (4, [16]), 257: (4, [16]), 258: (3, [8]), 259: (3, [8]), 262: (3, [1]), 277: (3, [1])}
    letters = {3: "H", 4: "I", 16: "Q", 17: "q"}
    wanted = sorted((usual | entries).items())
    table, rest, start = b"", b"", 10 + 12 * len(wanted) + 4
    outside = {tag: n for tag, (kind, each) in wanted if (n := len(each) * struct.calcsize(letters[kind])) > 4}
    for tag, (kind, each) in wanted:
        values = [start + sum(outside.values())] * len(each) if tag in (273, 324) else each
        packed = struct.pack(f"{order}{len(values)}{letters[kind]}", *values)
        where = struct.pack(f"{order}I", start + len(rest)) if tag in outside else packed.ljust(4, b"\0")
        rest += packed if tag in outside else b""
        table += struct.pack(f"{order}HHI", tag, kind, len(values)) + where
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(wanted))
    return head + table + bytes(4) + rest + pixels


def tiled_tiff(width: int, length: int, order: str = "<", kind: int = 4) -> bytes:
    """A grey TIFF of 16 x 16 pixels in a tile of this size, whose pixels are there up to a million."""
    pixels = zlib.compress(b"d" * min(width * length, 1_000_000))
    sides = {322: (kind, [width]), 323: (kind, [length])}
    return tiff(sides | {324: (4, [0]), 325: (4, [len(pixels)])}, pixels, order)


def overlapping_tiff(strips: int) -> bytes:
    """A TIFF that is not compressed, of so many strips of its first 15 rows."""
    pixels = bytes(256)
    sizes = [len(pixels)] * strips
    return tiff({259: (3, [1]), 278: (4, [15]), 273: (4, sizes), 279: (4, sizes)}, pixels)


COSTLY = {
    "scans": (scans(101), "100 scans"),
    "sequential scans": (sequential_scans(101), "100 scans"),
    "RLE8": (run_length_bmp(641, 480), "RLE"),
    "RLE4": (run_length_bmp(641, 480, 2), "RLE"),
    "runs without pixels": (run_length_bmp(16, 16, runs=b"\x10\x11" + b"\xff\x11" * 307_200), "RLE"),
    "a tile": (tiled_tiff(30_000, 30_000), "tiles of 30000 x 30000 pixels"),
    "a wide tile": (tiled_tiff(400_000_000, 16), "tiles of 400000000 x 16 pixels"),
    "a tile in another byte order": (tiled_tiff(30_000, 30_000, ">"), "tiles of 30000 x 30000 pixels"),
    "a tile of an unusual type": (tiled_tiff(30_000, 30_000, kind=17), "tiles in an unusual way"),
    "strips": (overlapping_tiff(14), "one over the other"),
}
