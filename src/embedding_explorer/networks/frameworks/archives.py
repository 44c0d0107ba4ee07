"""ZIP archives of hostile origin: what torch's file formats are made of. Read in memory, never unpacked to disk.

Readers of ZIP disagree about damaged archives, so what was screened by one might not be what another loads. Whoever
loads one of these therefore loads a new archive, written from the entries that were screened.
"""

import io
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from embedding_explorer.errors import BadInput

# A network has one entry for each of its tensors and source files.
MAX_ENTRIES = 100_000
# Of the central directory: a record of 46 bytes, a name and little else.
MAX_DIRECTORY_BYTES = 200 * MAX_ENTRIES
# How many times larger a packed text may get: source code shrinks to a fifth, zip bombs to a thousandth.
MAX_RATIO = 200
# Of all packed texts together. Weights are stored as they are, so that they can be mapped into memory.
MAX_UNPACKED = 512 << 20
_RECORD = b"PK\x01\x02"
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, OverflowError, EOFError, zlib.error)
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class _DirectoryReader(io.BufferedReader):
    """Bounds the directory before zipfile makes an object of each of its records."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise BadInput(f"is an archive of more than {MAX_ENTRIES} entries")
        data = super().read(size)
        if data.count(_RECORD) > MAX_ENTRIES:
            raise BadInput(f"is an archive of more than {MAX_ENTRIES} entries")
        return data


class Archive:
    """The entries of an archive below its one root folder, by their path in it. Closed at the end of its `with`."""

    def __init__(self, path: Path) -> None:
        try:
            with _DirectoryReader(io.FileIO(path)) as file, zipfile.ZipFile(file):
                pass
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise BadInput("is no ZIP archive, or a damaged one") from error
        infos, size = [info for info in self._zip.infolist() if not info.is_dir()], path.stat().st_size
        for info in infos:
            _check(info, size)
        _check_sums(infos, size)
        roots = {info.filename.partition("/")[0] for info in infos}
        if len(roots) != 1:
            raise BadInput("is no archive of torch: its entries are not in one folder")
        self.root = roots.pop()
        self._infos = {info.filename.partition("/")[2]: info for info in infos}
        # torch's own reader does not tell capitals from small letters.
        if len({name.casefold() for name in self._infos}) != len(infos):
            raise BadInput("has two entries of the same name")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    @property
    def names(self) -> list[str]:
        """Paths of the entries, without the root folder."""
        return list(self._infos)

    def size(self, name: str) -> int:
        """How many bytes an entry has once it is unpacked."""
        return self._infos[name].file_size

    def read(self, name: str, most: int) -> bytes:
        """An entry of at most so many bytes; raises BadInput for a missing, larger or damaged one."""
        if name not in self._infos:
            raise BadInput(f"has no entry {name[:80]!r}")
        if self.size(name) > most:
            raise BadInput(f"has the entry {name[:80]!r} of {self.size(name)} bytes; at most {most} are allowed")
        try:
            return self._zip.read(self._infos[name])
        except _DAMAGE as error:
            raise BadInput(f"is damaged at the entry {name[:80]!r}") from error

    def rewrite(self, target: Path, keep: Iterable[str], replace: Mapping[str, bytes]) -> None:
        """Write a new archive of the entries `keep` as they are and those of `replace`, all of them unpacked."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
            for name in keep:
                with (
                    self._zip.open(self._infos[name]) as entry,
                    new.open(f"{self.root}/{name}", "w", force_zip64=True) as to,
                ):
                    shutil.copyfileobj(entry, to, 1 << 20)
            for name, data in replace.items():
                new.writestr(f"{self.root}/{name}", data)


def is_archive(path: Path) -> bool:
    """Whether the file says that it is one."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _check_sums(infos: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    if sum(info.compress_size for info in infos) > archive_bytes:
        raise BadInput("is an archive whose entries overlap")
    unpacked = sum(info.file_size for info in infos if info.compress_type != zipfile.ZIP_STORED)
    if unpacked > MAX_UNPACKED:
        raise BadInput(f"has packed entries of {unpacked} bytes together; at most {MAX_UNPACKED} are allowed")


def _check(info: zipfile.ZipInfo, archive_bytes: int) -> None:
    name = info.orig_filename
    parts = name.split("/")
    if len(parts) < 2 or not all(parts) or "\\" in name or "\0" in name or {".", ".."} & set(parts):
        raise BadInput(f"has an entry of the unsafe name {name[:80]!r}")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise BadInput(f"has the entry {name[:80]!r}, which is encrypted or packed in an unusual way")
    if info.compress_size > archive_bytes or info.file_size > max(1, info.compress_size) * MAX_RATIO:
        raise BadInput(f"has the entry {name[:80]!r}, which would unpack to {info.file_size} bytes")
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise BadInput(f"is damaged at the entry {name[:80]!r}")
