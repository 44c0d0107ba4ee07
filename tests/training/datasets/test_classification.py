import errno
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadInput, JobAborted, NoReadableImage, NotFound, StorageFull
from embedding_explorer.training.datasets import (
    Places,
    TrainingDataset,
    create,
    describe,
    entries,
    explore,
    label_filter,
    parse_classification_form,
    plan_classification,
    statistics,
)
from embedding_explorer.training.datasets.records import DATA, RecordWriter
from tests.training.datasets.conftest import Make, save_categories

SMALL = {"resize_width": "8", "resize_height": "6"}


def form(root: Path, **more: str) -> dict[str, str]:
    return {**SMALL, "folder_train": str(root), **more}


def lines(dataset: TrainingDataset, name: str) -> list[tuple[str, int]]:
    listed = [line.rsplit(" ", 1) for line in (dataset.folder / f"{name}.txt").read_text().splitlines()]
    return [(path, int(label)) for path, label in listed]


def reference(path: str, mode: str = "RGB") -> np.ndarray:
    pixels = np.asarray(Image.open(path).convert(mode).resize((8, 6), Image.Resampling.BILINEAR))
    return pixels.reshape(6, 8, -1)


@pytest.mark.parametrize("encoding", ["none", "png"])
@pytest.mark.parametrize("channels", ["1", "3"])
def test_folder_to_records(data: Path, make: Make, encoding: str, channels: str) -> None:
    root = save_categories(data / "set", {"a_b": 12, "c": 20})
    dataset = make(form(root, encoding=encoding, resize_channels=channels, folder_pct_test="10"))
    assert dataset.labels == ["a b", "c"]
    for name in ("train", "val", "test"):
        records, listed = dataset.records(name), lines(dataset, name)
        assert sorted(records.rows["line"].tolist()) == list(range(len(listed)))
        for number, row in enumerate(records.rows):
            path, label = listed[row["line"]]
            assert row["label"] == label == ("/c/" in path)
            assert np.array_equal(records[number], reference(path, "L" if channels == "1" else "RGB"))
    assert dataset.records("train").rows["line"].tolist() != list(range(len(lines(dataset, "train"))))
    listed_once = [path for name in ("train", "val", "test") for path, _ in lines(dataset, name)]
    assert sorted(listed_once) == sorted(map(str, root.rglob("*.png")))


def test_the_mean_is_that_of_the_training_images(data: Path, make: Make) -> None:
    dataset = make(form(save_categories(data / "set", {"a": 9, "b": 8}), encoding="jpg"))
    images = np.stack([reference(path) for path, _ in lines(dataset, "train")]).astype(float)
    mean = dataset.mean
    assert mean is not None and mean.dtype == np.uint8
    assert np.array_equal(mean, np.floor(images.mean(axis=0) + 0.5))
    with Image.open(dataset.folder / "mean.jpg") as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (8, 6), "RGB")
        assert np.abs(np.asarray(picture).astype(int) - mean).mean() < 12


def test_the_json_of_the_contract(data: Path, make: Make) -> None:
    dataset = make(form(save_categories(data / "set", {"a": 46, "b": 46, "c": 1}), backend="hdf5", compression="gzip"))
    task = {"backend": "hdf5", "encoding": "none", "compression": "gzip"} | {
        **{"image_width": 8, "image_height": 6, "image_channels": 3}
    }
    found = describe(dataset)
    assert json.loads(json.dumps(found)) == found == {
        "ParseFolderTasks": [
            {"name": "Parse Folder (train/val)", "label_count": 2, "train_count": 70, "val_count": 22, "test_count": 0}
        ],
        "CreateDbTasks": [
            {"name": "Create DB (train)", "entries": 70, **task},
            {"name": "Create DB (val)", "entries": 22, **task},
        ],
        "resize_mode": "squash",
    }  # fmt: skip


