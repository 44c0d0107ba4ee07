from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadInput
from embedding_explorer.training.datasets import (
    Places,
    TrainingDataset,
    describe,
    explore,
    parse_generic_form,
    plan_generic,
    statistics,
)
from embedding_explorer.training.datasets.gradients import gradient_image
from tests.training.datasets.conftest import Make, save_picture


def drawn(gx: float, gy: float, width: int, height: int) -> list[list[int]]:
    """The formula of the contract, pixel by pixel."""
    return [
        [int(127.5 + gx * 255 / width * (x - width // 2) + gy * 255 / height * (y - height // 2)) for x in range(width)]
        for y in range(height)
    ]


def test_gradients_by_default(make: Make) -> None:
    dataset = make({}, extension="image-gradients")
    tasks = describe(dataset)["create_db_tasks"]
    assert [task["entry_count"] for task in tasks] == [1000, 250, 0]
    assert describe(dataset)["feature_dims"] == [32, 32, 1]
    assert tasks[0] == {
        **{"name": "Create train_db DB", "stage": "train_db", "entry_count": 1000},
        **{"feature_db_path": "train_db/features", "label_db_path": "train_db/labels"},
    }
    assert tasks[2]["feature_db_path"] is tasks[2]["label_db_path"] is None
    assert (dataset.folder / tasks[0]["feature_db_path"]).is_dir()
    features, labels = dataset.records("train"), dataset.records("train", "labels").array()
    assert labels is not None and (labels.dtype, labels.shape) == (np.float32, (1000, 1, 1, 2))
    for number in range(0, 1000, 97):
        gx, gy = map(float, labels[number].ravel())
        assert features[number][..., 0].tolist() == drawn(gx, gy, 32, 32)


def test_before_anything_is_done(places: Places, tmp_path: Path) -> None:
    plan_generic(parse_generic_form("image-gradients", {"dataset_name": "n"}, places)).save(tmp_path)
    found = describe(TrainingDataset(tmp_path))
    assert found["feature_dims"] is None
    assert [task["entry_count"] for task in found["create_db_tasks"]] == [0, 0, 0]
    assert {task["feature_db_path"] for task in found["create_db_tasks"]} == {None}


def test_slopes_are_uniform_and_independent(make: Make) -> None:
    labels = make({}, extension="image-gradients").records("train", "labels").array()
    assert labels is not None
    slopes = labels.reshape(1000, 2)
    assert slopes.min() >= -0.5 and slopes.max() < 0.5
    assert len(np.unique(slopes)) > 1990
    assert np.abs(slopes.mean(axis=0)).max() < 4 * np.sqrt(1 / 12 / 1000)
    assert np.abs(slopes.var(axis=0) - 1 / 12).max() < 0.01
    assert abs(np.corrcoef(slopes.T)[0, 1]) < 0.13


@pytest.mark.parametrize("size", [(32, 32), (7, 5), (1, 1), (4, 9)])
@pytest.mark.parametrize("slopes", [(0.5, 0.5), (-0.5, -0.5), (0.5, -0.5), (0.0, 0.0), (0.499, -0.123)])
def test_pictures_of_given_slopes(size: tuple[int, int], slopes: tuple[float, float]) -> None:
    assert gradient_image(*size, slopes)[..., 0].tolist() == drawn(*slopes, *size)


def test_sets_differ_and_the_seed_decides(make: Make) -> None:
    form = {"train_image_count": "20", "val_image_count": "20", "test_image_count": "5"}
    first, again, other = (
        make(form, extension="image-gradients", name=f"job{n}", seed=seed) for n, seed in enumerate((1, 1, 2))
    )
    values = [
        each.records(name, "labels").array() for each in (first, again, other) for name in ("train", "val", "test")
    ]
    assert np.array_equal(values[0], values[3])
    assert not np.array_equal(values[0], values[1]) and not np.array_equal(values[0], values[6])


def test_pages_and_batches_of_gradients(make: Make) -> None:
    dataset = make({"train_image_count": "30"}, extension="image-gradients")
    labels = dataset.records("train", "labels")
    page = explore(dataset, "train_db/features", size=10, label=0)
    assert (page.total, page.labels, page.label, page.images[3].label_index) == (30, None, None, None)
    assert page.images[3].label == labels[3].ravel().tolist()
    assert explore(dataset, "train_db/labels").images[0].png.startswith(b"\x89PNG")
    for db in ("test_db/features", "../train_db/features", "train_db"):
        with pytest.raises(BadInput):
            explore(dataset, db)
    source = dataset.source("train")
    assert (source.shape, source.labels) == ((1, 32, 32), None)
    pixels, targets = source.batch(np.array([5, 2]))
    assert (pixels.shape, targets.shape, targets.dtype) == ((2, 32, 32, 1), (2, 2), np.float32)
    assert statistics(dataset)["sets"][0]["classes"] == []
    assert (dataset.folder / "mean.jpg").is_file()


@pytest.fixture
def pairs(data: Path) -> Path:
    for number in range(23):
        save_picture(data / "in" / f"sub{number % 2}" / f"{number:02d}.png", number)
        save_picture(data / "out" / f"sub{number % 2}" / f"{number:02d}.bmp", 100 + number, mode="L")
    return data


def paired(data: Path, **more: str) -> dict[str, str]:
    return {"feature_folder": str(data / "in"), "label_folder": str(data / "out"), **more}


def test_a_set_without_pairs_is_none(pairs: Path, make: Make) -> None:
    dataset = make(paired(pairs, folder_pct_val="0"), extension="image-processing")
    assert [each["db"] for each in statistics(dataset)["sets"]] == ["train"]
    assert [task["entry_count"] for task in describe(dataset)["create_db_tasks"]] == [23, 0, 0]
    with pytest.raises(BadInput, match="choose one of train\\."):
        explore(dataset, "val_db/features")


def test_pairs(pairs: Path, make: Make) -> None:
    dataset = make(paired(pairs), extension="image-processing")
    found = describe(dataset)
    assert [task["entry_count"] for task in found["create_db_tasks"]] == [21, 2, 0]
    assert found["feature_dims"] == [10, 12, 3]
    inputs = {np.asarray(Image.open(path)).tobytes(): path.stem for path in (pairs / "in").rglob("*.png")}
    outputs = {np.asarray(Image.open(path)).tobytes(): path.stem for path in (pairs / "out").rglob("*.bmp")}
    stems = []
    for name in ("train", "val"):
        features, labels = dataset.records(name), dataset.records(name, "labels")
        for number in range(len(features)):
            stems.append(inputs[features[number].tobytes()])
            assert outputs[labels[number].tobytes()] == stems[-1]
    assert sorted(stems) == [f"{number:02d}" for number in range(23)]
    assert stems != sorted(stems)
    _, targets = dataset.source("train").batch(np.array([0]))
    assert (targets.shape, targets.dtype) == ((1, 1, 10, 12), np.float32)
    assert explore(dataset, "val_db/features").images[0].label is None


def test_channels_and_folders_for_validation(pairs: Path, make: Make) -> None:
    own = {"has_val_folder": "1"} | {f"validation_{key}": value for key, value in paired(pairs).items()}
    dataset = make(paired(pairs, channel_conversion="L", **own), extension="image-processing")
    assert [task["entry_count"] for task in describe(dataset)["create_db_tasks"]] == [23, 23, 0]
    assert describe(dataset)["feature_dims"] == [10, 12, 1]


def test_files_that_do_not_pair(pairs: Path, make: Make) -> None:
    (pairs / "out" / "sub0" / "00.bmp").rename(pairs / "out" / "sub0" / "0x.bmp")
    with pytest.raises(BadInput, match="do not pair"):
        make(paired(pairs), extension="image-processing")
    (pairs / "out" / "sub0" / "0x.bmp").unlink()
    with pytest.raises(BadInput, match=r"23 images and .* 22"):
        make(paired(pairs), extension="image-processing")


def test_shapes_that_differ(pairs: Path, make: Make) -> None:
    save_picture(pairs / "in" / "sub0" / "00.png", 7, (5, 5))
    with pytest.raises(BadInput, match="dsopts_force_same_shape=0"):
        make(paired(pairs, folder_pct_val="0"), extension="image-processing", name="strict")
    dataset = make(paired(pairs, dsopts_force_same_shape="0", folder_pct_val="0"), extension="image-processing")
    assert {dataset.records("train").shape(n) for n in range(23)} == {(5, 5, 3), (10, 12, 3)}
    assert dataset.mean is None
    with pytest.raises(BadInput, match="one size"):
        dataset.source("train")
