"""Bytes that an answer is, with their type out of a fixed list: told by the leading bytes, never by the log's text."""

import base64
from dataclasses import dataclass

OTHER, PLAIN = "application/octet-stream", "text/plain; charset=utf-8"
# Offset and bytes that a file of the type has there; all of a row must match.
_SIGNATURES: tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...] = (
    ("image/png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    ("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    ("image/gif", ((0, b"GIF8"),)),
    ("image/bmp", ((0, b"BM"),)),
    ("image/webp", ((0, b"RIFF"), (8, b"WEBP"))),
    ("audio/wav", ((0, b"RIFF"), (8, b"WAVE"))),
    ("audio/mpeg", ((0, b"ID3"),)),
    ("audio/ogg", ((0, b"OggS"),)),
    ("audio/flac", ((0, b"fLaC"),)),
)


@dataclass(frozen=True)
class Media:
    """An answer that is not JSON. `mimetype` is one of those above, or plain text."""

    data: bytes
    mimetype: str


def sniffed(data: bytes) -> Media:
    """The bytes with the type that their beginning tells."""
    for mimetype, parts in _SIGNATURES:
        if all(data[start : start + len(wanted)] == wanted for start, wanted in parts):
            return Media(data, mimetype)
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2:  # a frame of MPEG audio, layer III
        return Media(data, "audio/mpeg")
    return Media(data, OTHER)


def data_url(media: Media) -> str:
    """Bytes as a text that pages can show."""
    return f"data:{media.mimetype};base64,{base64.b64encode(media.data).decode()}"


def plain_text(text: str) -> Media:
    """A text as it is."""
    return Media(text.encode(), PLAIN)


class Written(bytes):
    """A payload that is JSON already."""
