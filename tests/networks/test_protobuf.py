from pathlib import Path

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.networks import protobuf
from embedding_explorer.networks.protobuf import Message, encode, open_message


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    return [(number, value if isinstance(value, int) else bytes(value)) for number, value in Message(memoryview(data))]


def test_fields_of_all_kinds() -> None:
    # By hand from the format: 1: 300, 2: "hi", 3: fixed64, 4: fixed32.
    data = b"\x08\xac\x02" + b"\x12\x02hi" + b"\x19" + b"\1" * 8 + b"\x25" + b"\2" * 4
    assert fields(data) == [(1, 300), (2, b"hi"), (3, b"\1" * 8), (4, b"\2" * 4)]


@pytest.mark.parametrize(
    "data",
    [b"\x12\x05hi", b"\x08", b"\x08" + b"\xff" * 11, b"\x19\1", b"\x00\x01", b"\x0b", b"\x12\xff\xff\xff\xff\x0f"],
)
def test_damage(data: bytes) -> None:
    with pytest.raises(BadInput, match="damaged"):
        fields(data)


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MAX_FIELDS", 100)
    with pytest.raises(BadInput, match="more than 100 fields"):
        fields(b"\x08\x01" * 101)


def test_depth_is_bounded() -> None:
    data = b""
    for _ in range(protobuf.MAX_DEPTH + 2):
        data = encode(1, data)

    def descend(message: Message) -> None:
        for inner in message.messages(1):
            descend(inner)

    with pytest.raises(BadInput, match="deep"):
        descend(Message(memoryview(data)))


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(BadInput, match="empty"):
        open_message(tmp_path / "x")
