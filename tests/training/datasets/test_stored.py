from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets.encoding import decode_pixels
from embedding_explorer.training.datasets.stored import StoredPictures, pictures_of, sets_of
from tests.training.datasets.conftest import Make, save_categories

FORM = {
    "resize_width": "8",
    "resize_height": "6",
    "resize_channels": "3",
    "folder_pct_val": "25",
    "resize_mode": "squash",
}


@pytest.mark.parametrize("encoding", ["none", "png"])
def test_pictures_are_those_that_are_stored(make: Make, data: Path, encoding: str) -> None:
    root = save_categories(data / "pictures", {"cat": 8, "dog_house": 8})
    dataset = make({**FORM, "folder_train": str(root), "encoding": encoding})
    with StoredPictures(dataset, ["train", "val"]) as source:
        assert [entry.subset for entry in source.entries] == ["train"] * 12 + ["val"] * 4
        records = dataset.records("val")
        for number, entry in enumerate(source.entries[12:]):
            np.testing.assert_array_equal(decode_pixels(source.read(12 + number)), records[number])
            assert entry.label == {"cat": "cat", "dog_house": "dog house"}[entry.name.split("/")[0]]
        listed = sorted(entry.name for entry in source.entries)
    assert listed == sorted(f"{label}/{n:03d}.png" for label in ("cat", "dog_house") for n in range(8))


def test_of_many_pictures_some_are_taken_evenly(make: Make, data: Path) -> None:
    dataset = make({**FORM, "folder_train": str(save_categories(data / "pictures", {"a": 20, "b": 20}))})
    whole = StoredPictures(dataset, ["train"]).entries
    assert StoredPictures(dataset, ["train"], 10).entries == whole[::3]
    assert StoredPictures(dataset, ["train"], 99).entries == whole


def test_generic_pictures_have_numbers(make: Make) -> None:
    dataset = make(
        {"train_image_count": "5", "val_image_count": "2", "test_image_count": "0"}, extension="image-gradients"
    )
    with StoredPictures(dataset, ["val"]) as source:
        assert [(each.name, each.label) for each in source.entries] == [
            ("val/000000.png", None),
            ("val/000001.png", None),
        ]
    assert vars(pictures_of(dataset)) == {"width": 32, "height": 32, "channels": 1, "mode": "squash"}


def test_sets_are_named(make: Make, data: Path) -> None:
    dataset = make({**FORM, "folder_train": str(save_categories(data / "pictures", {"a": 4, "b": 4}))})
    assert sets_of(dataset, "all") == ["train", "val"] and sets_of(dataset, "val") == ["val"]
    with pytest.raises(BadInput, match="Sets: train, val"):
        sets_of(dataset, "test")
