"""How much one page of a set holds."""

from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets import TrainingDataset, count_shown, explore, pages
from tests.training.datasets.conftest import Make, save_categories


def made(data: Path, make: Make, **more: str) -> TrainingDataset:
    """Twelve pictures of 144 bytes in the first of two classes, six in the second; all to train."""
    root = save_categories(data / "set", {"a": 12, "b": 6})
    return make({"resize_width": "8", "resize_height": "6", "folder_train": str(root), "folder_pct_val": "0", **more})


@pytest.mark.parametrize("encoding", ["none", "jpg"])
def test_no_page_has_more_bytes_than_allowed(
    data: Path, make: Make, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    dataset = made(data, make, encoding=encoding)
    monkeypatch.setattr(pages, "MAX_PAGE_BYTES", 3 * 8 * 6 * 3 + 5)
    first = explore(dataset, size=500)
    assert (first.size, len(first.images), first.pages) == (3, 3, [0, 1, 2, 3, 4, 5])
    shown = [each.index for page in first.pages for each in explore(dataset, page=page, size=500).images]
    assert shown == list(range(18))
    assert explore(dataset, size=2).size == 2


def test_stored_png_count_as_they_are(data: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = made(data, make, encoding="png")
    largest = int(dataset.records("train").rows["length"].max())
    monkeypatch.setattr(pages, "MAX_PAGE_BYTES", 2 * largest)
    assert len(explore(dataset, size=500).images) == 2
    monkeypatch.setattr(pages, "MAX_PAGE_BYTES", 1)
    assert len(explore(dataset, size=500).images) == 1


def test_images_are_counted_without_any_being_read(data: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = made(data, make)
    expected = [explore(dataset, label=label).total for label in (None, 0, 1, 7)]

    def refuse(*_: Any) -> None:
        raise AssertionError("an image was read")

    monkeypatch.setattr(pages, "_shown", refuse)
    assert [count_shown(dataset, label=label) for label in (None, 0, 1, 7)] == expected == [18, 12, 6, 0]
    with pytest.raises(BadInput):
        count_shown(dataset, "nonsense")
