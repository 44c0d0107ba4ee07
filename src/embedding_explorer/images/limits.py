"""The bounds of everything that a user sends as pictures, each with the setting that moves it."""

from dataclasses import dataclass

from embedding_explorer.errors import LimitExceeded

MiB = 1 << 20
GiB = 1 << 30

# Formats add headers and tables of a few hundred bytes, and tiny files of one colour pack without bound.
RATIO_COUNTS_FROM = 1 * MiB

# No pixel of a supported format needs more: four channels of 16 bits, stored without compression.
_BYTES_PER_PIXEL = 8

_SETTINGS = {
    "max_images": "EXPLORER_MAX_UPLOAD_IMAGES",
    "max_bytes": "EXPLORER_MAX_UPLOAD_BYTES",
    "max_entries": "EXPLORER_MAX_UPLOAD_ENTRIES",
    "max_unpacked_bytes": "EXPLORER_MAX_UNPACKED_BYTES",
    "max_ratio": "EXPLORER_MAX_COMPRESSION_RATIO",
    "max_pixels": "EXPLORER_MAX_IMAGE_PIXELS",
}


@dataclass(frozen=True)
class Limits:
    """Bounds of one upload or ingest; None means no limit.

    The checks raise `LimitExceeded`, whose message and facts name the limit and its setting. `max_images` is what the
    pipeline stops at; nothing in this room cuts by it.
    """

    max_images: int | None = 1000
    max_bytes: int | None = 2 * GiB
    max_entries: int | None = 100_000
    max_unpacked_bytes: int | None = 4 * GiB
    max_ratio: int | None = 200
    max_pixels: int = 100_000_000

    @property
    def max_file_bytes(self) -> int:
        """Most bytes of one picture's file, because a file is held in memory: what `max_pixels` pixels can need."""
        return self.max_pixels * _BYTES_PER_PIXEL + MiB

    def check_bytes(self, size: int) -> None:
        """Refuse an archive of `size` bytes that is over `max_bytes`."""
        _check("max_bytes", size, self.max_bytes, f"The archive has {size} bytes")

    def check_entries(self, count: int) -> None:
        """Refuse an archive or folder of `count` entries that is over `max_entries`."""
        _check("max_entries", count, self.max_entries, f"The archive has {count} entries or more")

    def check_unpacked(self, size: int) -> None:
        """Refuse an archive that unpacks to `size` bytes, over `max_unpacked_bytes`."""
        _check("max_unpacked_bytes", size, self.max_unpacked_bytes, f"The archive unpacks to {size} bytes or more")

    def check_ratio(self, name: str, packed: int, unpacked: int) -> None:
        """Refuse `name` where it unpacks to more than `max_ratio` times its packed size; below 1 MiB all is fine."""
        if unpacked > RATIO_COUNTS_FROM:
            ratio = -(-unpacked // max(packed, 1))
            _check("max_ratio", ratio, self.max_ratio, f"{name!r} unpacks to {ratio} times its packed size")

    def check_file_bytes(self, name: str, size: int) -> None:
        """Refuse one picture's file of `size` bytes that is over `max_file_bytes`."""
        if size > self.max_file_bytes:
            pixels = size // _BYTES_PER_PIXEL
            check_pixels(self.max_pixels, pixels, f"{name!r} has {size} bytes, those of {pixels} pixels or more")


def check_pixels(max_pixels: int, pixels: int, subject: str) -> None:
    """Refuse a picture of `pixels` pixels that is over `max_pixels`; `subject` begins the message."""
    _check("max_pixels", pixels, max_pixels, subject)


def _check(limit: str, value: int, bound: int | None, subject: str) -> None:
    if bound is not None and value > bound:
        setting = _SETTINGS[limit]
        message = f"{subject}, over the limit {limit} of {bound}: send less or raise {setting}."
        raise LimitExceeded(message, limit=limit, setting=setting, bound=bound, value=value)
