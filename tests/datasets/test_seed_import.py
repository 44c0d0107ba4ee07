import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from py7zr import SevenZipFile

from embedding_explorer.datasets.seed import SeedLimits
from embedding_explorer.datasets.seed_import import find_seed, import_seed
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.errors import BadArchive, BadInput, LimitExceeded, NoFeatures, RefusedPickle, StorageFull

from .conftest import points, write_seed

PCA, UMAP = (f"pickles/celeba_features_{reducer}_reduced.pickle" for reducer in ("pca", "umap"))


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return write_seed(tmp_path / "seed")


def packed(folder: Path, path: Path, top: str = ".") -> Path:
    with SevenZipFile(path, "w") as archive:
        archive.writeall(folder, top)
    return path


def nothing_left(store: DatasetStore) -> bool:
    return store.list() == [] and not any(store.staging.iterdir())


def test_a_seed_becomes_the_main_dataset_with_its_values(store: DatasetStore, seed: Path) -> None:
    manifest = import_seed(seed, store)
    dataset = store.get("main")
    assert dataset.manifest == manifest
    assert (manifest.total, manifest.ranges) == (1003, {"000": (0, 999), "001": (1000, 1002)})
    assert (manifest.features, manifest.network, manifest.images_kept) == (None, None, False)
    assert manifest.source == {"kind": "import", "name": "seed"}
    for number, reducer in enumerate(("pca", "umap")):
        np.testing.assert_array_equal(dataset.reduction(reducer), points(1003, number))
    for name in ("000", "001"):
        assert dataset.tilemap_path(name).read_bytes() == (seed / "tilemaps" / f"tilemap-{name}.jpg").read_bytes()
    row = dataset.images[1002]
    assert (row.file, row.width, row.label, row.range, row.position) == ("001002", None, None, "001", 2)
    with pytest.raises(NoFeatures):
        dataset.features()
    assert not any(store.staging.iterdir())
    assert sorted(path.name for path in dataset.folder.iterdir()) == [
        *("dataset.json", "images.csv", "reductions", "tilemaps")
    ]


def test_a_jobs_own_staging_folder_becomes_the_dataset(store: DatasetStore, seed: Path) -> None:
    staging = store.staging / "job"
    staging.mkdir(parents=True)
    watched: list[list[str]] = []
    import_seed(seed, store, staging=staging, progress=lambda *_: watched.append(os.listdir(store.staging)))
    assert watched == [["job"], ["job"]]
    assert not any(store.staging.iterdir())


def test_main_stays_when_asked(store: DatasetStore, seed: Path) -> None:
    import_seed(seed, store, make_main=False, name="Faces")
    assert store.main() is None
    assert store.list()[0].name == "Faces"


@pytest.mark.parametrize("dtype", ["float64", ">f4"])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_float64_and_every_protocol_give_the_same_dataset(
    store: DatasetStore, seed: Path, tmp_path: Path, dtype: str, protocol: int
) -> None:
    first = import_seed(seed, store)
    again = import_seed(write_seed(tmp_path / "again", dtype=dtype, protocol=protocol), store)
    assert again.id == first.id
    assert len(store.list()) == 1
    assert store.get(first.id).reduction("pca").dtype == np.float32


@pytest.mark.parametrize("top", [".", "data", "backup/data"])
def test_an_archive_gives_the_same_dataset_as_its_folder(
    store: DatasetStore, seed: Path, tmp_path: Path, top: str
) -> None:
    expected = import_seed(seed, DatasetStore(tmp_path / "other"))
    archive = packed(seed, tmp_path / "data.7z", top)
    shutil.rmtree(seed)
    manifest = import_seed(archive, store)
    assert manifest.id == expected.id
    assert manifest.source == {"kind": "import", "name": "data.7z"}
    np.testing.assert_array_equal(store.get("main").reduction("umap"), points(1003, 1))
    assert not any(store.staging.iterdir())


@pytest.mark.parametrize("part", ["pca", "umap", "tilemap"])
def test_any_change_of_content_changes_the_id(store: DatasetStore, seed: Path, part: str) -> None:
    first = import_seed(seed, store)
    if part == "tilemap":
        Image.new("RGB", (500, 50), "red").save(seed / "tilemaps" / "tilemap-001.jpg")
    else:
        rows = points(1003, 0 if part == "pca" else 1)
        rows[1002, 2] += 1
        (seed / (PCA if part == "pca" else UMAP)).write_bytes(pickle.dumps(rows))
    assert import_seed(seed, store).id != first.id
    assert len(store.list()) == 2


