"""Tiny archives in the formats in which MNIST and CIFAR are published."""

import gzip
import io
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def idx(values: NDArray[np.uint8]) -> bytes:
    """A gzipped IDX file."""
    head = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
    return gzip.compress(head + values.tobytes())


def write_mnist(folder: Path, train: int = 23, test: int = 6) -> dict[str, tuple[Any, Any]]:
    """The four files, and what is in them."""
    random, found = np.random.default_rng(0), {}
    for prefix, name, count in (("train", "train", train), ("t10k", "test", test)):
        images = random.integers(0, 256, (count, 28, 28), np.uint8)
        labels = (np.arange(count) * 7 % 10).astype(np.uint8)
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx(images))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(idx(labels))
        found[name] = (images, labels)
    return found


def pickled(value: Any) -> bytes:
    """Protocol 2 as Python 2 wrote it: texts and the bytes of arrays are BINSTRINGs."""
    return b"\x80\x02" + _opcodes(value) + b"."


def _opcodes(value: Any) -> bytes:
    if isinstance(value, str):
        return b"T" + struct.pack("<I", len(value)) + value.encode("latin-1")
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, dict):
        return b"}(" + b"".join(_opcodes(each) for pair in value.items() for each in pair) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(_opcodes, value)) + b"e"
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85" + _opcodes("b") + b"tR"
    dtype = b"cnumpy\ndtype\n(" + _opcodes("u1") + b"K\x00K\x01tR(K\x03" + _opcodes("|") + b"NNNJ\xff\xff\xff\xff"
    dtype += b"J\xff\xff\xff\xffK\x00tb"
    shape = b"(" + b"".join(map(_opcodes, value.shape)) + b"t"
    data = b"T" + struct.pack("<I", value.nbytes) + value.tobytes()
    return made + b"(K\x01" + shape + dtype + b"\x89" + data + b"tb"


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    """A .tar.gz."""
    with tarfile.open(path, "w:gz") as target:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            target.addfile(entry, io.BytesIO(data))


def pictures(count: int, seed: int) -> NDArray[np.uint8]:
    """As CIFAR has them: (N, 3072)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), np.uint8)


def write_cifar10(folder: Path, per_batch: int = 4) -> dict[str, Any]:
    """The archive; the batches by name."""
    classes = ["airplane", "automobile", "bird"]
    batches = {
        name: {
            "batch_label": f"batch {number}",
            "labels": [(number + each) % 3 for each in range(per_batch)],
            "data": pictures(per_batch, number),
            "filenames": [f"thing_s_{number}{each:05d}.png" for each in range(per_batch)],
        }
        for number, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"])
    }
    files = {name: pickled(value) for name, value in batches.items()}
    files["batches.meta"] = pickled({"num_cases_per_batch": per_batch, "label_names": classes})
    write_tar(folder / "cifar-10-python.tar.gz", {f"cifar-10-batches-py/{name}": files[name] for name in files})
    return batches


FINE, COARSE = ["apple", "aquarium_fish", "baby", "pear"], ["fish", "fruit_and_vegetables", "people"]
ABOVE = {0: 1, 1: 0, 2: 2, 3: 1}


def write_cifar100(folder: Path) -> dict[str, Any]:
    """The archive; the two sets by name."""
    sets = {}
    for name, count in (("train", 10), ("test", 5)):
        fine = [each % 4 for each in range(count)]
        sets[name] = {
            "filenames": [f"it_s_{each:06d}.png" for each in range(count)],
            "fine_labels": fine,
            "coarse_labels": [ABOVE[each] for each in fine],
            "data": pictures(count, len(name)),
        }
    files = {name: pickled(value) for name, value in sets.items()}
    files["meta"] = pickled({"fine_label_names": FINE, "coarse_label_names": COARSE})
    write_tar(folder / "cifar-100-python.tar.gz", {f"cifar-100-python/{name}": files[name] for name in files})
    return sets
