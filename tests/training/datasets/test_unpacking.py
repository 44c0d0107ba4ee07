"""The method `archive`: a file with class folders, unpacked into the job's own folder."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadArchive, BadInput, InvalidFields, LimitExceeded
from embedding_explorer.training.datasets import (
    Bounds,
    Places,
    TrainingDataset,
    describe,
    explore,
    parse_classification_form,
    plan_classification,
)
from embedding_explorer.training.datasets.spec import Archive
from embedding_explorer.training.datasets.splits import Shares
from embedding_explorer.training.datasets.unpacking import UNPACKED, category_root, unpack
from tests.images.archives import ARCHIVES, write_tar, write_zip
from tests.training.datasets.conftest import Make

FORM = {"method": "archive", "dataset_name": "n", "resize_width": "4", "resize_height": "4"}


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def classes(prefix: str = "", count: int = 8) -> list[tuple[str, bytes]]:
    names = [f"{prefix}{name}/{index}.png" for name in ("big_cat", "dog") for index in range(count)]
    return [(name, png(number)) for number, name in enumerate(names)]


def unpacked(tmp_path: Path, archive: Path, bounds: Bounds | None = None) -> tuple[Path, list[str]]:
    told: list[str] = []
    unpack(archive, tmp_path / UNPACKED, bounds or Bounds(), told.append, lambda *_: None)
    return tmp_path / UNPACKED, told


@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize("prefix", ["", "all of them/"])
def test_an_archive_of_any_kind_becomes_a_dataset(tmp_path: Path, make: Make, kind: str, prefix: str) -> None:
    extension, write = ARCHIVES[kind]
    archive = write(tmp_path / f"a.{extension}", classes(prefix))
    dataset = make({**FORM, "folder_pct_val": "25"}, uploads={"archive": archive})
    assert dataset.labels == ["big cat", "dog"]
    task = {"name": "Parse Folder (train/val)", "label_count": 2, "train_count": 12, "val_count": 4, "test_count": 0}
    assert describe(dataset)["ParseFolderTasks"] == [task]
    listed = [line.rsplit(" ", 1)[0] for name in ("train", "val") for line in lines(dataset, name)]
    assert sorted(Path(path).read_bytes() for path in listed) == sorted(content for _, content in classes())


def test_a_dataset_can_be_gone_on_with_up_to_its_very_end(tmp_path: Path, make: Make) -> None:
    """A kill may come after the last file and before the server knows that it is done."""
    archive = write_zip(tmp_path / "a.zip", classes())
    first, again = (make(FORM, uploads={"archive": archive}) for _ in range(2))
    assert again.folder == first.folder and again.labels == ["big cat", "dog"]


def lines(dataset: TrainingDataset, name: str) -> list[str]:
    return (dataset.folder / f"{name}.txt").read_text().splitlines()


def test_what_is_explored_says_its_line_of_the_list(tmp_path: Path, make: Make) -> None:
    dataset = make({**FORM, "encoding": "png"}, uploads={"archive": write_zip(tmp_path / "a.zip", classes())})
    listed = lines(dataset, "val")
    for image in explore(dataset, "val").to_json()["images"]:
        path, label = listed[image["line"]].rsplit(" ", 1)
        assert int(label) == image["label_index"] and ("dog" in path) == (image["label"] == "dog")


def test_the_form(tmp_path: Path, places: Places) -> None:
    archive = write_zip(tmp_path / "a.zip", classes())
    form = {**FORM, "folder_pct_val": "10", "folder_pct_test": "5", "folder_train_min_per_class": "3"}
    spec = parse_classification_form(form, {"archive": archive}, places)
    assert isinstance(spec.source, Archive)
    assert (spec.source.file, spec.source.shares, spec.source.per_class.least) == (archive, Shares(10, 5), 3)
    plan = plan_classification(spec)
    assert (plan.parse, plan.sets) == (("Parse Folder (train/val/test)",), ("train", "val", "test"))


def test_the_form_refuses_at_once_what_is_no_archive(tmp_path: Path, places: Places) -> None:
    picture = tmp_path / "a.zip"
    picture.write_bytes(png(1))
    for uploads in ({}, {"archive": picture}):
        with pytest.raises(InvalidFields) as caught:
            parse_classification_form(FORM, uploads, places)
        assert list(caught.value.fields) == ["archive"]


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    bad = [("../out.png", png(1)), ("/abs/out.png", png(2)), ("a/../../out.png", png(3)), ("C:/b/out.png", png(4))]
    folder, told = unpacked(tmp_path, write_zip(tmp_path / "a.zip", [*bad, *classes()]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", UNPACKED]
    assert len([line for line in told if "unsafe name" in line]) == len(bad)
    assert len(list(folder.rglob("*.png"))) == 16


def test_links_are_not_followed(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar", classes())
    with tarfile.open(archive, "a") as file:
        link = tarfile.TarInfo("dog/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    folder, _ = unpacked(tmp_path, archive)
    assert not (folder / "dog" / "link.png").is_symlink() and len(list(folder.rglob("*.png"))) == 16


def test_other_files_are_passed_over_and_told(tmp_path: Path) -> None:
    files = [*classes(), ("dog/notes.txt", b"x"), ("dog/0.png/inner.png", png(5)), (f"dog/{'n' * 300}.png", png(6))]
    folder, told = unpacked(tmp_path, write_zip(tmp_path / "a.zip", files))
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 16
    assert [any(part in line for line in told) for part in ("notes.txt", "inner.png", "too long")] == [True] * 3


def test_bounds(tmp_path: Path) -> None:
    for bounds in (Bounds(max_entries=3), Bounds(max_unpacked_bytes=100)):
        with pytest.raises(LimitExceeded):
            unpacked(tmp_path, write_zip(tmp_path / "a.zip", classes()), bounds)
        assert not (tmp_path / UNPACKED).exists()


def test_what_cannot_become_classes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="folder of its own"):
        unpacked(tmp_path, write_zip(tmp_path / "flat.zip", [("a.png", png(1))]))
    damaged = write_zip(tmp_path / "a.zip", classes())
    damaged.write_bytes(damaged.read_bytes()[:-60])
    with pytest.raises(BadArchive):
        unpacked(tmp_path, damaged)
    folder, _ = unpacked(tmp_path, write_zip(tmp_path / "b.zip", [*classes("train/"), *classes("test/")]))
    with pytest.raises(BadInput, match="train"):
        category_root(folder)