def test_a_seed_that_is_overwritten_later_does_not_change_the_dataset(store: DatasetStore, seed: Path) -> None:
    import_seed(seed, store)
    path = seed / "tilemaps" / "tilemap-000.jpg"
    before = path.read_bytes()
    path.write_bytes(b"overwritten in place")
    assert store.get("main").tilemap_path("000").read_bytes() == before


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch effect",)


def test_fitted_models_are_left_out_unread_and_listed(
    store: DatasetStore, seed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("pickles/pca_model.pickle", "pickles/umap_model.pickle", "models/net.pickle"):
        (seed / name).parent.mkdir(exist_ok=True)
        (seed / name).write_bytes(pickle.dumps(Hostile()))
    for source in (seed, packed(seed, tmp_path / "data.7z")):
        skipped = import_seed(source, store).skipped
        assert sorted(file["file"] for file in skipped) == [
            *("models/net.pickle", "pickles/pca_model.pickle", "pickles/umap_model.pickle")
        ]
    assert not (tmp_path / "effect").exists()


def test_a_hostile_pickle_is_refused_by_name_and_leaves_nothing(
    store: DatasetStore, seed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (seed / UMAP).write_bytes(pickle.dumps(Hostile()))
    for source in (seed, packed(seed, tmp_path / "data.7z")):
        with pytest.raises(RefusedPickle, match=r"celeba_features_umap_reduced\.pickle .*(posix|nt)\.system"):
            import_seed(source, store)
        assert nothing_left(store)
    assert not (tmp_path / "effect").exists()


def wrong_rows(seed: Path) -> None:
    (seed / UMAP).write_bytes(pickle.dumps(points(1002, 1)))


def too_many_rows(seed: Path) -> None:
    for path in (seed / PCA, seed / UMAP):
        path.write_bytes(pickle.dumps(points(2001, 1)))


def too_few_rows(seed: Path) -> None:
    for path in (seed / PCA, seed / UMAP):
        path.write_bytes(pickle.dumps(points(1000, 1)))


def not_finite(seed: Path) -> None:
    (seed / PCA).write_bytes(pickle.dumps(np.full((1003, 3), np.nan)))


def missing_tilemap(seed: Path) -> None:
    (seed / "tilemaps" / "tilemap-000.jpg").unlink()


def a_png(seed: Path) -> None:
    Image.new("RGB", (500, 50)).save(seed / "tilemaps" / "tilemap-001.jpg", "PNG")


def too_high(seed: Path) -> None:
    Image.new("RGB", (500, 5000)).save(seed / "tilemaps" / "tilemap-001.jpg")


def cut_pickle(seed: Path) -> None:
    (seed / PCA).write_bytes((seed / PCA).read_bytes()[:-100])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (wrong_rows, r"pca_reduced\.pickle 1003 and .*umap_reduced\.pickle 1002 rows"),
        (too_many_rows, r"2 tilemaps, but 2001 rows .* need 3, up to tilemaps/tilemap-002\.jpg"),
        (too_few_rows, r"2 tilemaps, but 1000 rows .* need 1, up to tilemaps/tilemap-000\.jpg"),
        (not_finite, r"pca_reduced\.pickle .* row 0"),
        (missing_tilemap, r"no tilemaps/tilemap-000\.jpg"),
        (a_png, r"tilemap-001\.jpg is no JPEG"),
        (too_high, r"tilemap-001\.jpg has 500 x 5000 px; a tilemap of 3 images has 500 x 50"),
        (cut_pickle, r"pca_reduced\.pickle is damaged"),
    ],
)
def test_a_spoilt_seed_names_the_file_and_leaves_nothing(
    store: DatasetStore, seed: Path, spoil: object, message: str
) -> None:
    spoil(seed)
    with pytest.raises(BadInput, match=message):
        import_seed(seed, store)
    assert nothing_left(store)


