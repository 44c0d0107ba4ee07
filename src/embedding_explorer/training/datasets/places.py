"""Which files of this machine a client may name (contract, 1.8), and reading the images that it named."""

import os
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from embedding_explorer.errors import BadInput, FetchFailed, UnreadableImage
from embedding_explorer.images.files import PositionedFile
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.remote import Limits as FetchLimits
from embedding_explorer.images.remote import check_url, fetch

MISSING = "there is no such file in the data roots"
# Folders whose real place is remembered: those of a list's images, mostly one for each category.
_KNOWN_FOLDERS = 4096
# Without O_NONBLOCK, a pipe that nobody writes to would hold the job for ever; so it is an empty file.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class Places:
    """The data roots, and whether addresses count too. Whatever lies outside is told apart from nothing by no answer.

    One is made for each job or request: `read` remembers where folders really are, and links may change later.

    Args:
        roots: folders that clients may name files in; those that do not exist are left out.
        urls: whether http(s) addresses may be named.
        private: whether these may be in a private network.
    """

    def __init__(self, roots: Iterable[Path], *, urls: bool = False, private: bool = False) -> None:
        self.roots = tuple(dict.fromkeys(root.resolve() for root in roots if root.is_dir()))
        self.urls, self.private = urls, private
        self._real_folder = lru_cache(_KNOWN_FOLDERS)(os.path.realpath)

    def folder(self, name: str) -> Path | None:
        """The real place of an existing folder with an absolute path inside the roots; None for anything else."""
        path = self._inside(name)
        return path if path is not None and path.is_dir() else None

    def file(self, name: str) -> Path | None:
        """The real place of an existing regular file with an absolute path inside the roots; None for anything else."""
        path = self._inside(name)
        return path if path is not None and path.is_file() else None

    def holds(self, real_path: str) -> bool:
        """Whether a path without links is one of the roots or inside one."""
        return any(
            real_path == str(root) or real_path.startswith(f"{root}/") or str(root) == "/" for root in self.roots
        )

    def read(self, name: str, limits: Limits) -> bytes:
        """The bytes of an image's file or address; from any thread.

        Raises:
            UnreadableImage: not there, outside of the roots, no regular file, or it cannot be read.
            LimitExceeded: too many bytes.
        """
        if is_url(name):
            try:
                return self.fetched(name)
            except FetchFailed as error:
                raise UnreadableImage(error.message) from error
        try:
            folder, base = os.path.split(name)
            real = os.path.join(self._real_folder(folder), base)
            if os.path.islink(real) or base in ("", ".", ".."):
                real = os.path.realpath(real)
        except (ValueError, OSError) as error:  # a zero byte, or links in a circle
            raise UnreadableImage(MISSING) from error
        if not os.path.isabs(name) or not self.holds(real):
            raise UnreadableImage(MISSING if os.path.isabs(name) else "a relative path, and no folder to look in")
        return _read(Path(real), name, limits)

    def _inside(self, name: str) -> Path | None:
        try:
            real = Path(name).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        return real if os.path.isabs(name) and self.holds(str(real)) else None

    def fetched(self, url: str) -> bytes:
        """What an address answers; raises FetchFailed, also where addresses are off."""
        if not self.urls:
            raise FetchFailed("Addresses are not fetched here; give a path on the server.")
        with tempfile.TemporaryDirectory(prefix="explorer-") as folder:
            target = Path(folder) / "fetched"
            try:
                check_url(url)
            except BadInput as error:
                raise FetchFailed(error.message) from error
            fetch(url, target, FetchLimits(private=self.private))
            return target.read_bytes()


def is_url(name: str) -> bool:
    """Whether a name is an http(s) address."""
    return name[:8].lower().startswith(("http://", "https://"))


def _read(path: Path, name: str, limits: Limits) -> bytes:
    try:
        with PositionedFile(path, _FLAGS) as file:
            limits.check_file_bytes(name, file.size)
            return file.read_at(0, file.size)
    except (FileNotFoundError, ValueError) as error:
        raise UnreadableImage(MISSING) from error
    except OSError as error:
        raise UnreadableImage(f"the file cannot be read: {error.strerror}") from error
