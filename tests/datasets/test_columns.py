import numpy as np
import pytest

from embedding_explorer.datasets import columns as room
from embedding_explorer.datasets.column import NONE, Column
from embedding_explorer.datasets.columns import column, columns
from embedding_explorer.datasets.images_table import write_images
from embedding_explorer.errors import NotFound

from .conftest import MakeDataset


def test_labels_are_codes_in_order_of_appearance(make_dataset: MakeDataset) -> None:
    found = column(make_dataset(total=6, labels=["dog", "", "cat", "dog", "", "ant"]), "label")
    assert found.values.dtype == np.uint16
    assert found.values.tolist() == [0, NONE, 1, 0, NONE, 2]
    assert found.to_json() == {
        **{"name": "label", "title": "label", "kind": "category", "type": "u16"},
        **{"values": ["dog", "cat", "ant"], "counts": [2, 1, 1], "none": 2},
    }
    assert [found.value(n) for n in range(3)] == ["dog", None, "cat"]


def test_a_dataset_without_labels_or_sizes_has_no_such_columns(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(total=3)
    write_images(dataset.folder / "images.csv", [("a", None, None, None)] * 3)
    assert [each.name for each in columns(dataset)] == ["range"]
    for name in ("label", "width", "colour", "../x"):
        with pytest.raises(NotFound, match="Columns: range"):
            column(dataset, name)


def test_numbers_are_float32_and_nan_where_unknown(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(total=3)
    write_images(dataset.folder / "images.csv", [("a", 400, 300, None), ("b", None, None, None), ("c", 100, 200, None)])
    aspect = column(dataset, "aspect")
    assert aspect.values.dtype == np.float32 and aspect.kind == "number"
    np.testing.assert_array_equal(aspect.values, np.array([4 / 3, np.nan, 0.5], np.float32))
    assert aspect.to_json()["range"] == [0.5, pytest.approx(4 / 3)]
    assert aspect.value(1) is None and aspect.value(2) == 0.5
    assert column(dataset, "width").to_json()["range"] == [100, 400]


def test_ranges_are_a_column(make_dataset: MakeDataset) -> None:
    found = column(make_dataset(total=2003), "range")
    assert found.to_json()["values"] == ["000", "001", "002"]
    assert found.to_json()["counts"] == [1000, 1000, 3]
    assert found.values[[0, 999, 1000, 2002]].tolist() == [0, 0, 1, 2]


def test_of_too_many_labels_the_rarest_count_as_none(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_VALUES", 2)
    found = column(make_dataset(total=7, labels=["a", "b", "c", "b", "c", "", "c"]), "label")
    assert found.names == ["b", "c"]
    assert [found.value(n) for n in range(7)] == [None, "b", "c", "b", "c", None, "c"]
    assert found.to_json()["left_out"] == 1 and found.to_json()["none"] == 2


def test_the_code_for_none_fits_beside_as_many_values_as_there_may_be() -> None:
    names = [str(n) for n in range(room.MOST_VALUES)]
    made = Column("x", "x", np.array([room.MOST_VALUES - 1, NONE], np.uint16), names)
    assert (made.value(0), made.value(1)) == ("65533", None)
    assert sum(made.to_json()["counts"]) == 1
