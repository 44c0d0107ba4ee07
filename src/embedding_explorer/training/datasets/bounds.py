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
    """

    max_side: int = 4096
    max_pixels: int = 100_000_000
    max_images: int = 20_000_000
    max_classes: int = 100_000
    max_list_bytes: int = 2 * GiB
    max_download_bytes: int = 1024 * GiB

    @property
    def of_images(self) -> Limits:
        """The same as limits of single pictures."""
        return Limits(max_pixels=self.max_pixels)
