"""Which members of an archive or folder are its images, what they are called, and what their labels are."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Generic, Literal, TypeVar

from embedding_explorer.images.formats import has_image_extension, sniff
from embedding_explorer.images.limits import Limits

Labels = Literal["none", "folders", "parents"]
Member = TypeVar("Member")

UNSAFE_NAME = "unsafe name"
NOT_AN_IMAGE = "not an image"
IN_A_FOLDER, TOO_DEEP = "in a folder", "in a folder of a folder"
REPLACED = "replaced by a later file of the same name"

# Longer names exist only to fill the memory: Linux allows 4096 bytes in a path.
_MAX_NAME = 1024

_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")
_JUNK_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Entry:
    """One image of a source: its name, a relative path with '/', its label, and for training datasets its set."""

    name: str
    label: str | None
    subset: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A file that is none of the source's images, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Selection:
    """Which names count: those without a folder, unless `nested`; `labels` says which folder's name is the label.

    With "folders" the folders of the top level are labels, so the images right inside them count too.
    """

    nested: bool
    labels: Labels

    @property
    def depth(self) -> int | None:
        """Most parts of a name that counts; None for any number."""
        if self.nested:
            return None
        return 2 if self.labels == "folders" else 1

    def admits(self, name: str) -> bool:
        """Whether an image of this name counts."""
        return self.depth is None or name.count("/") < self.depth

    def label(self, name: str) -> str | None:
        """The label of the image of this name; None at the top level."""
        *folders, _ = name.split("/")
        if self.labels == "none" or not folders:
            return None
        return folders[0] if self.labels == "folders" else folders[-1]


class Listing(Generic[Member]):
    """Collects the images of a source, each with the `Member` by which the source reads it.

    A name that comes again replaces what it named before, as when an archive is unpacked.
    """

    def __init__(self, selection: Selection, limits: Limits) -> None:
        self.skipped: list[Skipped] = []
        self._selection = selection
        self._limits = limits
        self._chosen: dict[str, Member] = {}
        self._count = 0

    def admit(self, raw_name: str) -> str | None:
        """Count one file of the source; its safe name, or None where it is not wanted whatever it holds."""
        self._count += 1
        self._limits.check_entries(self._count)
        name = safe_name(raw_name)
        if name is None:
            self.skip(_shown(raw_name), UNSAFE_NAME)
        elif _is_junk(name):
            return None
        elif not self._selection.admits(name):
            self.skip(name, TOO_DEEP if self._selection.labels == "folders" else IN_A_FOLDER)
            return None
        return name

    def offer(self, raw_name: str, member: Member, head: Callable[[Member], bytes]) -> None:
        """Take one file where it is an image: by its extension, else by its first bytes, which are read only then."""
        if (name := self.admit(raw_name)) is None:
            return
        if has_image_extension(name) or sniff(head(member)):
            self.keep(name, member)
        else:
            self.skip(name, NOT_AN_IMAGE)

    def keep(self, name: str, member: Member) -> None:
        """Take an image under its safe name."""
        if name in self._chosen:
            self.skip(name, REPLACED)
        self._chosen[name] = member

    def skip(self, name: str, reason: str) -> None:
        """Note a file that is none of the images."""
        self.skipped.append(Skipped(name, reason))

    def finish(self) -> tuple[list[Entry], list[Member]]:
        """The images ascending by name (by code points), and their members in the same order."""
        ordered = sorted(self._chosen.items(), key=lambda item: item[0])
        entries = [Entry(name, self._selection.label(name)) for name, _ in ordered]
        return entries, [member for _, member in ordered]


def safe_name(raw_name: str) -> str | None:
    r"""A relative name with '/' of what an archive calls a file, or None for one that no honest archive holds.

    '\' separates folders too, '.' and empty parts go, bytes that are no UTF-8 are spelled out. Refused are absolute
    names, those with '..' or a drive, control characters, and overlong ones.
    """
    name = _encodable(raw_name.replace("\\", "/"))
    parts = [part for part in name.split("/") if part not in ("", ".")]
    refused = name.startswith("/") or ".." in parts or not parts or len(name) > _MAX_NAME
    return None if refused or _CONTROL.search(name) or _DRIVE.match(parts[0]) else "/".join(parts)


def _encodable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _shown(raw_name: str) -> str:
    """An unsafe name in a form that is safe to print."""
    return _CONTROL.sub("?", _encodable(raw_name))[:_MAX_NAME]


def _is_junk(name: str) -> bool:
    """What operating systems leave in archives and nobody put there."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith("._") or path.name.lower() in _JUNK_FILES
