"""Maps of trained models as the worker makes them: series, single maps, snapshots wherever a network is named."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_explorer.datasets.columns import column
from embedding_explorer.datasets.dataset import Dataset
from embedding_explorer.datasets.placing import made_by, placer
from embedding_explorer.errors import BadInput, Conflict, UnknownNetwork
from embedding_explorer.jobs.context import Context
from embedding_explorer.jobs.map_tasks import training_map
from embedding_explorer.jobs.series import series_of
from embedding_explorer.jobs.snapshot_networks import check_snapshot, resolved
from embedding_explorer.jobs.tasks import build, look_up
from tests.conftest import encoded, zip_of
from tests.training.trained import CLASSES, DATASET, MODEL, Trained, make_series, make_trained, picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return make_trained(tmp_path_factory.mktemp("maps") / "data")


@pytest.fixture(scope="module")
def result(trained: Trained) -> dict[str, Any]:
    return make_series(trained)


@pytest.fixture
def context(trained: Trained) -> Context:
    return Context(trained.settings)


@pytest.fixture
def maps(context: Context, result: dict[str, Any]) -> list[Dataset]:
    return [context.store.get(each["dataset"]) for each in result["maps"]]


def single(context: Context, **options: Any) -> Dataset:
    """A map of the validation set."""
    network = {"network": options.pop("network", f"{MODEL}@2"), "layer": None, "pooling": None}
    staging = context.settings.data / "staging" / "single"
    asked: dict[str, Any] = {
        "dataset": DATASET,
        "set": "val",
        "limit": 100,
        "align": None,
        "name": "one",
        "keep_images": True,
    }
    outcome = training_map(context, lambda *_: None, network=network, staging=str(staging), **(asked | options))
    return context.store.get(outcome["dataset"])


def moved(a: Dataset, b: Dataset, reducer: str = "umap") -> float:
    """How far images are on one map from where they are on the other, in parts of its extent."""
    one, other = a.reduction(reducer), b.reduction(reducer)
    return float(np.linalg.norm(one - other, axis=1).mean() / np.linalg.norm(one - one.mean(0), axis=1).mean())


def test_each_epoch_has_a_map_of_the_same_pictures(maps: list[Dataset], result: dict[str, Any]) -> None:
    assert [each["epoch"] for each in result["maps"]] == [1, 2, 3] and result["total"] == 90
    assert len({each.id for each in maps}) == 3
    for each in maps:
        assert list(each.images) == list(maps[0].images)
        assert each.manifest.source["model"] == MODEL and each.manifest.network["registered"]["model"] == MODEL  # type: ignore[index]
    assert [each.manifest.source["epoch"] for each in maps] == ["1", "2", "3"]


def test_labels_and_sets_are_columns(maps: list[Dataset], trained: Trained) -> None:
    labels, sets = column(maps[0], "label"), column(maps[0], "set")
    assert sorted(labels.names) == sorted(CLASSES)
    assert sets.names == ["train", "val"]
    counts = np.bincount(sets.values).tolist()
    assert counts == [len(trained.dataset.records("train")), len(trained.dataset.records("val"))]
    assert maps[0].images.file[0].split("/")[0] == maps[0].images.label(0)


def test_features_are_those_of_each_epoch_alone(context: Context, maps: list[Dataset]) -> None:
    alone = single(context, set="all", network=f"{MODEL}@3")
    assert alone.id != maps[2].id  # which is aligned
    np.testing.assert_array_equal(alone.features(), maps[2].features())
    assert single(context, set="all", network=f"{MODEL}@1").id == maps[0].id


def test_maps_are_like_those_before_them(context: Context, maps: list[Dataset]) -> None:
    alone = single(context, set="all", network=f"{MODEL}@3")
    for reducer in ("pca", "umap"):
        assert moved(maps[1], maps[2], reducer) < moved(maps[1], alone, reducer)
        assert maps[2].manifest.reducers[reducer]["aligned_to"] == maps[1].id
    assert maps[2].manifest.reducers["umap"]["init"] == "given"
    assert "aligned_to" not in maps[0].manifest.reducers["umap"]


def test_pictures_and_tilemaps_are_kept_once(maps: list[Dataset]) -> None:
    for name in ("tilemaps/tilemap-000.jpg", "images/000/000.png"):
        assert len({(each.folder / name).stat().st_ino for each in maps}) == 1


def test_the_series_is_listed_without_what_was_deleted(trained: Trained, context: Context, maps: list[Dataset]) -> None:
    found = series_of(MODEL, context.store)
    assert [each.complete for each in found] == [True]
    assert [dataset for _, dataset in found[0].maps] == [each.id for each in maps]
    again = make_series(trained)
    assert [each["dataset"] for each in again["maps"]] == [each.id for each in maps]
    (path,) = (context.settings.data / "series" / MODEL).iterdir()
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"maps": [[1.0, "0" * 32], *values["maps"][1:]]}))
    assert [epoch for epoch, _ in series_of(MODEL, context.store)[0].maps] == [2, 3]
    path.write_text("{")
    assert series_of(MODEL, context.store) == []
    path.write_text(json.dumps(values))


def test_new_pictures_find_their_place_on_a_turned_map(context: Context, maps: list[Dataset], tmp_path: Path) -> None:
    row = next(n for n in range(90) if maps[2].images.label(n) == "stripes")
    original = maps[2].image(row)
    assert original is not None
    found = look_up(context, lambda *_: None, dataset=maps[2].id, image=str(original))
    np.testing.assert_allclose(found["features"], maps[2].features()[row], atol=2e-3, rtol=2e-3)
    for reducer in ("pca", "umap"):
        extent = np.ptp(maps[2].reduction(reducer), axis=0).max()
        assert np.linalg.norm(found["coordinates"][reducer] - maps[2].reduction(reducer)[row]) < 0.1 * extent
    placed = placer(maps[2], "pca")(maps[2].features())
    np.testing.assert_allclose(placed, maps[2].reduction("pca"), atol=1e-2 * float(np.ptp(placed)))


def test_a_map_is_aligned_to_another_of_the_same_pictures(context: Context, maps: list[Dataset]) -> None:
    aligned = single(context, align=maps[2].id)
    assert aligned.manifest.reducers["pca"]["aligned_images"] == aligned.total == 27
    rows = [list(maps[2].images.file).index(file) for file in aligned.images.file]
    near = np.linalg.norm(aligned.reduction("umap") - maps[2].reduction("umap")[rows], axis=1).mean()
    free = np.linalg.norm(single(context).reduction("umap") - maps[2].reduction("umap")[rows], axis=1).mean()
    assert near < free


def test_other_pictures_cannot_be_aligned_to(
    context: Context, trained: Trained, maps: list[Dataset], tmp_path: Path
) -> None:
    other = upload(context, tmp_path, network=f"{MODEL}@1")
    with pytest.raises(Conflict, match="cannot be aligned"):
        single(context, align=other.id)


def upload(context: Context, folder: Path, network: str) -> Dataset:
    """An archive of other pictures, as POST /dataset builds it."""
    archive = folder / "some.zip"
    archive.write_bytes(zip_of({f"x{n}.png": encoded(picture(n % 3, 1000 + n, side=33)) for n in range(9)}))
    chosen = {"network": network, "layer": None, "pooling": None}
    made = build(context, lambda *_: None, source=str(archive), staging=str(folder / "s"), name="some", kind="upload",
                 network=chosen, limit=100)  # fmt: skip
    return context.store.get(made["dataset"])


def test_any_archive_may_go_through_a_snapshot(context: Context, tmp_path: Path) -> None:
    made = upload(context, tmp_path, network=MODEL)
    info = made_by(made)
    assert info.name == "shape net @ 3" and info.registered and info.registered["id"] == f"{MODEL}@3"
    assert made.total == 9 and column(made, "width").values[0] == 33


def test_names_are_made_definite(trained: Trained) -> None:
    settings = trained.settings
    assert resolved(MODEL, settings) == f"{MODEL}@3" and resolved(f"{MODEL}@1", settings) == f"{MODEL}@1"
    assert resolved("embedded", settings) == "embedded" and resolved(None, settings) is None
    for name, words in ((f"{MODEL}@9", "Epochs: 1, 2, 3"), ("20200101-000000-0000", "no trained model"), (DATASET, "no trained model")):  # fmt: skip
        with pytest.raises(UnknownNetwork, match=words):
            check_snapshot(name, None, settings)
    with pytest.raises(BadInput, match="pooling"):
        check_snapshot(MODEL, "sum", settings)


def test_what_a_deleted_model_made_says_so(tmp_path: Path) -> None:
    trained = make_trained(tmp_path / "data", count=30, epochs=1)
    context = Context(trained.settings)
    made = single(context, network=MODEL)
    image = made.image(0)
    shutil.rmtree(trained.folder)
    with pytest.raises(Conflict, match="was deleted"):
        look_up(context, lambda *_: None, dataset=made.id, image=str(image))
