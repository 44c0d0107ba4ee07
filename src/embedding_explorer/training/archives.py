"""Archives of models: written as a stream (contract, 5.12), and read with checks of every name and size (7.3)."""

import bz2
import io
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from embedding_explorer.datasets.disk import full_disk_named
from embedding_explorer.errors import BadArchive, BadInput
from embedding_explorer.images.base import HEAD, refusing_damage
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.tar_source import DAMAGE as TAR_DAMAGE
from embedding_explorer.images.tar_source import TarSource, TarStream
from embedding_explorer.images.zip_source import DAMAGE as ZIP_DAMAGE
from embedding_explorer.images.zip_source import read_directory

INFO = "info.json"
DEFAULT = "tar.gz"
CHUNK = 1 << 20
# Weights hardly get smaller, so the quickest level is the best.
_LEVEL = 1
_MAX_NAME = 255  # bytes; what file systems take
# Of archives that clients send: a model has ten files.
MAX_ENTRIES = 1000
_FORMATS = ", ".join(("tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "zip"))
_UNIX = 3  # the system that zip entries with file modes come from


class _Opened(NamedTuple):
    name: str
    file: IO[bytes]
    size: int


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Plain:
    """No compression."""

    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def pack(files: Mapping[str, Path | bytes], extension: str) -> Iterator[bytes]:
    """An archive of these files, all at its top level, in pieces of bounded size.

    All files are opened before this returns, so what is deleted meanwhile is sent all the same.

    Raises:
        BadInput: no archive is written under that extension.
        OSError: a file cannot be opened.
    """
    if extension not in _PACKERS:
        raise BadInput(f"{extension[:40]!r} is no kind of archive; choose one of {', '.join(_PACKERS)}.")
    opened = [_open(name, content) for name, content in files.items()]
    return _PACKERS[extension](opened)


def _open(name: str, content: Path | bytes) -> _Opened:
    if isinstance(content, bytes):
        return _Opened(name, io.BytesIO(content), len(content))
    file = content.open("rb")
    return _Opened(name, file, content.stat().st_size)


def _tar(make_compressor: Callable[[], _Compressor]) -> Callable[[list[_Opened]], Iterator[bytes]]:
    def packed(files: list[_Opened]) -> Iterator[bytes]:
        compressor = make_compressor()
        for piece in _tar_blocks(files):
            if data := compressor.compress(piece):
                yield data
        yield compressor.flush()

    return packed


def _tar_blocks(files: list[_Opened]) -> Iterator[bytes]:
    for name, file, size in files:
        header = tarfile.TarInfo(name)
        header.size, header.mtime = size, int(time.time())
        yield header.tobuf(tarfile.PAX_FORMAT)
        yield from _pieces(file, size)
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    with file:
        while size:
            piece = file.read(min(CHUNK, size))
            if not piece:
                raise EOFError("a file of the model got shorter while it was sent")
            size -= len(piece)
            yield piece


class _Sink(io.RawIOBase):
    """Takes what zipfile writes, and gives it away."""

    def __init__(self) -> None:
        super().__init__()
        self._data, self._position = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self._data += data
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        data, self._data = bytes(self._data), bytearray()
        return data


def _zip(files: list[_Opened]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, file, size in files:
            with archive.open(name, "w", force_zip64=size >= 1 << 31) as entry:
                for piece in _pieces(file, size):
                    entry.write(piece)
                    if data := sink.taken():
                        yield data
    yield sink.taken()


def _gzip() -> _Compressor:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)


_PACKERS: dict[str, Callable[[list[_Opened]], Iterator[bytes]]] = {
    "tar": _tar(_Plain),
    "tar.gz": _tar(_gzip),
    "tgz": _tar(_gzip),
    "tar.bz2": _tar(bz2.BZ2Compressor),
    "zip": _zip,
}
EXTENSIONS = tuple(_PACKERS)


def unpack(archive: Path, folder: Path, limits: Limits) -> list[str]:
    """Write the regular files at the top level of an archive into a folder; their names.

    Args:
        archive: a tar, plain or packed by gzip, bzip2 or xz, or a ZIP, whatever its name says.
        folder: must exist and be empty.
        limits: of bytes, entries and how much larger they get.

    Raises:
        BadArchive: no archive, a damaged one, or one with links, or names that lead out of it or come twice.
        LimitExceeded: over one of the limits.
        StorageFull: the disk is.
    """
    with archive.open("rb") as file:
        head = file.read(HEAD)
    limits.check_bytes(archive.stat().st_size)
    if TarSource.recognises(archive, head):
        entries = _tar_entries(archive, limits)
    elif zipfile.is_zipfile(archive):
        entries = _zip_entries(archive, limits)
    else:
        raise BadArchive(f"The file is not an archive. Send one of {_FORMATS}.")
    with full_disk_named(folder):
        return [_write(folder, name, pieces) for name, pieces in entries]


def _write(folder: Path, name: str, pieces: Iterable[bytes]) -> str:
    try:
        with (folder / name).open("xb") as file:
            for piece in pieces:
                file.write(piece)
    except FileExistsError as error:
        raise BadArchive(f"The archive has two files called {name!r}. Make one that has each name once.") from error
    return name


def _tar_entries(path: Path, limits: Limits) -> Iterator[tuple[str, Iterator[bytes]]]:
    with TarStream(path, limits) as stream, refusing_damage("tar archive", *TAR_DAMAGE):
        for count, member in enumerate(stream.members(), 1):
            _check_count(count)
            if not (member.isdir() or member.isreg()) or member.issparse():
                raise BadArchive(f"{member.name[:80]!r} in the archive is a link or device. Pack plain files only.")
            name = top_level(member.name)
            if name is not None and member.isreg():
                limits.check_unpacked(member.size)
                yield name, _guarded(stream.chunks(member.size), "tar archive", TAR_DAMAGE)


def _zip_entries(path: Path, limits: Limits) -> Iterator[tuple[str, Iterator[bytes]]]:
    infos = read_directory(path, limits)
    with refusing_damage("ZIP archive", *ZIP_DAMAGE), zipfile.ZipFile(path) as archive:
        for count, info in enumerate(infos, 1):
            _check_count(count)
            mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
            if mode & 0o170000 not in (0, 0o100000, 0o040000):
                raise BadArchive(f"{info.filename[:80]!r} in the archive is a link. Pack plain files only.")
            name = top_level(info.orig_filename)
            if name is not None and not info.is_dir():
                with archive.open(info) as entry:
                    yield name, _guarded(_pieces(entry, info.file_size), "ZIP archive", ZIP_DAMAGE)


def _guarded(pieces: Iterator[bytes], archive: str, damage: tuple[type[Exception], ...]) -> Iterator[bytes]:
    with refusing_damage(archive, *damage):
        yield from pieces


def _check_count(count: int) -> None:
    if count > MAX_ENTRIES:
        raise BadArchive(f"The archive has more than {MAX_ENTRIES} entries. Pack the files of one model only.")


def top_level(name: str) -> str | None:
    """The name of an entry at the top level of an archive; None for a deeper one, which does not count.

    Raises BadArchive for a name that leads out of the archive, or that no file should have.
    """
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or ":" in parts[0] or not name.isprintable():
        raise BadArchive(f"The archive has a file of the unsafe name {name[:80]!r}. Make one of plain file names.")
    kept = [part for part in parts if part not in ("", ".")]
    if len(kept) != 1:
        return None
    if len(kept[0].encode("utf-8", "replace")) > _MAX_NAME:
        raise BadArchive(f"The archive has a file with a name of more than {_MAX_NAME} bytes. Make it shorter.")
    return kept[0]
