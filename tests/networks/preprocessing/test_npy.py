"""Headers of .npy files that lie, are damaged or were written by others."""

import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.preprocessing.npy import open_npy
from tests.networks.preprocessing.files import header, npy, npy_of

THREE = struct.pack("<3f", 1, 2, 3)


def opened(folder: Path, content: bytes) -> np.ndarray:
    (folder / "file").write_bytes(content)
    stored = open_npy(folder / "file")
    values = stored.read()
    assert values.shape == stored.shape
    return values


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions_of_the_format(version: tuple[int, int], tmp_path: Path) -> None:
    assert (opened(tmp_path, npy([[1.5, 2], [3, 4]], version=version)) == [[1.5, 2], [3, 4]]).all()
    assert opened(tmp_path, npy_of(header(), THREE, version)).tolist() == [1, 2, 3]


@pytest.mark.filterwarnings("ignore:Reading")
def test_a_header_of_python_2(tmp_path: Path) -> None:
    assert opened(tmp_path, npy_of(header(shape="(3L, 1L)"), THREE)).tolist() == [[1], [2], [3]]


def test_what_follows_the_values_is_ignored_as_by_numpy(tmp_path: Path) -> None:
    assert opened(tmp_path, npy_of(header(), THREE + b"more")).tolist() == [1, 2, 3]


HOSTILE = {
    "empty": b"",
    "other magic": b"\x93NUMPZ" + npy([1.0])[6:],
    "only magic": b"\x93NUMPY",
    "version 4": npy_of(header(), THREE, (4, 0)),
    "version 0": npy_of(header(), THREE, (0, 9)),
    "header cut off": npy([1.0])[:40],
    "header longer than the file": b"\x93NUMPY\x02\0" + struct.pack("<I", 2**32 - 1) + header().encode(),
    "long header": npy_of(header().replace("\n", " " * 5000 + "\n"), THREE),
    "no literal": npy_of("__import__('os').mkdir('EXPLODED')\n", THREE),
    "a call in the literal": npy_of(header(descr="__import__('os').mkdir('EXPLODED')"), THREE),
    "a name as the shape": npy_of(header(shape="open")),
    "no dictionary": npy_of("[1, 2]\n"),
    "a key too few": npy_of("{'descr': '<f4', 'shape': (3,)}\n", THREE),
    "a key too many": npy_of("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}\n", THREE),
    "nested deeply": npy_of("(" * 900 + ")" * 90 + "\n"),
    "many signs": npy_of(header(shape=f"({'-' * 800}1,)")),
    "many strings": npy_of(header(descr=" ".join(["''"] * 300))),
    "bytes that are no text": npy_of(b"\xff\xfe" * 50),
    "nulls": npy_of(b"\0" * 64),
    "a set": npy_of("{" + "1,}" + "\n"),
    "unfinished text": npy_of("{'descr\n"),
    "no dtype": npy_of(header(descr="'nothing'"), THREE),
    "a dtype that is a number": npy_of(header(descr="7"), THREE),
    "a dtype of lists": npy_of(header(descr="[[['f4']]]"), THREE),
    "a dtype of fields": npy_of(header(descr="[('a', '<f4')]"), THREE),
    "a dtype of arrays": npy_of(header(descr="'(1000,1000,1000)f8'", shape="()"), THREE),
    "objects": npy_of(header(descr="'|O'"), b"\x80\x04."),
    "huge items": npy_of(header(descr="'|V2147483647'", shape="()"), THREE),
    "a shape that is no tuple": npy_of(header(shape="3"), THREE),
    "a shape of text": npy_of(header(shape="('3',)"), THREE),
    "a shape of floats": npy_of(header(shape="(3.0,)"), THREE),
    "a shape of truths": npy_of(header(shape="(True, True, True)"), THREE),
    "a side below 0": npy_of(header(shape="(-3,)"), THREE),
    "two sides below 0": npy_of(header(shape="(-1, -3)"), THREE),
    "an order that is no truth": npy_of(header(fortran="'yes'"), THREE),
    "values cut off": npy_of(header(), THREE[:-1]),
    "a shape beyond the file": npy_of(header(shape="(4,)"), THREE),
    "a huge shape": npy_of(header(shape="(2147483647, 2147483647, 3)"), THREE),
    "a shape beyond 64 bits": npy_of(header(shape=f"({2**64}, {2**64})"), THREE),
    "a shape of nought and much": npy_of(header(shape=f"(1, 1, 0, 0, {2**60})"), THREE),
    "many axes": npy_of(header(shape=f"({'1,' * 70})"), THREE),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.filterwarnings("ignore:Reading")
def test_hostile_headers_are_bad_input(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tracemalloc.start()
    with pytest.raises(BadInput) as caught:
        opened(tmp_path, HOSTILE[case])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 << 20
    assert len(caught.value.message) < 200
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_raise_nothing_but_bad_input(tmp_path: Path) -> None:
    chance = np.random.default_rng(6)
    content = npy(np.arange(12, dtype=np.float32).reshape(3, 2, 2))
    outcomes = {"read": 0, "refused": 0}
    for _ in range(1500):
        damaged = bytearray(content)
        for _ in range(chance.integers(1, 4)):
            damaged[chance.integers(len(damaged))] = chance.choice(list(b"\0\xff'(){}[],-9<>0fOL"))
        try:
            opened(tmp_path, bytes(damaged[: chance.integers(60, 400)]))
            outcomes["read"] += 1
        except BadInput:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20
