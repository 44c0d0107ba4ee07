"""MNIST: handwritten digits, 28 x 28 gray, in the IDX files of their authors (LeCun, Cortes, Burges 1998)."""

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadArchive, LimitExceeded
from embedding_explorer.training.downloads.originals import Original, Say, locate
from embedding_explorer.training.downloads.tree import ClassTree, write_labels

# The authors' own address does not serve the files any more.
MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
LABELS = tuple(map(str, range(10)))
MAX_BYTES = 256 << 20  # unpacked; the largest file has 47 million
_UNSIGNED = 8


def _original(name: str, digest: str) -> Original:
    return Original(name, digest, MIRRORS)


FILES = {
    "train": (
        _original(
            "train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
        ),
        _original(
            "train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
        ),
    ),
    "test": (
        _original("t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        _original("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
}  # fmt: skip


def write_mnist(output: Path, say: Say) -> None:
    """`train/<digit>/<index>.png`, `train/labels.txt`, `train/train.txt`, and the same for `test`."""
    files = {name: [locate(each, output, say) for each in originals] for name, originals in FILES.items()}
    for name, (images, labels) in files.items():
        say(f"Unpacking {images.name}")
        write_set(output, name, read_idx(images, 3), read_idx(labels, 1))


def write_set(output: Path, name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """The digits of one set, (N, H, W) white on black, as black on white; numbered in the order that they come in."""
    if len(images) != len(labels):
        raise BadArchive(f"The set {name} has {len(images)} pictures but {len(labels)} labels. Get both files anew.")
    folder = output / name
    write_labels(folder / "labels.txt", LABELS)
    with ClassTree(folder, folder / f"{name}.txt", LABELS) as tree:
        for index, (pixels, label) in enumerate(zip(images, labels, strict=True)):
            tree.add(255 - pixels, int(label), f"{index:05d}")


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes in a gzipped IDX file.

    Raises:
        BadArchive: no such file, or a damaged one.
        LimitExceeded: it unpacks to too much.
    """
    try:
        with gzip.open(path) as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadArchive(f"{path.name} is damaged ({error}). Delete it and try again.") from error
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{path.name} unpacks to more than {MAX_BYTES} bytes.", limit=MAX_BYTES)
    start = 4 + 4 * dimensions
    sides = [int.from_bytes(data[at : at + 4]) for at in range(4, start, 4)]
    if data[:4] != bytes((0, 0, _UNSIGNED, dimensions)) or len(data) - start != int(np.prod(sides, dtype=object)):
        raise BadArchive(f"{path.name} is no IDX file of bytes in {dimensions} dimensions. Delete it and try again.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(sides)