def test_before_anything_is_done_all_tasks_are_listed(data: Path, places: Places) -> None:
    save_categories(data / "set", {"a": 1})
    own = {"has_test_folder": "1", "folder_test": str(data / "set")}
    spec = parse_classification_form({"dataset_name": "n", **form(data / "set", **own)}, {}, places)
    plan_classification(spec).save(data)
    dataset = TrainingDataset(data)
    found, unknown = describe(dataset), dict.fromkeys(("label_count", "train_count", "val_count", "test_count"))
    names = ["Parse Folder (train/val)", "Parse Folder (test)"]
    assert found["ParseFolderTasks"] == [{"name": name, **unknown} for name in names]
    assert [(task["name"], task["entries"]) for task in found["CreateDbTasks"]] == [
        (f"Create DB ({name})", None) for name in ("train", "val", "test")
    ]
    sets = statistics(dataset, "/files/x/mean.jpg")
    assert sets["labels"] is None and sets["sets"][0]["mean_image"] is None
    with pytest.raises(BadInput, match="finished"):
        explore(dataset)


def test_folders_of_their_own(data: Path, make: Make) -> None:
    train = save_categories(data / "train", {"a": 8, "b": 8})
    val = save_categories(data / "val", {"b": 3, "a": 2, "x": 5})
    test = save_categories(data / "test", {"b": 3, "a": 2})
    extra = {"has_val_folder": "1", "folder_val": str(val), "has_test_folder": "1", "folder_test": str(test)}
    dataset = make(form(train, **extra))
    tasks = describe(dataset)["ParseFolderTasks"]
    assert [task["name"] for task in tasks] == [f"Parse Folder ({name})" for name in ("train", "val", "test")]
    assert [task[f"{name}_count"] for task, name in zip(tasks, ("train", "val", "test"), strict=True)] == [16, 5, 5]
    assert {label for path, label in lines(dataset, "val") if "/b/" in path} == {1}
    assert len(dataset.records("val")) == 5


def test_images_that_cannot_be_read_are_counted(data: Path, make: Make) -> None:
    root = save_categories(data / "set", {"a": 10, "b": 10})
    for name in ("b/bad0.png", "b/bad1.png", "a/bad.jpg"):
        (root / name).write_bytes(b"nothing")
    dataset = make(form(root, folder_pct_val="0"))
    (found,) = statistics(dataset, "/files/x/mean.jpg")["sets"]
    assert found == {
        **{"db": "train", "task": "Create DB (train)", "entries": 20, "failed": 3, "mean_image": "/files/x/mean.jpg"},
        "classes": [
            {"index": 0, "label": "a", "count": 10, "error_count": 1},
            {"index": 1, "label": "b", "count": 10, "error_count": 2},
        ],
    }
    assert describe(dataset)["CreateDbTasks"][0]["entries"] == 20
    log = (dataset.folder / "create_train_db.log").read_text()
    assert log.count("left out") == 3 and "bad1.png" in log


def test_nothing_that_can_be_read_is_an_error(data: Path, make: Make) -> None:
    for name in ("a/0.png", "a/1.png", "b/0.png", "b/1.png"):
        (data / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (data / "set" / name).write_bytes(b"x")
    with pytest.raises(NoReadableImage, match="None of the"):
        make(form(data / "set"))


def test_the_seed_decides_on_every_byte(data: Path, make: Make) -> None:
    root = save_categories(data / "set", {"a": 20, "b": 20})
    options = {"resize_mode": "fill", "resize_width": "9", "resize_height": "20"}
    made = [make({**form(root), **options}, name=f"job{n}", seed=seed) for n, seed in enumerate((1, 1, 2))]
    names = ("train.txt", "val.txt", "mean.npy", "train_db/features/records.bin", "val_db/features/index.bin")
    first, again, other = ([(each.folder / name).read_bytes() for name in names] for each in made)
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))


def text_form(root: Path, **more: str) -> tuple[dict[str, str], dict[str, Path]]:
    images = sorted(root.rglob("*.png"))
    (root / "list").write_text("".join(f"{path.relative_to(root)} {'b' in path.parts}\n" for path in images)
                               .replace("True", "1").replace("False", "0"))  # fmt: skip
    (root / "labels").write_text("first\nsecond\n")
    uploads = {"textfile_train_images": root / "list", "textfile_labels_file": root / "labels"}
    return {**SMALL, "method": "textfile", "textfile_train_folder": str(root), **more}, uploads


