"""The image formats that are read: their Pillow names, file extensions and first bytes."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

# Bytes of a file's beginning that `sniff` needs.
HEAD = 18


@dataclass(frozen=True)
class Format:
    """One format; a file is of it where its beginning matches `magic`."""

    name: str
    extensions: tuple[str, ...]
    magic: re.Pattern[bytes]


def _format(name: str, extensions: str, magic: bytes) -> Format:
    return Format(name, tuple(extensions.split()), re.compile(magic, re.DOTALL))


FORMATS = (
    _format("JPEG", ".jpg .jpeg .jpe .jfif", rb"\xff\xd8\xff"),
    _format("PNG", ".png .apng", rb"\x89PNG\r\n\x1a\n"),
    _format("WEBP", ".webp", rb"RIFF....WEBP"),
    _format("GIF", ".gif", rb"GIF8[79]a"),
    # "BM" alone begins many a text file; the size of the second header is one of a few.
    _format("BMP", ".bmp .dib", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
    _format("TIFF", ".tif .tiff", rb"II[*+]\0|MM\0[*+]"),
)

SUPPORTED = ", ".join(format.name for format in FORMATS)

_EXTENSIONS = frozenset(extension for format in FORMATS for extension in format.extensions)


def sniff(head: bytes) -> str | None:
    """The Pillow name of the format whose files begin with `head` (`HEAD` bytes or more), or None."""
    return next((format.name for format in FORMATS if format.magic.match(head)), None)


def has_image_extension(name: str) -> bool:
    """Whether the name says that the file is an image."""
    return PurePosixPath(name).suffix.lower() in _EXTENSIONS
