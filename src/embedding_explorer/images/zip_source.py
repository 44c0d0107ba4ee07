"""Images in a ZIP archive, read in any order and never unpacked to disk."""

import bz2
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from embedding_explorer.errors import BadArchive, UnreadableImage
from embedding_explorer.images.base import Source, refusing_damage
from embedding_explorer.images.files import PositionedFile
from embedding_explorer.images.formats import HEAD
from embedding_explorer.images.limits import Limits, MiB
from embedding_explorer.images.selection import Listing, Selection

SIGNATURE = b"PK\x03\x04"

_DIRECTORY_SIGNATURE = b"PK\x01\x02"
# Of the central directory, on average: 46 bytes and a name. Honest archives stay far below.
_MAX_DIRECTORY_ENTRY = 1200

_LOCAL_HEADER_BYTES = 30
_LENGTHS_OFFSET = 26
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800

DAMAGE = (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, OverflowError, struct.error, MemoryError)

# Method → the first bytes, at most as many as asked for, of what a packed entry holds.
_UNPACK: dict[int, Callable[[bytes, int], bytes]] = {
    zipfile.ZIP_STORED: lambda packed, most: packed[:most],
    zipfile.ZIP_DEFLATED: lambda packed, most: zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most),
    zipfile.ZIP_BZIP2: lambda packed, most: bz2.BZ2Decompressor().decompress(packed, most),
}


class ZipSource(Source):
    """A ZIP archive: its directory is read by zipfile, its entries by offset, since ZipFile is not made for threads."""

    kind = "zip"

    def __init__(self, path: Path, *, limits: Limits, selection: Selection, spool: Path) -> None:
        infos = read_directory(path, limits)
        self._limits = limits
        self._file = PositionedFile(path)
        listing: Listing[zipfile.ZipInfo] = Listing(selection, limits)
        for info in infos:
            name = _name(info)
            if not name.endswith(("/", "\\")):
                listing.offer(name, info, self._head)
        self.entries, self._infos = listing.finish()
        self.skipped = listing.skipped

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> bool:
        """See `Source.recognises`."""
        return zipfile.is_zipfile(path)

    def read(self, index: int) -> bytes:
        """See `Source.read`; the size that the directory declares bounds what is unpacked."""
        info = self._infos[index]
        self._limits.check_file_bytes(self.entries[index].name, max(info.file_size, info.compress_size))
        data = self._unpack(info, info.compress_size, info.file_size + 1)
        if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
            raise UnreadableImage("damaged in the archive: its size or checksum is not the declared one")
        return data

    def file_bytes(self, index: int) -> int:
        """See `Source.file_bytes`."""
        return max(self._infos[index].file_size, self._infos[index].compress_size)

    def close(self) -> None:
        """See `Source.close`."""
        self._file.close()

    def _head(self, info: zipfile.ZipInfo) -> bytes:
        try:
            return self._unpack(info, min(info.compress_size, MiB), HEAD)
        except UnreadableImage:
            return b""

    def _unpack(self, info: zipfile.ZipInfo, packed_bytes: int, most: int) -> bytes:
        """At most `most` bytes of what the entry holds, from the first `packed_bytes` of its packed form."""
        unpack = _UNPACK.get(info.compress_type)
        if unpack is None:
            raise UnreadableImage(f"packed by a method that is not supported (number {info.compress_type})")
        header = self._file.read_at(info.header_offset, _LOCAL_HEADER_BYTES)
        if len(header) < _LOCAL_HEADER_BYTES or not header.startswith(SIGNATURE):
            raise UnreadableImage("damaged in the archive: it is not where the directory says")
        # The two lengths may differ from the directory's.
        start = info.header_offset + _LOCAL_HEADER_BYTES + sum(struct.unpack_from("<HH", header, _LENGTHS_OFFSET))
        try:
            return unpack(self._file.read_at(start, packed_bytes), most)
        except (zlib.error, OSError, EOFError, ValueError) as error:
            raise UnreadableImage(f"damaged in the archive: {error}") from error


class _DirectoryReader(io.BufferedReader):
    """Counts the entries of a directory before zipfile makes an object of each, whatever number it declares."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(io.FileIO(path))
        self._limits = limits

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:  # the archive's last 64 KiB, where zipfile looks for the directory's place
            return super().read(size)
        self._limits.check_entries(size // _MAX_DIRECTORY_ENTRY)
        data = super().read(size)
        self._limits.check_entries(data.count(_DIRECTORY_SIGNATURE))
        return data


def read_directory(path: Path, limits: Limits) -> list[zipfile.ZipInfo]:
    """What a ZIP says of its entries, in order; raises BadArchive, LimitExceeded."""
    with (
        refusing_damage("ZIP archive", *DAMAGE),
        _DirectoryReader(path, limits) as file,
        zipfile.ZipFile(file) as archive,
    ):
        infos = archive.infolist()
    _check(infos, limits)
    return infos


def _check(infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise BadArchive("The ZIP archive is encrypted. Make one without a password.")
    limits.check_entries(len(infos))
    limits.check_unpacked(sum(info.file_size for info in infos))
    for info in infos:
        limits.check_ratio(_name(info), info.compress_size, info.file_size)


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name; UTF-8 that is not flagged as such, which some programs write, is recognised."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_NAME:
        return name
    with suppress(UnicodeError):
        return name.encode("cp437").decode("utf-8")
    with suppress(UnicodeError):
        # In Japanese names the second byte of a letter may look like a backslash, which would part folders.
        if "\\" in name and "\\" not in name.encode("cp437").decode("cp932"):
            return name.replace("\\", "_")
    return name
