import gc
import json
import logging
import os
import shutil
import weakref
from pathlib import Path

import pytest

from embedding_explorer.datasets.manifest import Manifest
from embedding_explorer.datasets.store import MAX_NAME, DatasetStore
from embedding_explorer.errors import BadInput, Conflict, DatasetNotFound, StorageFull

from .conftest import MakeDataset, hex_id


def test_the_list_has_the_newest_first(store: DatasetStore, make_dataset: MakeDataset) -> None:
    for number, year in ((1, 2021), (2, 2023), (3, 2022)):
        make_dataset(number, created=f"{year}-01-01T00:00:00.000000+00:00")
    assert [manifest.id for manifest in store.list()] == [hex_id(2), hex_id(3), hex_id(1)]


def test_an_empty_data_folder_has_no_datasets(store: DatasetStore) -> None:
    assert store.list() == []
    assert store.main() is None


def test_folders_that_are_no_datasets_are_ignored(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset()
    (store.folder / "holiday pictures").mkdir()
    (store.folder / hex_id(7)).mkdir()
    shutil.copytree(store.folder / hex_id(1), store.folder / "a copy")
    assert [manifest.id for manifest in store.list()] == [hex_id(1)]


def test_a_damaged_dataset_does_not_hide_the_others(
    store: DatasetStore, make_dataset: MakeDataset, caplog: pytest.LogCaptureFixture
) -> None:
    make_dataset(1)
    (make_dataset(2).folder / "dataset.json").write_text("{")
    assert [manifest.id for manifest in store.list()] == [hex_id(1)]
    assert hex_id(2) in caplog.text
    with pytest.raises(Conflict, match=hex_id(2)):
        store.get(hex_id(2))


def test_a_folder_under_another_datasets_id_is_refused(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset(1)
    shutil.copytree(store.folder / hex_id(1), store.folder / hex_id(2))
    with pytest.raises(Conflict, match=hex_id(1)):
        store.get(hex_id(2))


@pytest.mark.parametrize(
    "wrong", ["", "..", "../..", "0" * 31, "0" * 33, "0" * 31 + "A", "0" * 32 + "\n", "\u0660" * 32, "main/", "\0" * 32]
)
def test_an_id_is_checked_before_the_disk_is_touched(
    store: DatasetStore, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(*_: object) -> None:
        raise AssertionError("the disk was touched")

    monkeypatch.setattr(os, "stat", touched)
    with pytest.raises(DatasetNotFound, match=r"^Dataset not found$"):
        store.get(wrong)


def test_an_unknown_dataset_is_not_found(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset(1)
    with pytest.raises(DatasetNotFound, match=r"^Dataset not found$"):
        store.get(hex_id(9))
    assert hex_id(1) in store
    assert hex_id(9) not in store


def test_repeated_access_gives_the_same_dataset(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset()
    assert store.get(hex_id(1)) is store.get(hex_id(1))


def test_main_is_whichever_dataset_was_chosen(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset(1)
    make_dataset(2)
    store.set_main(hex_id(2))
    assert store.get("main").id == hex_id(2)
    with pytest.raises(DatasetNotFound):
        store.set_main(hex_id(9))
    assert store.get("main").id == hex_id(2)


def test_another_process_chooses_main_and_no_restart_is_needed(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset(1)
    make_dataset(2)
    store.set_main(hex_id(1))
    assert store.get("main").id == hex_id(1)
    other = DatasetStore(store.data)
    other.set_main(hex_id(2))
    other.rename(hex_id(2), "Renamed")
    assert store.get("main").manifest.name == "Renamed"
    other.delete("main")
    assert store.main() is None
    assert [manifest.id for manifest in store.list()] == [hex_id(1)]


def test_a_dataset_that_changed_place_is_read_anew(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset(1, total=12)
    assert store.get(hex_id(1)).total == 12
    shutil.rmtree(store.folder / hex_id(1))
    make_dataset(1, total=5)
    assert store.get(hex_id(1)).reduction("pca").shape == (5, 3)


def test_without_a_main_dataset_the_message_says_what_to_do(store: DatasetStore) -> None:
    with pytest.raises(DatasetNotFound, match="no main dataset"):
        store.get("main")


def test_a_main_dataset_that_is_gone_is_told_once(
    store: DatasetStore, make_dataset: MakeDataset, caplog: pytest.LogCaptureFixture
) -> None:
    store.set_main(make_dataset(2).id)
    shutil.rmtree(store.folder / hex_id(2))
    with caplog.at_level(logging.WARNING):
        assert store.main() is None
        assert store.main() is None
    assert caplog.text.count(hex_id(2)) == 1


def test_a_pointer_to_elsewhere_leads_nowhere(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset()
    (store.folder / "main").write_bytes(b"../../etc\xff")
    assert store.main() is None


def test_a_deleted_dataset_is_gone_with_its_pointer_and_without_leftovers(
    store: DatasetStore, make_dataset: MakeDataset
) -> None:
    make_dataset(1)
    store.set_main(hex_id(1))
    held = store.get("main").reduction("pca")
    expected = held.copy()
    store.delete(hex_id(1))
    assert store.list() == []
    assert not (store.folder / "main").exists()
    assert list(store.staging.iterdir()) == []
    assert (held == expected).all(), "who was reading goes on reading"
    with pytest.raises(DatasetNotFound):
        store.delete(hex_id(1))


def test_deleting_another_dataset_keeps_main(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset(1)
    make_dataset(2)
    store.set_main(hex_id(1))
    store.delete(hex_id(2))
    assert store.get("main").id == hex_id(1)


def test_a_delete_that_is_killed_leaves_no_half_dataset(
    store: DatasetStore, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dataset()

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            store.delete(hex_id(1))
    assert DatasetStore(store.data).list() == []
    assert len(list(store.staging.iterdir())) == 1
    store.sweep()
    assert list(store.staging.iterdir()) == []


def test_a_new_name_is_kept(store: DatasetStore, make_dataset: MakeDataset) -> None:
    make_dataset(name="Old")
    store.rename(hex_id(1), "  New name ü ")
    assert DatasetStore(store.data).get(hex_id(1)).manifest.name == "New name ü"


@pytest.mark.parametrize("wrong", ["", "  ", "a\nb", "a\0b", "x" * (MAX_NAME + 1)])
def test_a_name_is_one_line_of_text(store: DatasetStore, make_dataset: MakeDataset, wrong: str) -> None:
    make_dataset(name="Old")
    with pytest.raises(BadInput, match="name"):
        store.rename(hex_id(1), wrong)
    assert store.get(hex_id(1)).manifest.name == "Old"


def staged(store: DatasetStore, name: str, content: bytes) -> Path:
    folder = store.staging / name
    folder.mkdir(parents=True)
    (folder / "features.npy").write_bytes(content)
    return folder


def test_the_first_of_two_datasets_with_one_id_stays(store: DatasetStore) -> None:
    first = Manifest.new(id=hex_id(1), name="first", total=4)
    second = Manifest.new(id=hex_id(1), name="second", total=4)
    assert store.adopt(staged(store, "a", b"1"), first).name == "first"
    assert store.adopt(staged(store, "b", b"2"), second).name == "first"
    assert (store.folder / hex_id(1) / "features.npy").read_bytes() == b"1"
    assert list(store.staging.iterdir()) == []


def test_a_folder_without_a_manifest_makes_way_for_the_dataset(store: DatasetStore) -> None:
    (store.folder / hex_id(1)).mkdir(parents=True)
    (store.folder / hex_id(1) / "rubbish").touch()
    manifest = Manifest.new(id=hex_id(1), name="whole", total=4)
    assert store.adopt(staged(store, "a", b"1"), manifest).name == "whole"
    assert not (store.folder / hex_id(1) / "rubbish").exists()
    assert list(store.staging.iterdir()) == []


def test_a_dataset_of_a_later_version_is_not_overwritten(store: DatasetStore, make_dataset: MakeDataset) -> None:
    path = make_dataset().folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(Conflict, match="99"):
        store.adopt(staged(store, "a", b"1"), Manifest.new(id=hex_id(1), name="new", total=4))
    assert json.loads(path.read_text())["format"] == 99


def test_a_full_disk_ends_an_adoption_without_a_dataset(store: DatasetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("embedding_explorer.datasets.store.sync_tree", full)
    with pytest.raises(StorageFull, match="No space"):
        store.adopt(staged(store, "a", b"1"), Manifest.new(id=hex_id(1), name="new", total=4))
    assert store.list() == []


def test_only_so_many_datasets_stay_open(
    store: DatasetStore, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_explorer.datasets.store.MAX_OPEN", 2)
    for number in (1, 2, 3):
        make_dataset(number)
    assert len(store._open) == 2
    assert len(store.list()) == 3


def test_what_another_process_deletes_does_not_stay_open(store: DatasetStore, make_dataset: MakeDataset) -> None:
    for number in (1, 2, 3):
        make_dataset(number)
    for number, look in ((1, lambda: store.get(hex_id(3))), (2, store.list)):
        opened = weakref.ref(store.get(hex_id(number)))
        DatasetStore(store.data).delete(hex_id(number))
        store._open.pop(hex_id(3), None)
        look()
        gc.collect()
        assert opened() is None, "its files keep their space on the disk"


def derived(store: DatasetStore, *names: str) -> list[Path]:
    """Files below the folder of derived things, and a file that is nobody's beside them."""
    paths = [store.data / "cache" / name for name in ("networks/weights.xml", *names)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return paths


def test_what_was_made_of_a_dataset_goes_with_it(store: DatasetStore, make_dataset: MakeDataset) -> None:
    first, second = make_dataset(1).id, make_dataset(2).id
    paths = derived(
        store,
        *(f"maps/{second}/a", f"clusters/{second}/v1-5.npz", f"placed/{second}-in-{'a' * 32}-pca.npy"),
        *(f"maps/{first}/a", f"placed/{first}-in-{second}-pca.npy"),
    )
    store.delete(first)
    assert [path.exists() for path in paths] == [True] * 4 + [False] * 2
    assert not (store.data / "cache" / "maps" / first).exists()
    store.delete(second)
    assert [path for path in paths if path.exists()] == paths[:1]


def test_what_was_made_of_datasets_that_are_gone_is_swept(store: DatasetStore, make_dataset: MakeDataset) -> None:
    kept, gone = make_dataset(1).id, "e" * 32
    paths = derived(store, f"maps/{kept}/a", f"maps/{gone}/a", f"previews/{gone}/b")
    store.sweep()
    assert [path.exists() for path in paths] == [True, True, False, False]