def test_sizes_are_bounded(store: DatasetStore, seed: Path, tmp_path: Path) -> None:
    for source in (seed, packed(seed, tmp_path / "data.7z")):
        for limits in (SeedLimits(max_pickle_bytes=1000), SeedLimits(max_tilemap_bytes=1000)):
            with pytest.raises(LimitExceeded, match="1000"):
                import_seed(source, store, limits=limits)
    assert nothing_left(store)


def test_a_source_that_is_nothing_is_told(store: DatasetStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file or folder .*nowhere\.7z"):
        import_seed(tmp_path / "nowhere.7z", store)
    with pytest.raises(BadInput, match="is no seed"):
        import_seed(tmp_path, store)
    (tmp_path / "a.7z").write_bytes(b"PK\x03\x04")
    with pytest.raises(BadArchive):
        import_seed(tmp_path / "a.7z", store)


def test_a_full_disk_leaves_nothing(store: DatasetStore, seed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("embedding_explorer.datasets.seed_import.write_images", full)
    with pytest.raises(StorageFull):
        import_seed(seed, store)
    assert nothing_left(store)


def test_progress_counts_tilemaps(store: DatasetStore, seed: Path) -> None:
    seen: list[tuple[int, int]] = []
    import_seed(seed, store, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


# Seeds in the data folder


def test_a_seed_in_the_data_folder_is_found_once(store: DatasetStore) -> None:
    write_seed(store.data)
    assert find_seed(store.data) == store.data
    import_seed(store.data, store)
    assert find_seed(store.data) is None
    assert find_seed(DatasetStore(store.data).data) is None


def test_an_archive_in_the_data_folder_is_found_once(store: DatasetStore, seed: Path) -> None:
    store.data.mkdir()
    archive = packed(seed, store.data / "data.7z", "data")
    assert find_seed(store.data) == archive
    import_seed(archive, store)
    assert find_seed(store.data) is None


def test_a_seed_whose_dataset_was_deleted_stays_deleted(store: DatasetStore) -> None:
    write_seed(store.data)
    store.delete(import_seed(store.data, store).id)
    assert find_seed(store.data) is None


def test_a_copy_with_new_times_is_the_same_seed(store: DatasetStore) -> None:
    write_seed(store.data)
    import_seed(store.data, store)
    for path in store.data.rglob("*"):
        os.utime(path, (0, 0))
    assert find_seed(store.data) is None


@pytest.mark.parametrize("part", ["pickle", "tilemap", "more"])
def test_a_replaced_seed_is_found_again(store: DatasetStore, part: str) -> None:
    write_seed(store.data)
    import_seed(store.data, store)
    if part == "pickle":
        (store.data / PCA).write_bytes(pickle.dumps(points(1003, 9)))
    elif part == "tilemap":
        Image.new("RGB", (500, 50), "blue").save(store.data / "tilemaps" / "tilemap-001.jpg")
    else:
        Image.new("RGB", (500, 50), "blue").save(store.data / "tilemaps" / "tilemap-002.jpg")
    assert find_seed(store.data) == store.data


def test_a_replaced_archive_is_found_again(store: DatasetStore, seed: Path, tmp_path: Path) -> None:
    store.data.mkdir()
    import_seed(packed(seed, store.data / "data.7z"), store)
    packed(write_seed(tmp_path / "other", total=1002), store.data / "data.7z")
    assert find_seed(store.data) == store.data / "data.7z"


def test_a_folder_goes_before_the_archive_that_it_came_from(store: DatasetStore, seed: Path) -> None:
    write_seed(store.data)
    packed(seed, store.data / "data.7z")
    import_seed(store.data, store)
    assert find_seed(store.data) is None


def test_an_import_from_elsewhere_does_not_hide_the_data_folders_own_seed(store: DatasetStore, seed: Path) -> None:
    import_seed(seed, store)
    write_seed(store.data)
    assert find_seed(store.data) == store.data


def test_a_seed_that_could_not_be_imported_is_found_again(store: DatasetStore) -> None:
    wrong_rows(write_seed(store.data))
    with pytest.raises(BadInput):
        import_seed(store.data, store)
    assert find_seed(store.data) == store.data


def test_an_empty_data_folder_holds_no_seed(store: DatasetStore) -> None:
    assert find_seed(store.data) is None
