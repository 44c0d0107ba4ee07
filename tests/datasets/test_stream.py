"""How far reading is ahead of the network."""

from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.datasets import stream
from embedding_explorer.datasets.stream import Item, decode_entries, decoding_to, ordered_map, with_features
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.source import Source, open_source
from tests.colour_network import ColourNetwork
from tests.conftest import colour_files

PADDING = 100_000


@pytest.fixture
def padded(tmp_path: Path) -> Source:
    """Twelve pictures whose files are far larger than they need to be."""
    for name, data in colour_files(12).items():
        (tmp_path / name).write_bytes(data + bytes(PADDING))
    return open_source(tmp_path, limits=Limits(), spool=tmp_path / "spool")


def most_ahead(ahead: int, weights: list[int]) -> int:
    """How many items are begun and not consumed yet, at most."""
    begun: list[int] = []

    def begin(number: int) -> int:
        begun.append(number)
        return number

    consumed, most = [], 0
    for number in ordered_map(begin, range(len(weights)), ahead, weights.__getitem__):
        consumed.append(number)
        most = max(most, len(begun) - len(consumed) + 1)
    assert consumed == list(range(len(weights)))
    return most


def test_no_more_bytes_are_read_ahead_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "AHEAD_BYTES", 10)
    assert most_ahead(8, [4] * 40) <= 2
    assert most_ahead(8, [11] * 40) == 1, "of files that are too large for any other beside them, one at a time"
    assert most_ahead(3, [0] * 40) <= 3


def test_as_many_small_files_as_ever_are_read_ahead() -> None:
    with_weights = ordered_map(lambda n: n, iter(given := Given(range(40))), 8, lambda _: 5 << 20)
    next(with_weights)
    assert given.taken == 9


class Given:
    """Counts what is taken."""

    def __init__(self, items: range) -> None:
        self.items, self.taken = items, 0

    def __iter__(self) -> Any:
        for item in self.items:
            self.taken += 1
            yield item


def entries(source: Source) -> Any:
    return decode_entries(source, decoding_to(InputSpec(16, 16)), 10**6, 0, ahead=8)


def test_sizes_of_files_bound_what_is_decoded_ahead(padded: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "AHEAD_BYTES", 3 * PADDING)
    read: list[int] = []
    monkeypatch.setattr(padded, "read", lambda n: read.append(n) or type(padded).read(padded, n))
    items = entries(padded)
    for number in range(12):
        assert items.__next__().index == number
        assert len(read) <= number + 3


def test_large_files_make_small_batches(padded: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def batches(most: int) -> list[int]:
        monkeypatch.setattr(stream, "BATCH_BYTES", most)
        made = with_features(ColourNetwork(), (item for item in entries(padded) if isinstance(item, Item)))
        return [len(group) for group in made]

    assert batches(100 * PADDING) == [4, 4, 4]
    assert batches(2 * PADDING) == [2] * 6
    assert batches(1) == [1] * 12
