"""The bounds of everything that a training dataset is made of."""

from dataclasses import dataclass

from embedding_explorer.images.limits import Limits

GiB = 1 << 30

# A path of Linux has at most 4096 bytes, an address at most 8192 characters; the rest is for the class.
MAX_LINE = 8192 + 64
MAX_LABEL = 1024
MAX_NAME = 1000
# Folders below a category; deeper ones are made by programs gone wrong.
MAX_DEPTH = 64
# What is wrong with single images is told this often in a log; counted it always is.
MAX_TOLD = 1000
# Pairs of files are held in memory, a kilobyte each.
MAX_PAIRS = 2_000_000
MAX_THREADS = 1024
MAX_BATCH = 65_536


@dataclass(frozen=True)
class Bounds:
    """Bounds of one dataset, for `Settings` to fill.

    Attributes:
        max_side: most pixels of the width and height that images are resized to.
        max_pixels: most pixels of an image's file (`EXPLORER_MAX_IMAGE_PIXELS`).
        max_images: most lines of an image list, files of a folder and entries that are drawn.
        max_classes: most labels.
        max_list_bytes: most bytes of a text file with images or labels.
        max_download_bytes: most bytes that are fetched from a bucket.
        max_entries: most files and folders of an archive (`EXPLORER_MAX_UPLOAD_ENTRIES`).
        max_unpacked_bytes: most bytes that an archive unpacks to (`EXPLORER_MAX_UNPACKED_BYTES`).
        max_ratio: how many times larger its files may get (`EXPLORER_MAX_COMPRESSION_RATIO`).
    """

    max_side: int = 4096
    max_pixels: int = 100_000_000
    max_images: int = 20_000_000
    max_classes: int = 100_000
    max_list_bytes: int = 2 * GiB
    max_download_bytes: int = 1024 * GiB
    max_entries: int = 100_000
    max_unpacked_bytes: int = 8 * GiB
    max_ratio: int = 200

    @property
    def of_images(self) -> Limits:
        """The same as limits of single pictures."""
        return Limits(max_pixels=self.max_pixels)

    @property
    def of_archives(self) -> Limits:
        """The same as limits of an archive. How large its file may be is the matter of whoever received it."""
        return Limits(
            max_images=None,
            max_bytes=None,
            max_entries=self.max_entries,
            max_unpacked_bytes=self.max_unpacked_bytes,
            max_ratio=self.max_ratio,
            max_pixels=self.max_pixels,
        )