@pytest.mark.parametrize("shuffle", ["0", "1"])
def test_text_files(data: Path, make: Make, shuffle: str) -> None:
    root = save_categories(data / "set", {"a": 6, "b": 7})
    (root / "more").write_text(f"{root}/a/000.png 1\n{root}/gone.png 0\n/etc/passwd 1\nhttp://127.0.0.1/x.png 1\n")
    fields, uploads = text_form(root, textfile_shuffle=shuffle, textfile_use_val="1")
    dataset = make(fields, uploads={**uploads, "textfile_val_images": root / "more"})
    assert describe(dataset)["ParseFolderTasks"] == []
    assert dataset.labels == ["first", "second"]
    assert (dataset.records("train").rows["line"].tolist() == list(range(13))) == (shuffle == "0")
    assert np.array_equal(dataset.records("val")[0], reference(f"{root}/a/000.png"))
    val = statistics(dataset)["sets"][1]
    assert (val["entries"], val["failed"]) == (1, 3)
    assert [(each["count"], each["error_count"]) for each in val["classes"]] == [(1, 2), (0, 1)]


def test_lists_of_a_dataset_can_be_handed_back(data: Path, make: Make) -> None:
    first = make(form(save_categories(data / "set", {"a": 6, "b": 7})))
    where = Places([data, first.folder.parent])
    fields = {**SMALL, "method": "textfile", "textfile_use_local_files": "1"}
    fields |= {f"textfile_local_{name}": str(first.folder / file) for name, file in
               (("train_images", "val.txt"), ("labels_file", "labels.txt"))}  # fmt: skip
    again = make(fields, name="again", where=where)
    assert lines(again, "train") == lines(first, "val")


class Aborting:
    """Ends the work after so many calls for a stage."""

    def __init__(self, stage: str, after: int) -> None:
        self.stage, self.left = stage, after

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == self.stage and done:
            self.left -= 1
            if self.left <= 0:
                raise JobAborted("The job was aborted.")


@pytest.fixture
def committing_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(entries, "GROUP", 4)
    monkeypatch.setattr("embedding_explorer.datasets.progress.EVERY", 0.0)


@pytest.mark.usefixtures("committing_always")
@pytest.mark.parametrize("stage", ["Parse Folder (train/val)", "Create DB (train)", "Create DB (val)"])
def test_what_was_aborted_goes_on_and_comes_out_the_same(data: Path, make: Make, stage: str) -> None:
    root = save_categories(data / "set", {"a": 25, "b": 25, "c": 10})
    (root / "a" / "bad.png").write_bytes(b"bad")
    with pytest.raises(JobAborted):
        make(form(root), report=Aborting(stage, 2))
    partial = TrainingDataset(data.parent / "jobs" / "job")
    found = describe(partial)["CreateDbTasks"]
    assert found[1]["entries"] is None
    if stage == "Create DB (train)":
        assert found[0]["entries"] is None
        assert 0 < statistics(partial)["sets"][0]["entries"] < 40
        with pytest.raises(BadInput, match="finished"):
            partial.records("train")
    resumed, whole = make(form(root)), make(form(root), name="whole")
    for path in sorted(whole.folder.rglob("*")):
        if path.is_file() and path.suffix != ".log":
            assert (resumed.folder / path.relative_to(whole.folder)).read_bytes() == path.read_bytes(), path
    assert not [path for path in resumed.folder.rglob("*.part")]


