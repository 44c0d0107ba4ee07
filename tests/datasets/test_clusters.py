import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.datasets import clusters as room
from embedding_explorer.datasets.clusters import (
    MOST_KEPT,
    cluster_column,
    known_clusters,
    least_size,
    make_clusters,
    path_of,
)
from embedding_explorer.datasets.column import NONE
from embedding_explorer.datasets.columns import column
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.errors import BadInput, DatasetNotFound, NoFeatures, NotFound

from .conftest import MakeDataset


def silent(*_: object) -> None: ...


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    """Ninety images in three groups, the last one smaller, and one that is like no other."""
    random = np.random.default_rng(3)
    centres = random.normal(size=(3, 16)) * 4
    group = np.array([0] * 40 + [1] * 30 + [2] * 19)
    features = np.vstack([centres[group] + 0.2 * random.normal(size=(89, 16)), -centres.sum(axis=0)])
    return make_dataset(total=90, features=features.astype(np.float16))


def test_clusters_are_a_column_with_the_largest_first_and_say_how_they_were_made(dataset: Dataset) -> None:
    made = make_clusters(dataset, 8, silent)
    assert (made.name, made.kind, list(made.names)) == ("cluster", "category", ["1", "2", "3"])
    assert made.to_json()["counts"] == [40, 30, 19] and made.values[-1] == NONE
    assert {made.value(n) for n in range(40)} == {"1"}
    about = made.to_json()["made"]
    assert about["method"] == "HDBSCAN" and about["min_cluster_size"] == 8 and about["sample"] is None
    np.testing.assert_array_equal(column(dataset, "cluster").values, made.values)


def test_the_clusters_last_asked_for_are_the_column(dataset: Dataset) -> None:
    assert cluster_column(dataset) is None and known_clusters(dataset, 8) is None
    with pytest.raises(NotFound):
        column(dataset, "cluster")
    make_clusters(dataset, 8, silent)
    os.utime(path_of(dataset, 8), ns=(1, 1))
    make_clusters(dataset, 25, silent)
    assert len(column(dataset, "cluster").names) == 2
    again = known_clusters(dataset, 8)
    assert again is not None and len(again.names) == 3
    assert len(column(dataset, "cluster").names) == 3


def test_only_some_results_are_kept(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_KEPT", 2)
    for least in (8, 9, 10):
        make_clusters(dataset, least, silent)
        os.utime(path_of(dataset, least), ns=(least, least))
    assert known_clusters(dataset, 8) is None
    assert known_clusters(dataset, 9) is not None and MOST_KEPT > 2


def test_a_damaged_file_is_no_column_and_is_made_anew(dataset: Dataset) -> None:
    make_clusters(dataset, 8, silent)
    path_of(dataset, 8).write_bytes(b"PK\x03\x04 nonsense")
    assert cluster_column(dataset) is None and known_clusters(dataset, 8) is None
    assert len(make_clusters(dataset, 8, silent).names) == 3


def test_a_dataset_of_another_size_under_the_same_id_does_not_take_the_clusters(dataset: Dataset) -> None:
    make_clusters(dataset, 8, silent)
    with path_of(dataset, 8).open("wb") as file:
        np.savez(file, codes=np.zeros(5, np.uint16), about=np.array("{}"))
    assert cluster_column(dataset) is None


def test_the_default_follows_from_the_number_of_images_and_others_are_checked(
    dataset: Dataset, make_dataset: MakeDataset
) -> None:
    assert least_size(dataset, None) == 8
    assert least_size(dataset, 90) == 90
    for wrong in (1, 0, -5, 91):
        with pytest.raises(BadInput, match="from 2 to 90"):
            least_size(dataset, wrong)
    with pytest.raises(NoFeatures):
        least_size(make_dataset(2), None)


def test_clusters_go_with_their_dataset(dataset: Dataset, store: DatasetStore) -> None:
    make_clusters(dataset, 8, silent)
    store.delete(dataset.id)
    assert not dataset.derived("clusters").exists()


def test_a_dataset_deleted_meanwhile_leaves_nothing_behind(dataset: Dataset) -> None:
    def delete(stage: str, done: int, total: int) -> None:
        shutil.rmtree(dataset.folder, ignore_errors=True)

    with pytest.raises(DatasetNotFound):
        make_clusters(dataset, 8, delete)
    assert not dataset.derived("clusters").exists()


def test_an_ended_job_keeps_nothing(dataset: Dataset, tmp_path: Path) -> None:
    def end(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_clusters(dataset, 8, end)
    assert cluster_column(dataset) is None
