"""Images in a tar archive: a plain one is read in place, a compressed one is unpacked once into a spool file."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from embedding_explorer.images.base import Source, refusing_damage
from embedding_explorer.images.files import PositionedFile, Slot, Spool
from embedding_explorer.images.formats import HEAD, has_image_extension, sniff
from embedding_explorer.images.limits import Limits, MiB
from embedding_explorer.images.selection import NOT_AN_IMAGE, Listing, Selection

NOT_REGULAR = "not a regular file"

# First bytes of an archive → what unpacks it.
_COMPRESSIONS: dict[bytes, Callable[[Path], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}

# tarfile reads a header whole, whatever size it declares; honest ones hold a name and some attributes.
_MAX_READ = MiB // 4

DAMAGE = (
    *(tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(ValueError, TypeError, LookupError, OverflowError, RecursionError, MemoryError),
)


class TarSource(Source):
    """A tar archive, plain or packed by gzip, bzip2 or xz."""

    kind = "tar"

    def __init__(self, path: Path, *, limits: Limits, selection: Selection, spool: Path) -> None:
        self._limits = limits
        listing: Listing[Slot] = Listing(selection, limits)
        with ExitStack() as on_failure, TarStream(path, limits) as stream, refusing_damage("tar archive", *DAMAGE):
            self._file = on_failure.enter_context(Spool(spool) if stream.compressed else PositionedFile(path))
            for member in stream.members():
                if not member.isdir():
                    self._offer(listing, member, stream)
            on_failure.pop_all()
        self.entries, self._slots = listing.finish()
        self.skipped = listing.skipped

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> bool:
        """See `Source.recognises`."""
        return head.startswith(tuple(_COMPRESSIONS)) or _is_header(head)

    def read(self, index: int) -> bytes:
        """See `Source.read`."""
        slot = self._slots[index]
        self._limits.check_file_bytes(self.entries[index].name, slot.length)
        return self._file.read_at(*slot)

    def file_bytes(self, index: int) -> int:
        """See `Source.file_bytes`."""
        return self._slots[index].length

    def close(self) -> None:
        """See `Source.close`."""
        self._file.close()

    def _offer(self, listing: Listing[Slot], member: tarfile.TarInfo, stream: "TarStream") -> None:
        if (name := listing.admit(member.name)) is None:
            return
        if not member.isreg() or member.issparse():
            listing.skip(name, NOT_REGULAR)
            return
        known = has_image_extension(name)
        head = b"" if known else stream.read(min(HEAD, member.size))
        if known or sniff(head):
            listing.keep(name, self._place(member, head, stream))
        else:
            listing.skip(name, NOT_AN_IMAGE)

    def _place(self, member: tarfile.TarInfo, head: bytes, stream: "TarStream") -> Slot:
        if isinstance(self._file, Spool):
            return self._file.append(chain([head], stream.chunks(member.size - len(head))))
        return Slot(member.offset_data, member.size)


class TarStream(ExitStack):
    """The unpacked archive, read forwards only and counted, since tarfile trusts what headers say."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__()
        self._limits = limits
        self._packed_bytes = path.stat().st_size
        self._position = 0
        self._last = b""
        opener = _compression(path)
        self.compressed = opener is not None
        self._raw = self.enter_context(opener(path) if opener else path.open("rb"))

    def members(self) -> Iterator[tarfile.TarInfo]:
        """Every member; the stream stands at its content while it is looked at."""
        with tarfile.open(fileobj=cast(IO[bytes], self), mode="r:", encoding="utf-8") as archive:
            while (member := archive.next()) is not None:
                cast(Any, archive).members.clear()  # it would keep all that it has met, with names of any length
                yield member
        # tarfile takes a broken header for the archive's end, which is blocks of zeros or nothing.
        if self._last.strip(b"\0"):
            raise tarfile.ReadError(f"broken header before byte {self._position}")
        while self.compressed and self._count(self._raw.read(_MAX_READ)):
            pass  # up to the end, where the compression's checksum is

    def chunks(self, length: int) -> Iterator[bytes]:
        """The next `length` bytes in pieces."""
        for start in range(0, length, _MAX_READ):
            yield self.read(min(_MAX_READ, length - start))

    def read(self, size: int) -> bytes:
        """The next `size` bytes, or none at the archive's end."""
        if not 0 <= size <= _MAX_READ:
            raise tarfile.ReadError(f"a header of {size} bytes")
        self._last = self._count(self._raw.read(size))
        if 0 < len(self._last) < size:
            raise EOFError
        return self._last

    def tell(self) -> int:
        """Bytes from the beginning."""
        return self._position

    def seek(self, position: int) -> None:
        """Go forwards to `position`."""
        if position < self._position:
            raise tarfile.ReadError("a member that ends before it begins")
        if self.compressed:
            for _ in self.chunks(position - self._position):
                pass
        else:
            self._position = self._raw.seek(position)

    def _count(self, data: bytes) -> bytes:
        self._position += len(data)
        if self.compressed:
            self._limits.check_unpacked(self._position)
            self._limits.check_ratio("The archive", self._packed_bytes, self._position)
        return data


def _is_header(head: bytes) -> bool:
    """By its checksum: the oldest archives have no magic bytes."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _compression(path: Path) -> Callable[[Path], io.BufferedIOBase] | None:
    with path.open("rb") as file:
        head = file.read(8)
    return next((opener for magic, opener in _COMPRESSIONS.items() if head.startswith(magic)), None)
