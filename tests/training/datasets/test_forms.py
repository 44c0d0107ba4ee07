import importlib.util
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import InvalidFields, NotFound
from embedding_explorer.training.datasets import (
    Bounds,
    Places,
    extensions_json,
    parse_classification_form,
    parse_generic_form,
    storable,
)
from embedding_explorer.training.datasets.spec import (
    Bucket,
    Folder,
    Folders,
    GenericOptions,
    Gradients,
    PerClass,
    Pictures,
    Storage,
    TextList,
    Texts,
)
from embedding_explorer.training.datasets.splits import Shares

S3 = {
    **{"method": "s3", "s3_endpoint_url": "http://127.0.0.1:9000", "s3_bucket": "b", "s3_path": "p"},
    **{"s3_accesskey": "key-of-access", "s3_secretkey": "very-secret"},
}


def faults(places: Places, form: dict[str, str], **more: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as caught:
        parse_classification_form({"dataset_name": "n", **form}, more.pop("uploads", {}), places, **more)
    assert all(isinstance(text, str) and text for texts in caught.value.fields.values() for text in texts)
    return dict(caught.value.fields)


def test_defaults_of_a_folder(data: Path, places: Places) -> None:
    spec = parse_classification_form({"dataset_name": "n", "folder_train": f" {data} "}, {}, places)
    assert (spec.name, spec.group, spec.shuffled) == ("n", "", True)
    assert spec.source == Folders(Folder(data, PerClass(2, None)), Shares(25, 0), None, None)
    assert spec.pictures == Pictures(256, 256, 3, "squash")
    assert spec.storage == Storage("png", "lmdb", "none")


def test_the_walk_through_of_the_contract(data: Path, places: Places) -> None:
    form = {
        **{"folder_train": str(data), "encoding": "png", "resize_channels": "1", "resize_width": "28"},
        **{"resize_height": "28", "method": "folder", "dataset_name": "mnist", "unknown": "ignored"},
    }
    assert parse_classification_form(form, {}, places).pictures == Pictures(28, 28, 1, "squash")


def test_hdf5_is_raw_and_only_it_is_compressed(data: Path, places: Places) -> None:
    form = {"dataset_name": "n", "folder_train": str(data), "encoding": "jpg", "compression": "gzip"}
    stored = {
        backend: parse_classification_form({**form, "backend": backend}, {}, places).storage
        for backend in ("lmdb", "hdf5", "tfrecords")
    }
    assert stored["hdf5"] == Storage("none", "hdf5", "gzip")
    assert stored["lmdb"] == Storage("jpg", "lmdb", "none")
    assert stored["tfrecords"] == Storage("jpg", "tfrecords", "none")


def test_all_that_is_wrong_comes_at_once(places: Places) -> None:
    form = {
        **{"dataset_name": " ", "resize_width": "0", "resize_height": "28.0", "resize_mode": "stretch", "encoding": ""},
        **{"backend": "leveldb", "resize_channels": "2", "folder_train": "/no/such", "folder_pct_val": "101"},
        **{"folder_train_min_per_class": "0", "folder_pct_test": "", "compression": "zip"},
    }
    assert set(faults(places, form)) == set(form)


def test_sides_are_bounded(data: Path, places: Places) -> None:
    form = {"folder_train": str(data), "resize_width": "1025", "resize_height": "1024"}
    assert set(faults(places, form, bounds=Bounds(max_side=1024))) == {"resize_width"}


def test_unknown_methods_are_refused_and_fields_of_other_methods_not_looked_at(data: Path, places: Places) -> None:
    assert "method" in faults(places, {"method": "ftp", "folder_train": str(data)})
    form = {"dataset_name": "n", "folder_train": str(data), "textfile_shuffle": "7", "s3_pct_val": "x"}
    parse_classification_form(form, {}, places)


def test_shares_are_one_hundred_at_most(data: Path, places: Places) -> None:
    form = {"folder_train": str(data), "folder_pct_val": "60", "folder_pct_test": "41"}
    assert set(faults(places, form)) == {"folder_pct_test"}


def test_folders_of_their_own(data: Path, places: Places) -> None:
    form = {
        **{"dataset_name": "n", "folder_train": str(data), "has_val_folder": "y", "folder_val": str(data)},
        **{"folder_val_min_per_class": "", "folder_val_max_per_class": "5", "has_test_folder": "No"},
        **{"folder_pct_val": "60", "folder_pct_test": "10"},
    }
    source = parse_classification_form(form, {}, places).source
    assert source == Folders(Folder(data), Shares(0, 10), Folder(data, PerClass(None, 5)), None)
    missing = faults(places, {"folder_train": str(data), "has_val_folder": "1", "has_test_folder": "1"})
    assert set(missing) == {"folder_val", "folder_test"}


def test_the_most_per_class_is_not_below_the_least(data: Path, places: Places) -> None:
    form = {"folder_train": str(data), "folder_train_max_per_class": "1"}
    assert set(faults(places, form)) == {"folder_train_max_per_class"}


def test_paths_outside_are_as_missing_ones(data: Path, places: Places, tmp_path: Path) -> None:
    (tmp_path / "forbidden").mkdir()
    texts = [faults(places, {"folder_train": str(tmp_path / name)}) for name in ("forbidden", "nowhere")]
    assert texts[0]["folder_train"][0].replace("forbidden", "nowhere") == texts[1]["folder_train"][0]
    assert "folder_train" in faults(places, {"folder_train": "http://host/folder"})
    assert "folder_train" in faults(places, {"folder_train": "data"})


def test_text_files_that_are_uploaded(data: Path, places: Places, tmp_path: Path) -> None:
    assert set(faults(places, {"method": "textfile"})) == {"textfile_train_images", "textfile_labels_file"}
    uploads = {f"textfile_{name}": tmp_path / name for name in ("train_images", "val_images", "labels_file")}
    form = {
        **{"dataset_name": "n", "method": "textfile", "textfile_use_val": "on", "textfile_shuffle": "0"},
        **{"textfile_train_folder": str(data)},
    }
    spec = parse_classification_form(form, uploads, places)
    train, val = TextList(tmp_path / "train_images", data), TextList(tmp_path / "val_images")
    assert spec.source == Texts(train, tmp_path / "labels_file", val, None, shuffle=False)
    assert not spec.shuffled
    again = {**form, "textfile_use_test": "true", "textfile_train_folder": "/nowhere"}
    assert set(faults(places, again, uploads=uploads)) == {"textfile_test_images", "textfile_train_folder"}


def test_text_files_on_the_server(data: Path, places: Places) -> None:
    (data / "l.txt").write_text("a\n")
    form = {"method": "textfile", "textfile_use_local_files": "true"}
    assert set(faults(places, form)) == {"textfile_local_train_images", "textfile_local_labels_file"}
    given = {f"textfile_local_{name}": str(data / "l.txt") for name in ("train_images", "labels_file")}
    spec = parse_classification_form({"dataset_name": "n", **form, **given}, {}, places)
    assert spec.source == Texts(TextList(data / "l.txt"), data / "l.txt")


def test_buckets_hide_their_keys(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    spec = parse_classification_form({"dataset_name": "n", **S3}, {}, places)
    assert isinstance(spec.source, Bucket)
    assert (spec.source.prefix, spec.source.secret_key, spec.source.shares) == ("p/", "very-secret", Shares(25, 0))
    assert "secret" not in repr(spec).replace("secret_key", "") and "key-of-access" not in repr(spec)
    assert set(S3) - set(storable(S3)) == {"s3_accesskey", "s3_secretkey"}
    missing = faults(places, {"method": "s3"})
    assert set(missing) == {name for name in S3 if name != "method"}
    assert "s3_endpoint_url" in faults(places, {**S3, "s3_endpoint_url": "file:///etc"})


def test_without_the_library_the_method_says_so(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "s3fs" in faults(places, S3)["method"][0]


def test_gradients(places: Places) -> None:
    spec = parse_generic_form("image-gradients", {"dataset_name": "n"}, places)
    assert spec.source == Gradients(1000, 250, 0, 32, 32)
    assert spec.options == GenericOptions("png", "none", 32, 4, True)
    blank = {"dataset_name": "n", "val_image_count": "", "test_image_count": "3", "image_width": "5"}
    assert parse_generic_form("image-gradients", blank, places).source == Gradients(1000, 0, 3, 5, 32)
    bad = {"train_image_count": "", "image_height": "0", "dsopts_num_threads": "0", "dsopts_backend": "hdf5"}
    with pytest.raises(InvalidFields) as caught:
        parse_generic_form("image-gradients", bad, places)
    assert set(caught.value.fields) == {*bad, "dataset_name"}


def test_processing_needs_its_folders(data: Path, places: Places) -> None:
    bad = {"dataset_name": "n", "has_val_folder": "1", "channel_conversion": "CMYK", "feature_folder": str(data)}
    with pytest.raises(InvalidFields) as caught:
        parse_generic_form("image-processing", bad, places)
    assert set(caught.value.fields) == {
        *("label_folder", "validation_feature_folder", "validation_label_folder", "channel_conversion")
    }


def test_extensions() -> None:
    assert {each["id"] for each in extensions_json()} == {"image-gradients", "image-processing"}
    with pytest.raises(NotFound, match="image-gradients"):
        parse_generic_form("image-sunnybrook", {}, Places([]))