@pytest.mark.usefixtures("committing_always")
def test_going_on_does_not_make_again_what_is_there(data: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = save_categories(data / "set", {"a": 25, "b": 25})
    with pytest.raises(JobAborted):
        make(form(root), report=Aborting("Create DB (train)", 5))
    read, made = Places.read, []
    monkeypatch.setattr(Places, "read", lambda self, name, limits: made.append(name) or read(self, name, limits))
    make(form(root))
    assert 20 <= len(made) <= 50 - 4 * 4


@pytest.mark.usefixtures("committing_always")
def test_a_damaged_or_other_beginning_is_begun_anew(data: Path, make: Make) -> None:
    root = save_categories(data / "set", {"a": 12, "b": 12})
    with pytest.raises(JobAborted):
        make(form(root), report=Aborting("Create DB (train)", 2))
    (data.parent / "jobs" / "job" / "train_db" / "features" / DATA).write_bytes(b"")
    assert len(make(form(root)).records("train")) == 18
    assert make(form(root, resize_width="9")).records("train").shape(0) == (6, 9, 3)


def test_pages(data: Path, make: Make) -> None:
    dataset = make(form(save_categories(data / "set", {"a": 30, "b": 10}), folder_pct_val="10"))
    records = dataset.records("train")
    page = explore(dataset, "train_db", 1, 10)
    assert (page.total, page.pages, page.labels, [each.index for each in page.images]) == (
        *(36, [0, 1, 2, 3], ["a", "b"], list(range(10, 20))),
    )
    for each in page.images:
        assert each.label_index == records.rows["label"][each.index]
        assert each.label == "ab"[each.label_index]
        assert np.array_equal(np.asarray(Image.open(BytesIO(each.png))), records[each.index])
    only = explore(dataset, "train", size=500, label=1)
    assert only.total == len(only.images) == 9
    assert {each.label for each in only.images} == {"b"}
    assert explore(dataset, "val").total == 4
    found = page.to_json()
    assert set(found) == {"db", "page", "size", "label", "total_entries", "pages", "labels", "images"}
    assert found["images"][0]["image"].startswith("data:image/png;base64,iVBOR")
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("encoding", ["none", "jpg"])
@pytest.mark.parametrize("channels", ["1", "3"])
def test_pages_are_png_whatever_is_stored(data: Path, make: Make, encoding: str, channels: str) -> None:
    root = save_categories(data / "set", {"a": 4, "b": 4})
    dataset = make(form(root, encoding=encoding, resize_channels=channels))
    assert all(each.png.startswith(b"\x89PNG") for each in explore(dataset).images)


def test_pages_beyond_and_sets_that_are_not_there(data: Path, make: Make) -> None:
    dataset = make(form(save_categories(data / "set", {"a": 4, "b": 4}), folder_pct_val="0"))
    assert (explore(dataset, page=9).images, explore(dataset, page=9).pages) == ([], [])
    assert explore(dataset, page=3, size=1).pages == list(range(8))
    assert explore(dataset, page=-5, size=0).size == 1
    assert explore(dataset, page=10**30, size=10**9, label=99).total == 0
    for db in ("val", "nonsense", ""):
        with pytest.raises(BadInput):
            explore(dataset, db)
    with pytest.raises(NotFound):
        TrainingDataset(data)
    assert [label_filter(text) for text in ("7", "x", "", None, "-1", "9" * 20)] == [7, None, None, None, None, None]


def test_batches_for_the_training(data: Path, make: Make) -> None:
    root = save_categories(data / "set", {"a": 6, "b": 6})
    for encoding in ("none", "png"):
        dataset = make(form(root, encoding=encoding), name=encoding)
        source, records = dataset.source("train"), dataset.records("train")
        assert (source.shape, len(source), source.labels) == ((3, 6, 8), 10, ["a", "b"])
        pixels, classes = source.batch(np.array([7, 0, 7]))
        assert (pixels.dtype, pixels.shape, classes.dtype) == (np.uint8, (3, 6, 8, 3), np.int64)
        assert np.array_equal(pixels[0], records[7]) and np.array_equal(pixels[2], records[7])
        assert classes.tolist() == [records.rows["label"][n] for n in (7, 0, 7)]
        source.close()


def test_pictures_of_one_class_may_be_missing_from_the_disk_later(data: Path, make: Make) -> None:
    """Nothing of a finished dataset is read from the originals."""
    root = save_categories(data / "set", {"a": 4, "b": 4})
    dataset = make(form(root))
    for path in root.rglob("*.png"):
        path.unlink()
    assert len(explore(dataset).images) == 6


def test_a_full_disk_is_named(data: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = save_categories(data / "set", {"a": 4, "b": 4})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(StorageFull, match="train_db"):
        patch.setattr(RecordWriter, "append", full)
        make(form(root))
    assert len(make(form(root)).records("train")) == 6
