"""Caffe's BlobProto: every way to write one, and ways to write none."""

import struct
from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing import blobs
from embedding_explorer.networks.preprocessing.blobs import open_blob
from tests.networks.preprocessing.files import doubles, field, legacy, modern, packed, unpacked, varint

VALUES = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4) * 1.5
SHAPE = VALUES.shape


def opened(folder: Path, content: bytes) -> np.ndarray:
    (folder / "file").write_bytes(content)
    stored = open_blob(folder / "file")
    assert stored.axes == "CHW"
    values = stored.read()
    assert values.shape == stored.shape
    return values


DIFF = field(6, 2, b"\0" * 96) + field(9, 2, b"\0" * 192)
WRITTEN = {
    "as Caffe writes means": legacy(SHAPE) + packed(VALUES),
    "values first": packed(VALUES) + legacy(SHAPE),
    "shape as a message": modern(SHAPE) + packed(VALUES),
    "shape unpacked": modern(SHAPE, packed=False) + packed(VALUES),
    "values unpacked": legacy(SHAPE) + unpacked(VALUES),
    "values in two parts": packed(VALUES.ravel()[:5]) + modern(SHAPE) + packed(VALUES.ravel()[5:]),
    "packed and unpacked": packed(VALUES.ravel()[:5]) + modern(SHAPE) + unpacked(VALUES.ravel()[5:]),
    "doubles": modern(SHAPE) + doubles(VALUES),
    "with gradients": modern(SHAPE) + packed(VALUES) + DIFF,
    "with unknown fields": field(100, 0, b"\1") + legacy(SHAPE) + field(99, 1, b"12345678") + packed(VALUES),
    "a shape said twice, the last of which counts": legacy((9, 9, 9, 9)) + legacy(SHAPE) + packed(VALUES),
    "numbers longer than needed": field(1, 0, b"\x81\x00") + legacy((0, *SHAPE[1:]))[2:] + packed(VALUES),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_every_way_to_write_a_blob(case: str, tmp_path: Path) -> None:
    assert (opened(tmp_path, WRITTEN[case]) == VALUES).all()


HOSTILE = {
    "empty": b"",
    "text": b"this is no message, it is a text of some length",
    "no values": legacy(SHAPE),
    "no shape": packed(VALUES),
    "more values than the shape": legacy((1, 2, 3, 3)) + packed(VALUES),
    "fewer values than the shape": legacy((1, 2, 3, 5)) + packed(VALUES),
    "a huge shape": legacy((2**31 - 1,) * 4) + packed(VALUES),
    "a side below 0": legacy((1, 2, 2**64 - 3, 4)) + packed(VALUES),
    "a side of 0": legacy((0, 2, 3, 4)) + packed(VALUES),
    "all of 0": modern((0, 1, 1, 1)) + packed(VALUES[:0]),
    "values cut off": (legacy(SHAPE) + packed(VALUES))[:-1],
    "values that are no whole floats": legacy(SHAPE) + field(5, 2, b"\0" * 95),
    "a length beyond the file": legacy(SHAPE) + varint(5 << 3 | 2) + varint(2**40) + b"\0" * 96,
    "a length beyond 64 bits": varint(5 << 3 | 2) + b"\xff" * 9 + b"\x01",
    "a number without end": b"\xff" * 100,
    "a number cut off": b"\x08\x80",
    "a group": field(3, 3, b"") + legacy(SHAPE) + packed(VALUES),
    "wire type 7": bytes([5 << 3 | 7]) + packed(VALUES),
    "four bytes cut off": legacy(SHAPE) + bytes([5 << 3 | 5, 0, 0]),
    "a shape of many axes": modern((1,) * 200) + packed(VALUES[:, :1, :1, :1]),
    "a shape that is no message": field(7, 2, b"\xff\xff") + packed(VALUES),
    "a shape in a shape": field(7, 2, modern(SHAPE)) + packed(VALUES),
    "a shape of text": field(7, 2, b"[1, 2, 3, 4]") + packed(VALUES),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_blob_is_bad_input(case: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        opened(tmp_path, HOSTILE[case])
    assert len(caught.value.message) < 200


def test_a_file_of_tiny_fields_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="300000 fields"):
        opened(tmp_path, b"\x08\x01" * (32 << 20))
    with pytest.raises(BadInput, match="300000 fields"):
        opened(tmp_path, struct.pack("<Bf", 5 << 3 | 5, 1.0) * (blobs.MAX_FIELDS + 1))


def test_damaged_files_raise_nothing_but_bad_input(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(1500):
        damaged = bytearray(chance.choice(list(WRITTEN.values())))
        for _ in range(chance.integers(1, 4)):
            damaged[chance.integers(min(40, len(damaged)))] = chance.integers(256)
        try:
            opened(tmp_path, bytes(damaged))
            outcomes["read"] += 1
        except BadInput:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20
