"""Seeds packed as .7z: their names, the wanted files under names of ours, and a new archive."""

import contextlib
import lzma
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from embedding_explorer.datasets.seed import SeedLimits
from embedding_explorer.errors import BadArchive, ExplorerError, LimitExceeded

if TYPE_CHECKING:
    from py7zr import SevenZipFile
    from py7zr.io import WriterFactory

# Picture files do not get smaller by packing; a fast setting serves as well.
PACKING = [{"id": lzma.FILTER_LZMA2, "preset": 1}]


def list_archive(path: Path, limits: SeedLimits) -> list[str]:
    """Names of the files in a .7z; raises BadArchive when it is none, encrypted or damaged, or LimitExceeded."""
    with _opened(path, limits) as archive:
        names = archive.namelist()
        limits.check_entries(len(names), str(path))
        return [entry.filename for entry in archive.list() if not entry.is_directory]


def unpack(path: Path, wanted: Mapping[str, str], folder: Path, limits: SeedLimits) -> None:
    """Write the files of a .7z into `folder`. `wanted`: name in the folder, one of ours → name in the archive.

    Raises BadArchive, or LimitExceeded as soon as a file or the whole gets too large.
    """
    for name in wanted:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    with _opened(path, limits) as archive:
        targets = _Targets({there: (folder / name, limits.of(name)) for name, there in wanted.items()})
        archive.extract(targets=list(wanted.values()), factory=cast("WriterFactory", targets))


def pack(folder: Path, path: Path) -> None:
    """Pack all that is in `folder` as a .7z."""
    from py7zr import SevenZipFile

    with SevenZipFile(path, "w", filters=PACKING) as archive:
        archive.writeall(folder, ".")


@contextlib.contextmanager
def _opened(path: Path, limits: SeedLimits) -> "Iterator[SevenZipFile]":
    from py7zr import SevenZipFile
    from py7zr.exceptions import DecompressionBombError, PasswordRequired

    try:
        # An open file, not its name, keeps py7zr from unpacking several blocks at once in memory.
        with path.open("rb") as file, SevenZipFile(file, max_extract_size=limits.max_bytes) as archive:
            if archive.needs_password():
                raise PasswordRequired("")
            yield archive
    except PasswordRequired:
        raise BadArchive(f"{path} is encrypted. Pack it again without a password.") from None
    except DecompressionBombError:
        message = f"{path} unpacks to more than the limit of {limits.max_bytes} bytes."
        raise LimitExceeded(message, limit=limits.max_bytes) from None
    except Exception as error:
        # Damaged data makes py7zr and its decoders raise nearly anything, OSError without a number included.
        if isinstance(error, ExplorerError) or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise BadArchive(f"{path} is no 7z archive or is damaged ({error}). Copy it again.") from error


class _Targets:
    """What py7zr asks for a place to write each file to. It knows names of the archive, but writes to ours."""

    def __init__(self, places: Mapping[str, tuple[Path, int]]) -> None:
        self._places = places

    def create(self, filename: str) -> "_Target":
        """The place for one file; one that was not asked for, such as a second one of the same name, goes nowhere."""
        place, limit = self._places.get(filename, (None, 0))
        return _Target(filename, place, limit)


class _Target:
    """One file being written, never larger than `limit` bytes."""

    def __init__(self, name: str, place: Path | None, limit: int) -> None:
        self._name, self._place, self._limit, self._size = name, place, limit, 0
        if place is not None:
            place.write_bytes(b"")

    def write(self, data: bytes) -> int:
        """Append `data`."""
        self._size += len(data)
        if self._place is not None:
            if self._size > self._limit:
                raise LimitExceeded(f"{self._name} is over the limit of {self._limit} bytes.", limit=self._limit)
            with self._place.open("ab") as file:
                file.write(data)
        return len(data)

    def read(self, size: int | None = None) -> bytes:
        """Nothing: py7zr's interface wants it."""
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Nothing: py7zr rewinds what it has written."""
        return 0

    def flush(self) -> None:
        """Nothing: each write is complete."""

    def close(self) -> None:
        """Nothing: no file stays open."""

    def size(self) -> int:
        """Bytes written."""
        return self._size
