"""Images in a 7z archive, which unpacks in one sequence only: what is wanted goes into a spool file."""

import lzma
import struct
import threading
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from embedding_explorer.errors import BadArchive
from embedding_explorer.images.base import Source, refusing_damage
from embedding_explorer.images.files import Slot, Spool
from embedding_explorer.images.formats import HEAD, has_image_extension, sniff
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.selection import NOT_AN_IMAGE, Listing, Selection

if TYPE_CHECKING:
    from py7zr import SevenZipFile

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
_START_HEADER = struct.Struct("<12xQQ4x")  # offset (from its own end) and length of the header at the archive's end

# Times `max_images`, of the images that are unpacked at first: some of them may be unreadable.
_HEADROOM = 2

# Methods whose decompressors in py7zr give all they can at once, whatever is asked for: gigabytes, from a bomb.
_UNBOUNDED_METHODS = ("DEFLATE", "DEFLATE64", "ZSTD", "BROTLI", "PPMD")

_MOST_ENTRIES = 1 << 23  # py7zr's own bound, for where there is no limit

# py7zr reads a block for each member, even where the last one is not used up: its own 1 MiB would gather a whole
# archive of photographs in memory.
_BLOCK = 64 << 10


class SevenZipSource(Source):
    """A 7z archive, unpacked into `spool` as far as is needed."""

    kind = "7z"

    def __init__(self, path: Path, *, limits: Limits, selection: Selection, spool: Path) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._slots: dict[int, Slot] = {}
        self._sizes: list[int] = []
        with ExitStack() as on_failure, _refusing_damage():
            self._archive = on_failure.enter_context(_open(path, limits))
            self._spool = on_failure.enter_context(Spool(spool))
            self._list(Listing(selection, limits))
            on_failure.pop_all()

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> bool:
        """See `Source.recognises`."""
        return head.startswith(SIGNATURE)

    def read(self, index: int) -> bytes:
        """See `Source.read`."""
        number = self._numbers[index]
        with self._lock:
            if number not in self._slots:
                with _refusing_damage():
                    self._unpack(set(self._numbers) - self._slots.keys())
        slot = self._slots[number]
        self._limits.check_file_bytes(self.entries[index].name, slot.length)
        return self._spool.read_at(*slot)

    def file_bytes(self, index: int) -> int:
        """See `Source.file_bytes`; many are unpacked only when they are read."""
        return self._sizes[self._numbers[index]]

    def close(self) -> None:
        """See `Source.close`."""
        self._archive.close()
        self._spool.close()

    def _list(self, listing: Listing[int]) -> None:
        unknown: dict[int, str] = {}
        for number, info in enumerate(self._archive.list()):
            self._sizes.append(info.uncompressed)
            if info.is_file and (name := listing.admit(info.filename)) is not None:
                if has_image_extension(name):
                    listing.keep(name, number)
                else:
                    unknown[number] = name
        _, numbers = listing.finish()
        first = numbers if self._limits.max_images is None else numbers[: _HEADROOM * self._limits.max_images]
        self._unpack({*first, *unknown}, unknown)
        for number, name in unknown.items():
            if number in self._slots:
                listing.keep(name, number)
            else:
                listing.skip(name, NOT_AN_IMAGE)
        self.entries, self._numbers = listing.finish()
        self.skipped = listing.skipped

    def _unpack(self, numbers: Collection[int], unknown: Collection[int] = ()) -> None:
        """Put members of the archive into the spool, by number: names are no paths. Of the unknown only images stay."""
        from py7zr.io import MemIO

        self._archive.reset()
        worker = self._archive.worker
        worker.max_extract_size = self._limits.max_unpacked_bytes
        factory = cast(Any, _Writers(self._spool, self._slots, unknown))
        for number in range(len(self._archive.files)):
            worker.register_filelike(number, MemIO(str(number), factory) if number in numbers else None)
        worker.extract(self._archive.fp, None, parallel=False)


class _Writers:
    """Makes what py7zr writes its members into (a `WriterFactory`)."""

    def __init__(self, spool: Spool, slots: dict[int, Slot], unknown: Collection[int]) -> None:
        self._spool = spool
        self._slots = slots
        self._unknown = unknown

    def create(self, filename: str) -> "_Writer":
        return _Writer(self._spool, lambda slot: self._finish(int(filename), slot))

    def _finish(self, number: int, slot: Slot) -> None:
        if number in self._unknown and not sniff(self._spool.read_at(slot.offset, HEAD)):
            self._spool.drop(slot)
        else:
            self._slots[number] = slot


class _Writer:
    """Takes one member (a `Py7zIO`)."""

    def __init__(self, spool: Spool, finish: Callable[[Slot], None]) -> None:
        self._spool = spool
        self._finish = finish
        self._slot = spool.append(())

    def write(self, data: bytes | bytearray) -> int:
        length = self._spool.append([data]).length
        self._slot = Slot(self._slot.offset, self._slot.length + length)
        return length

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._finish(self._slot)


def _open(path: Path, limits: Limits) -> "SevenZipFile":
    """The archive, once its declared counts and sizes are within the limits."""
    _check_length(path)
    _bound_library(limits)
    from py7zr import SevenZipFile
    from py7zr.exceptions import PasswordRequired

    with ExitStack() as on_failure:
        archive: SevenZipFile = on_failure.enter_context(SevenZipFile(path))
        if archive.needs_password():
            raise PasswordRequired
        infos = archive.list()
        limits.check_entries(len(infos))
        unpacked = sum(info.uncompressed for info in infos)
        limits.check_unpacked(unpacked)
        limits.check_ratio("The archive", path.stat().st_size, unpacked)
        on_failure.pop_all()
    return archive


def _check_length(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(_START_HEADER.size)
    if len(start) < _START_HEADER.size:
        raise EOFError
    offset, length = _START_HEADER.unpack(start)
    if _START_HEADER.size + offset + length > path.stat().st_size:
        raise EOFError


def _bound_library(limits: Limits) -> None:
    """Tighten the bounds that py7zr keeps as constants: they hold for an archive's header too, which it unpacks."""
    from py7zr import archiveinfo, compressor, properties

    # Four times, so that an archive somewhat over the limit is refused by the limit's name.
    archiveinfo.MAX_NUMFILES = _MOST_ENTRIES if limits.max_entries is None else 4 * limits.max_entries
    compressor.get_default_blocksize = lambda: _BLOCK  # type: ignore[attr-defined]
    for method in _UNBOUNDED_METHODS:
        compressor.algorithm_class_map.pop(getattr(properties, f"FILTER_{method}"), None)


@contextmanager
def _refusing_damage() -> Iterator[None]:
    from py7zr.exceptions import ArchiveError, PasswordRequired, UnsupportedCompressionMethodError

    damage = (
        *(ArchiveError, lzma.LZMAError, zlib.error, struct.error, ValueError, TypeError, LookupError),
        *(AttributeError, AssertionError, OverflowError, MemoryError),
    )
    with refusing_damage("7z archive", *damage):
        try:
            yield
        except PasswordRequired as error:
            raise BadArchive("The 7z archive is encrypted. Make one without a password.") from error
        except UnsupportedCompressionMethodError as error:
            message = "The 7z archive is packed by a method that is not supported. Make one with LZMA2, the usual one."
            raise BadArchive(message) from error
