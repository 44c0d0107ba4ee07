import pickle
from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.datasets.seed_export import export_seed
from embedding_explorer.datasets.seed_import import import_seed
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.errors import Conflict

from .conftest import MakeDataset, points, write_seed

PCA = "pickles/celeba_features_pca_reduced.pickle"


@pytest.mark.parametrize("target", ["seed", "seed.7z"])
def test_what_was_exported_imports_the_same(
    store: DatasetStore, make_dataset: MakeDataset, tmp_path: Path, target: str
) -> None:
    dataset = make_dataset(total=1003)
    export_seed(dataset, tmp_path / "new" / target)
    found = store.get(import_seed(tmp_path / "new" / target, store).id)
    assert found.total == 1003
    for reducer in ("pca", "umap"):
        np.testing.assert_array_equal(found.reduction(reducer), dataset.reduction(reducer))
    for name in dataset.manifest.ranges:
        assert found.tilemap_path(name).read_bytes() == dataset.tilemap_path(name).read_bytes()
    assert [path.name for path in (tmp_path / "new").iterdir()] == [target], "no leftovers beside it"


def test_an_imported_seed_exports_to_the_same_seed(store: DatasetStore, tmp_path: Path) -> None:
    first = import_seed(write_seed(tmp_path / "a"), store)
    export_seed(store.get("main"), tmp_path / "b")
    assert import_seed(tmp_path / "b", store).id == first.id
    names = sorted(path.relative_to(tmp_path / "b").as_posix() for path in (tmp_path / "b").rglob("*.*"))
    assert names == sorted(path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*.*"))


def test_an_old_installation_can_read_the_pickles(make_dataset: MakeDataset, tmp_path: Path) -> None:
    export_seed(make_dataset(), tmp_path / "seed")
    data = (tmp_path / "seed" / PCA).read_bytes()
    found = pickle.loads(data)
    assert type(found) is np.ndarray
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, points(12, 0))
    assert b"numpy._core" not in data, "numpy 1 does not know that module"
    assert data[1] <= 4


def test_nothing_is_overwritten(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "precious").write_bytes(b"x")
    (tmp_path / "file.7z").write_bytes(b"x")
    for target in ("folder", "file.7z", "folder/precious"):
        with pytest.raises(Conflict, match="not empty"):
            export_seed(dataset, tmp_path / target)
    assert (tmp_path / "file.7z").read_bytes() == b"x"


def test_an_empty_folder_is_filled(make_dataset: MakeDataset, tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    export_seed(make_dataset(), tmp_path / "seed")
    assert (tmp_path / "seed" / PCA).exists()


def test_a_seed_of_celeba_size_goes_in_and_out(store: DatasetStore, tmp_path: Path) -> None:
    seed = write_seed(tmp_path / "seed", total=202_599)
    manifest = import_seed(seed, store)
    dataset = store.get("main")
    assert (manifest.total, len(manifest.ranges)) == (202_599, 203)
    np.testing.assert_array_equal(dataset.reduction("pca"), points(202_599, 0))
    assert dataset.slice(0, 202)[:2] == (0, 202_599)
    assert dataset.images[202_598].file == "202598"
    export_seed(dataset, tmp_path / "again")
    assert import_seed(tmp_path / "again", store).id == manifest.id
