import io

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.datasets.dataset import image_path
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.errors import (
    Conflict,
    DatasetNotFound,
    ImageNotFound,
    NoFeatures,
    RangeNotFound,
    UnknownReducer,
)

from .conftest import MakeDataset, hex_id, points


def a_picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), (1, 2, 3)).save(buffer, kind)
    return buffer.getvalue()


def test_reductions_are_mapped_not_loaded(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    found = dataset.reduction("umap")
    assert isinstance(found.base, np.memmap)
    assert not found.flags.writeable
    np.testing.assert_array_equal(found, points(12, 1))


@pytest.mark.parametrize("wrong", ["tsne", "", "PCA", "../features", "pca.npz"])
def test_an_unknown_reducer_is_answered_in_the_words_of_the_contract(make_dataset: MakeDataset, wrong: str) -> None:
    with pytest.raises(UnknownReducer) as caught:
        make_dataset().reduction(wrong)
    assert caught.value.message == "Invalid reducing method. Available: pca, umap"


@pytest.mark.parametrize(
    ("array", "cause"),
    [
        (np.zeros((11, 3), np.float32), r"\(11, 3\)"),
        (np.zeros((12, 3)), "float64"),
        (np.array([[None] * 3] * 12), "no array"),
    ],
)
def test_a_damaged_reduction_is_named(make_dataset: MakeDataset, array: np.ndarray, cause: str) -> None:
    dataset = make_dataset()
    np.save(dataset.folder / "reductions" / "pca.npy", array, allow_pickle=True)
    with pytest.raises(Conflict, match=rf"{dataset.id}.*{cause}"):
        dataset.reduction("pca")


def test_a_missing_file_of_a_dataset_is_named(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    (dataset.folder / "images.csv").unlink()
    with pytest.raises(Conflict, match=r"images\.csv is missing"):
        _ = dataset.images


def test_a_dataset_deleted_meanwhile_is_not_found(make_dataset: MakeDataset, store: DatasetStore) -> None:
    dataset = make_dataset()
    store.delete(dataset.id)
    for read in (lambda: dataset.images, lambda: dataset.reduction("pca")):
        with pytest.raises(DatasetNotFound):
            read()


def test_features_are_mapped(make_dataset: MakeDataset) -> None:
    features = np.arange(60, dtype=np.float16).reshape(12, 5)
    np.testing.assert_array_equal(make_dataset(features=features).features(), features)


def test_without_features_the_message_says_how_to_get_them(make_dataset: MakeDataset) -> None:
    with pytest.raises(NoFeatures, match="Build it"):
        make_dataset(name="Faces").features()


@pytest.mark.parametrize("wrong", ["1", "002", "0000", "abc", "../000", "", "-01", "\u0660" * 3])
def test_only_ids_of_ranges_lead_to_tilemaps(make_dataset: MakeDataset, wrong: str) -> None:
    dataset = make_dataset(total=1003)
    assert dataset.tilemap_path("001").name == "tilemap-001.jpg"
    with pytest.raises(RangeNotFound, match=r"Valid ranges: 000 to 001\."):
        dataset.tilemap_path(wrong)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 0, (0, 1000, ["000"])),
        ("1", "1", (1000, 1003, ["001"])),
        (0, 1, (0, 1003, ["000", "001"])),
        ("000", "001", (0, 1003, ["000", "001"])),
    ],
)
def test_a_slice_is_whole_ranges(make_dataset: MakeDataset, start: int, end: int, expected: tuple) -> None:
    assert make_dataset(total=1003).slice(start, end) == expected


@pytest.mark.parametrize(
    ("start", "end"), [(1, 0), (0, 2), (-1, 0), ("a", 0), (0, "1.0"), ("", 0), (0, "9" * 5000), ("²", 0), (" 0", 0)]
)
def test_a_slice_beyond_the_ranges_names_the_valid_ones(make_dataset: MakeDataset, start: object, end: object) -> None:
    with pytest.raises(RangeNotFound, match=r"Valid ranges: 000 to 001\.") as caught:
        make_dataset(total=1003).slice(start, end)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_an_original_is_found_whatever_its_format(make_dataset: MakeDataset, kind: str) -> None:
    data = a_picture(kind)
    path = make_dataset(originals=[data] * 12).image(11)
    assert path is not None
    assert path.read_bytes() == data
    assert Image.open(path).format == kind
    assert Image.registered_extensions()[path.suffix] == kind


def test_without_originals_there_is_none(make_dataset: MakeDataset) -> None:
    assert make_dataset().image(3) is None


@pytest.mark.parametrize("wrong", [-1, 12, 10**30])
def test_a_number_without_an_image_is_not_found(make_dataset: MakeDataset, wrong: int) -> None:
    with pytest.raises(ImageNotFound, match="0 to 11"):
        make_dataset().image(wrong)


def test_an_originals_name_owes_nothing_to_the_user(make_dataset: MakeDataset) -> None:
    folder = make_dataset().folder
    assert image_path(folder, "002", 7, b"#!/bin/sh") == folder / "images" / "002" / "007"


def test_a_dataset_knows_its_id_size_and_reducers(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(5, total=7)
    assert (dataset.id, dataset.total, dataset.reducers) == (hex_id(5), 7, ["pca", "umap"])
