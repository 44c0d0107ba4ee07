import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c

from embedding_explorer.checksums import masked_crc32c
from embedding_explorer.runs.event_file import EventFile
from tests.runs.event_logs import NAME, scalars, write


def steps(file: EventFile) -> list[int]:
    return [Event.FromString(payload).step for _, payload in file.records()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / NAME, scalars("loss", [0.5] * 20))


@pytest.mark.parametrize("data", [b"", b"a", os.urandom(1000), b"\xff" * 99])
def test_the_checksum_is_that_of_the_format(data: bytes) -> None:
    crc = crc32c(data)  # TensorBoard's own, byte by byte
    assert masked_crc32c(data) == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) % (1 << 32)


def test_offsets_are_those_of_the_payloads(path: Path) -> None:
    content = path.read_bytes()
    for offset, payload in EventFile(path).records():
        assert content[offset : offset + len(payload)] == payload


def test_what_is_appended_is_read_and_nothing_twice(path: Path) -> None:
    file = EventFile(path)
    assert (file.look(), steps(file), file.look()) == ("grown", list(range(20)), "same")
    assert steps(file) == []
    write(path, scalars("loss", [1.0] * 3, start=20), "ab")
    assert (file.look(), steps(file), file.look()) == ("grown", [20, 21, 22], "same")


def test_reading_may_be_left_off_and_goes_on(path: Path) -> None:
    file = EventFile(path)
    records = file.records()
    first = [Event.FromString(next(records)[1]).step for _ in range(7)]
    records.close()
    assert file.look() == "grown"
    assert first + steps(file) == list(range(20))


def test_a_record_is_not_there_before_it_is_whole(tmp_path: Path, path: Path) -> None:
    content, growing = path.read_bytes(), tmp_path / "growing.events"
    growing.write_bytes(b"")
    file, found = EventFile(growing), []
    for end in range(0, len(content) + 1, 13):
        growing.write_bytes(content[:end])
        found += steps(file)
        assert file.trouble == ""
    growing.write_bytes(content)
    assert found + steps(file) == list(range(20))


def test_damage_ends_the_file_and_is_reported_once_and_for_all(path: Path) -> None:
    content = bytearray(path.read_bytes())
    third = [offset for offset, _ in EventFile(path).records()][3]
    content[third + 2] ^= 1
    path.write_bytes(content)
    file = EventFile(path)
    assert steps(file) == [0, 1, 2]
    assert (
        file.trouble
        == f"damaged at byte {third - 12}; the {len(content) - third + 12} bytes from there on are not read"
    )
    write(path, scalars("loss", [1.0], start=20), "ab")
    assert steps(file) == []


def test_a_length_beyond_all_measure_is_damage(path: Path) -> None:
    length = struct.pack("<Q", 1 << 62)
    with path.open("ab") as out:
        out.write(length + struct.pack("<I", masked_crc32c(length)) + b"x" * 100)
    file = EventFile(path)
    assert steps(file) == list(range(20))
    assert "damaged" in file.trouble


def test_a_file_that_is_replaced_or_cut_is_noticed(path: Path) -> None:
    file = EventFile(path)
    steps(file)
    other = write(path.with_name("other"), scalars("loss", [0.5] * 21))
    other.replace(path)
    assert file.look() == "replaced"
    cut = EventFile(path)
    steps(cut)
    os.truncate(path, 100)
    assert cut.look() == "replaced"


def test_neither_tensorflow_nor_torch_is_loaded_by_reading(path: Path) -> None:
    code = (
        "import sys, pathlib; from embedding_explorer.runs.event_file import EventFile;"
        f"print(len(list(EventFile(pathlib.Path({str(path)!r})).records())));"
        "print(*{'tensorflow', 'torch', 'sklearn'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "20\n\n"


def test_a_file_that_is_replaced_before_it_was_read_to_its_end_is_noticed(path: Path) -> None:
    file = EventFile(path)
    records = file.records()
    next(records)
    other = write(path.with_name("other"), scalars("loss", [0.5] * 21))
    other.replace(path)
    records.close()  # type: ignore[attr-defined]
    assert file.look() == "replaced"
    assert steps(file) == []


def test_a_file_that_is_written_anew_in_place_is_noticed_however_large_it_becomes(path: Path) -> None:
    file, other = EventFile(path), EventFile(path)
    steps(file)
    records = other.records()
    next(records)
    records.close()  # type: ignore[attr-defined]
    inode = path.stat().st_ino
    write(path, scalars("loss", [0.25] * 50))
    assert path.stat().st_ino == inode
    assert (file.look(), other.look()) == ("replaced", "replaced")


def test_the_clients_of_object_stores_are_not_loaded_by_reading() -> None:
    code = (
        "import sys, embedding_explorer.runs.event_file;"
        "print(*{'boto3', 'fsspec'} & {name.partition('.')[0] for name in sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
