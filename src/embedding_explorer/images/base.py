"""What every kind of source has in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from embedding_explorer.errors import BadArchive
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.selection import Entry, Selection, Skipped

# Bytes of an archive's beginning by which its kind is recognised: a block of tar.
HEAD = 512


class Source(ABC):
    """The images of one archive or folder, read one by one; a context manager.

    Attributes:
        kind: "zip", "7z", "tar" or "folder".
        entries: the images, ascending by name.
        skipped: files that are none of them, in the order they were met.
    """

    kind: ClassVar[str]
    entries: list[Entry]
    skipped: list[Skipped]

    @abstractmethod
    def __init__(self, path: Path, *, limits: Limits, selection: Selection, spool: Path) -> None:
        """List the images. `spool` is a file that the source may make, and deletes when closed."""

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path, head: bytes) -> bool:
        """Whether the file or folder, beginning with the `HEAD` bytes `head`, is of this kind."""

    @abstractmethod
    def read(self, index: int) -> bytes:
        """The bytes of the file of `entries[index]`, in memory; from any thread.

        Raises:
            UnreadableImage: this file is damaged or cannot be unpacked; the others may be fine.
            LimitExceeded: it is larger than any picture within the limits.
        """

    def file_bytes(self, index: int) -> int:
        """Bytes that `read(index)` will give, as far as the source says before it is read; 0 where it does not."""
        return 0

    @abstractmethod
    def close(self) -> None:
        """Give back what the source holds; it cannot be read after."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def refusing_damage(archive: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn what a library raises for a damaged archive into `BadArchive`.

    An OSError with a number is the disk's and passes: decompressors raise theirs without one.
    """
    try:
        yield
    except EOFError as error:
        raise BadArchive(f"The {archive} is truncated: it ends too early. Send it again.") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(archive, error) from error
    except errors as error:
        raise _damaged(archive, error) from error


def _damaged(archive: str, error: Exception) -> BadArchive:
    reason = " ".join(str(error).split())[:100] or type(error).__name__
    return BadArchive(f"The {archive} is truncated or damaged ({reason}). Make it anew and send it again.")
