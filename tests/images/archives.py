"""Archives of every kind that is read, from (name, content) pairs."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import py7zr

Files = Iterable[tuple[str, bytes]]


def write_zip(path: Path, files: Files, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files:
            info = zipfile.ZipInfo()  # whose constructor would cut names at NUL
            info.filename, info.compress_type = name, method
            archive.writestr(info, data)
    return path


def write_7z(path: Path, files: Files, **options: object) -> Path:
    with py7zr.SevenZipFile(path, "w", **options) as archive:
        for name, data in files:
            archive._writestr(data, name)  # `writestr` would refuse unsafe names
    return path


def write_tar(path: Path, files: Files, compression: str = "") -> Path:
    with tarfile.open(path, f"w:{compression}") as archive:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write_folder(path: Path, files: Files) -> Path:
    path.mkdir()
    for name, data in files:
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


ARCHIVES: dict[str, tuple[str, Callable[[Path, Files], Path]]] = {
    "zip, stored": ("zip", partial(write_zip, method=zipfile.ZIP_STORED)),
    "zip, deflated": ("zip", write_zip),
    "zip, bzip2": ("zip", partial(write_zip, method=zipfile.ZIP_BZIP2)),
    "7z": ("7z", write_7z),
    "7z, copied": ("7z", partial(write_7z, filters=[{"id": py7zr.FILTER_COPY}])),
    "7z, bzip2": ("7z", partial(write_7z, filters=[{"id": py7zr.FILTER_BZIP2}])),
    "tar": ("tar", write_tar),
    "tar.gz": ("tar", partial(write_tar, compression="gz")),
    "tar.bz2": ("tar", partial(write_tar, compression="bz2")),
    "tar.xz": ("tar", partial(write_tar, compression="xz")),
}
SOURCES = {**ARCHIVES, "folder": ("folder", write_folder)}
