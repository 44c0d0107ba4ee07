import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.export import FORMATS, arrow_stream, cut_tiles, export, export_selection, member_name
from embedding_explorer.errors import BadInput, UnknownReducer

from .conftest import MakeDataset, points

FILES = ["plain.png", "a,b.png", "../../etc/passwd", "/root.png", "plain.png", "c:\\x\\y.png", "ü 日.png", ".."]


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    features = np.random.default_rng(5).normal(size=(1003, 6)).astype(np.float16)
    files = FILES + [f"{n}.png" for n in range(len(FILES), 1003)]
    return make_dataset(total=1003, features=features, files=files, labels=["cat", "", "dog"] * 334 + ["cat"])


def coordinates() -> np.ndarray:
    return np.hstack([points(1003, 0), points(1003, 1)])


def test_csv_has_a_row_for_each_image_and_gives_the_coordinates_back(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_explorer.datasets.export.CHUNK", 400)
    export(dataset, "csv", tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").open(newline="", encoding="utf-8")))
    assert list(rows[0]) == [
        *("index", "file", "label", "range", "position", "width", "height"),
        *("pca_x", "pca_y", "pca_z", "umap_x", "umap_y", "umap_z"),
    ]
    assert [row["file"] for row in rows[:8]] == FILES
    assert [rows[1002][name] for name in ("index", "label", "range", "position", "width")] == [
        *("1002", "cat", "001", "2", "40")
    ]
    values = np.array([list(row.values())[7:] for row in rows], dtype=np.float32)
    np.testing.assert_array_equal(values, coordinates())


def test_parquet_has_typed_columns_and_nulls_where_nothing_is_known(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyarrow import parquet

    monkeypatch.setattr("embedding_explorer.datasets.export.CHUNK", 400)
    export(dataset, "parquet", tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.num_rows == 1003
    assert table.column("file").to_pylist()[:8] == FILES
    assert table.column("label").to_pylist()[:3] == ["cat", None, "dog"]
    assert table.slice(1002).select(["index", "range", "position", "width", "height"]).to_pylist() == [
        {"index": 1002, "range": "001", "position": 2, "width": 40, "height": 30}
    ]
    found = np.stack([table.column(name).to_numpy() for name in table.column_names[7:]], axis=1)
    np.testing.assert_array_equal(found, coordinates())


def test_npz_has_features_and_reductions_as_they_are(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, "npz", tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as arrays:
        assert sorted(arrays) == ["features", "pca", "umap"]
        np.testing.assert_array_equal(arrays["features"], dataset.features())
        np.testing.assert_array_equal(arrays["umap"], points(1003, 1))


def test_npz_of_a_dataset_without_features_has_the_reductions(make_dataset: MakeDataset, tmp_path: Path) -> None:
    export(make_dataset(), "npz", tmp_path / "any name")
    with np.load(tmp_path / "any name") as arrays:
        assert sorted(arrays) == ["pca", "umap"]


def test_zip_has_the_tiles_where_no_originals_were_kept(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, "zip", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.read("images.csv") == (dataset.folder / "images.csv").read_bytes()
        names = archive.namelist()[1:]
        assert len(names) == 1003
        for index in (12, 130, 1002):
            tile = Image.open(io.BytesIO(archive.read(names[index])))
            assert tile.size == (48, 48)
            shade = index % 1000 % 256
            assert abs(np.asarray(tile).mean() - shade) < 3, "a tile is the one of its own cell"


def test_zip_has_the_originals_where_they_were_kept(make_dataset: MakeDataset, tmp_path: Path) -> None:
    originals = [f"\xff\xd8\xffpicture {n}".encode("latin-1") for n in range(12)]
    export(make_dataset(originals=originals), "zip", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert [archive.read(f"images/p{n:04d}.png") for n in range(12)] == originals


WANTED = np.array([3, 999, 1000, 1002])


def test_a_selection_has_only_its_images_under_their_numbers(dataset: Dataset, tmp_path: Path) -> None:
    from pyarrow import parquet

    whole, some = tmp_path / "whole.csv", tmp_path / "some.csv"
    export(dataset, "csv", whole)
    export_selection(dataset, "csv", some, WANTED)
    lines = whole.read_text().splitlines()
    assert some.read_text().splitlines() == [lines[0], *(lines[n + 1] for n in WANTED)]
    export_selection(dataset, "parquet", tmp_path / "a.parquet", WANTED)
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.column("index").to_pylist() == WANTED.tolist()
    np.testing.assert_array_equal(table.column("umap_z").to_numpy(), points(1003, 1)[WANTED, 2])


def test_a_zip_of_a_selection_has_its_table_and_only_its_tiles(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[int] = []

    def counted(path: Path, positions: list[int]) -> Iterator[bytes]:
        cut.extend(positions)
        return cut_tiles(path, positions)

    monkeypatch.setattr("embedding_explorer.datasets.export.cut_tiles", counted)
    export_selection(dataset, "zip", tmp_path / "a.zip", WANTED)
    assert cut == [3, 999, 0, 2], "an export of a few images does not cut all of their ranges"
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("images.csv").decode())))
        assert [int(row["index"]) for row in rows] == WANTED.tolist()
        shades = [np.asarray(Image.open(io.BytesIO(archive.read(name)))).mean() for name in archive.namelist()[1:]]
    np.testing.assert_allclose(shades, WANTED % 1000 % 256, atol=3)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a.zip"]


def test_a_selection_has_fewer_formats(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Available: csv, parquet, zip"):
        export_selection(dataset, "npz", tmp_path / "a", WANTED)


def test_names_in_the_zip_stay_inside_and_are_unique(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, "zip", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
    assert len({name.lower() for name in names}) == len(names)
    for name in names[1:]:
        assert (tmp_path / name).resolve().is_relative_to(tmp_path / "images")
        assert not set(name) & set('\\:*?"<>|')


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("cat/1.png", "cat/1.jpg"),
        ("../../etc/passwd", "etc/passwd.jpg"),
        ("c:\\x\\y.png", "c_/x/y.jpg"),
        ("", "000007.jpg"),
        ("../..", "000007.jpg"),
        ("...", "....jpg"),
        ("a\nb", "a_b.jpg"),
    ],
)
def test_a_name_for_a_tile(file: str, expected: str) -> None:
    assert member_name(file, 7, set(), ".jpg") == expected


def test_names_that_only_differ_in_case_are_told_apart() -> None:
    seen: set[str] = set()
    names = [member_name(file, n, seen) for n, file in enumerate(["a.png", "A.png", "000001-a.PNG", "a.png"])]
    assert len({name.lower() for name in names}) == 4


def test_an_unknown_format_is_answered_with_the_known_ones(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="csv, parquet, npz, zip"):
        export(dataset, "pickle", tmp_path / "a")
    assert list(FORMATS) == ["csv", "parquet", "npz", "zip"]


def test_the_arrow_stream_has_the_slice_with_its_images(dataset: Dataset) -> None:
    import pyarrow as pa

    table = pa.ipc.open_stream(arrow_stream(dataset, "umap", 998, 1003)).read_all()
    assert table.column_names == ["x", "y", "z", "range", "position", "file", "label"]
    assert [str(kind) for kind in table.schema.types] == [*["float"] * 3, "string", "int32", "string", "string"]
    np.testing.assert_array_equal(np.stack([table.column(axis) for axis in "xyz"], axis=1), points(1003, 1)[998:])
    assert table.column("range").to_pylist() == ["000", "000", "001", "001", "001"]
    assert table.column("position").to_pylist() == [998, 999, 0, 1, 2]
    assert table.column("file").to_pylist() == [f"{n}.png" for n in range(998, 1003)]
    assert table.column("label").to_pylist() == ["dog", "cat", None, "dog", "cat"]


def test_the_arrow_stream_of_an_unknown_reducer_is_refused(dataset: Dataset) -> None:
    with pytest.raises(UnknownReducer):
        arrow_stream(dataset, "tsne", 0, 3)
