"""A picture that came with a request: taken out of what it is wrapped in, and looked at before it waits for its turn."""

import base64
import binascii
import re
import shutil
from mmap import ACCESS_READ, mmap
from pathlib import Path

from PIL import Image

from embedding_explorer.errors import BadInput, LimitExceeded, UnreadableImage
from embedding_explorer.images.costs import check_cost
from embedding_explorer.images.decode import DAMAGE, damaged
from embedding_explorer.images.formats import HEAD, SUPPORTED, sniff

DATA_URI = re.compile(r"data:image/[^;,]{1,100};base64,", re.IGNORECASE)
PREFIX = re.compile(rb"data:image/[^;,]{1,100};binary,", re.IGNORECASE)
PREFIX_LENGTH = 128
SETTING = "EXPLORER_MAX_IMAGE_BYTES"
# Formats that can only be checked by decoding them are, up to so many pixels: a fifth of a second.
DECODED_PIXELS = 16_000_000


def write_base64(uri: str, target: Path) -> None:
    """Write what a `data:image/…;base64,` address holds to the new file `target`; raises BadInput."""
    if (head := DATA_URI.match(uri)) is None:
        raise BadInput("a data address reads data:image/<format>;base64,<base64>")
    try:
        data = base64.b64decode(uri[head.end() :].replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"its base64 is broken: {error}") from error
    with target.open("xb") as file:
        file.write(data)


def cut_prefix(path: Path) -> None:
    """Remove the `data:image/…;binary,` with which old clients begin a file."""
    with path.open("rb") as source:
        head = PREFIX.match(source.read(PREFIX_LENGTH))
        if head is None:
            return
        source.seek(head.end())
        bare = path.with_suffix(".bare")
        with bare.open("xb") as target:
            shutil.copyfileobj(source, target)
    bare.replace(path)


def check_picture(path: Path, most_bytes: int, max_pixels: int) -> None:
    """Look whether a file is a whole picture, as far as that takes little time.

    Raises UnreadableImage, or LimitExceeded for too many bytes or pixels.
    """
    if (size := path.stat().st_size) > most_bytes:
        raise LimitExceeded(
            f"A picture of {size} bytes is over the limit of {most_bytes} ({SETTING}).", setting=SETTING
        )
    with path.open("rb") as file:
        format = sniff(file.read(HEAD))
    if format is None:
        raise UnreadableImage(f"not an image of a supported format ({SUPPORTED})")
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            _look(path, data, format, max_pixels)
    except DAMAGE as error:
        raise damaged(format, error) from error


def _look(path: Path, data: mmap, format: str, max_pixels: int) -> None:
    with Image.open(path, formats=(format,)) as picture:
        check_cost(picture, format, data, max_pixels)
        if format == "PNG":
            picture.verify()  # the checksums of all its chunks
        elif format == "JPEG":
            picture.draft("L", (1, 1))  # at an eighth of its size: all of the file is read, little is computed
            picture.load()
        elif picture.width * picture.height <= DECODED_PIXELS:
            picture.load()
