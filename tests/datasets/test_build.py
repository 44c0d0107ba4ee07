"""The pipeline with a tiny fake network; everything else is real."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.datasets import build as building
from embedding_explorer.datasets import collector
from embedding_explorer.datasets.build import build_dataset
from embedding_explorer.datasets.dataset import image_path
from embedding_explorer.datasets.placing import check_same_space, place_dataset, placer
from embedding_explorer.datasets.request import BuildRequest
from embedding_explorer.datasets.staging import has_ranges
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.errors import (
    BadInput,
    ExplorerError,
    JobAborted,
    LimitExceeded,
    NetworkUnusable,
    NoReadableImage,
    SpaceMismatch,
)
from embedding_explorer.images.decode import Decoded, decode
from embedding_explorer.images.limits import Limits
from tests.colour_network import INFO, ColourNetwork
from tests.conftest import colour_files, encoded, picture, zip_of


class PickyNetwork(ColourNetwork):
    """Fails on pictures of these colours (0 red, 1 green, 2 blue), with `error`; or gives rows of a length of their own."""

    def __init__(self, *fails: int, error: ExplorerError | None = None, longer: int | None = None) -> None:
        super().__init__()
        self.fails, self.longer, self.error = fails, longer, error

    def decode(self, data: bytes, max_pixels: int) -> Decoded:
        return decode(data, self.info.input, max_pixels)

    def attempts(self, batches: Any) -> Any:
        for rows in self.features(batches):
            yield [self.attempt(row) for row in rows]

    def attempt(self, row: Any) -> Any:
        colour = int(row[:3].argmax())
        if colour in self.fails:
            return self.error or NetworkUnusable(f"The network fails: colour {colour}.")
        return np.concatenate([row, row]) if colour == self.longer else row


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of ten images, so that a few pictures make several."""
    for module in ("collector", "manifest", "dataset", "images_table", "pictures", "placing"):
        monkeypatch.setattr(f"embedding_explorer.datasets.{module}.RANGE", 10)


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(tmp_path)


def request(tmp_path: Path, files: dict[str, bytes], **more: Any) -> BuildRequest:
    archive = tmp_path / "pictures.zip"
    archive.write_bytes(zip_of(files))
    values = {"source": archive, "name": "n", "kind": "upload", "limits": Limits(max_images=1000)} | more
    return BuildRequest(**values)


def build(store: DatasetStore, wanted: BuildRequest, network: Any = None, report: Any = None) -> Any:
    staging = store.staging / "job"
    staging.mkdir(parents=True, exist_ok=True)
    used = network or ColourNetwork()
    return build_dataset(wanted, store, lambda _: used, staging, report or (lambda *_: None))


def test_a_dataset_has_all_its_files_and_nothing_stays_in_staging(store: DatasetStore, tmp_path: Path) -> None:
    files = colour_files(25) | {"p0003x.png": b"\x89PNG broken", "z.txt": b"text", "zz.jpg": b"\xff\xd8\xff"}
    manifest = build(store, request(tmp_path, files))
    dataset = store.get(manifest.id)
    assert manifest.total == 25 and list(manifest.ranges) == ["000", "001", "002"]
    assert [s["file"] for s in manifest.skipped] == ["z.txt", "p0003x.png", "zz.jpg"]
    assert dataset.features().shape == (25, 6) and dataset.features().dtype == np.float16
    assert dataset.reduction("pca").shape == dataset.reduction("umap").shape == (25, 3)
    rows = list(csv.DictReader((dataset.folder / "images.csv").open(encoding="utf-8")))
    assert [row["file"] for row in rows] == sorted(colour_files(25))
    assert rows[13] | {"file": ""} == {
        "file": "", "width": "40", "height": "30", "label": "", "range": "001", "position": "3",
    }  # fmt: skip
    for index in (0, 9, 10, 24):
        path = dataset.image(index)
        assert path is not None and path.read_bytes() == colour_files(25)[rows[index]["file"]]
    assert sorted(p.name for p in dataset.folder.iterdir()) == [
        "dataset.json", "features.npy", "images", "images.csv", "reductions", "tilemaps",
    ]  # fmt: skip
    assert not (store.staging / "job").exists()


def test_each_tile_is_the_picture_of_its_row(store: DatasetStore, tmp_path: Path) -> None:
    dataset = store.get(build(store, request(tmp_path, colour_files(25))).id)
    for range_id, (first, last) in dataset.manifest.ranges.items():
        tilemap = Image.open(dataset.tilemap_path(range_id)).convert("RGB")
        for index in range(first, last + 1):
            position = index - first
            pixel = np.asarray(tilemap.getpixel((position % 10 * 50 + 25, position // 10 * 50 + 25)))
            assert pixel.argmax() == index % 3


def test_stages_are_counted_to_their_ends(store: DatasetStore, tmp_path: Path) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}
    build(store, request(tmp_path, colour_files(25)), report=lambda s, d, t: seen.setdefault(s, []).append((d, t)))
    assert set(seen) == {"unpack", "decode", "features", "tilemaps", "pca", "umap"}
    assert seen["features"][-1] == (25, 25) and seen["tilemaps"][-1] == (3, 3) and seen["umap"][-1][0] > 1
    assert all(d <= e for counts in seen.values() for (d, _), (e, _) in pairwise(counts))


def test_the_same_pictures_and_recipe_give_the_same_id_and_others_do_not(store: DatasetStore, tmp_path: Path) -> None:
    base = build(store, request(tmp_path, colour_files(5))).id
    assert build(store, request(tmp_path, colour_files(5), keep_images=False)).id == base
    assert build(store, request(tmp_path, colour_files(6))).id != base
    assert build(store, request(tmp_path, colour_files(5)), ColourNetwork(replace(INFO, layer="other"))).id != base
    assert build(store, request(tmp_path, colour_files(5), features_dtype="float32")).id != base


def test_recognised_pictures_need_no_network(store: DatasetStore, tmp_path: Path) -> None:
    first = build(store, request(tmp_path, colour_files(5), recognise=True))
    network = ColourNetwork()
    assert build(store, request(tmp_path, colour_files(5), recognise=True), network).id == first.id
    assert network.seen == 0


def test_the_limit_cuts_after_so_many_readable_images(store: DatasetStore, tmp_path: Path) -> None:
    files = {"a.png": b"\x89PNG broken"} | colour_files(30)
    manifest = build(store, request(tmp_path, files, limits=Limits(max_images=12)))
    assert manifest.total == 12
    assert store.get(manifest.id).images[11].file == sorted(colour_files(30))[11]


def test_nothing_readable_is_refused_with_what_was_there(store: DatasetStore, tmp_path: Path) -> None:
    with pytest.raises(NoReadableImage, match=r"a\.png"):
        build(store, request(tmp_path, {"a.png": b"\x89PNG broken"}))


def test_a_picture_of_too_many_pixels_refuses_the_whole(store: DatasetStore, tmp_path: Path) -> None:
    files = colour_files(3) | {"p9.png": encoded(picture((1, 2, 3), (200, 200)))}
    with pytest.raises(LimitExceeded, match=r"^p9\.png: .*EXPLORER_MAX_IMAGE_PIXELS"):
        build(store, request(tmp_path, files, limits=Limits(max_images=10, max_pixels=30_000)))


def test_pictures_on_which_the_network_fails_are_left_out_and_listed_in_order(
    store: DatasetStore, tmp_path: Path
) -> None:
    files = colour_files(35) | {"p0007x.png": b"\x89PNG broken", "p0034x.png": b"\x89PNG broken"}
    manifest = build(store, request(tmp_path, files), PickyNetwork(1))
    names = sorted(files)
    gone = [name for name in names if "x" in name or int(name[1:5]) % 3 == 1]
    assert [each["file"] for each in manifest.skipped] == gone
    assert {each["reason"] for each in manifest.skipped if "x" not in each["file"]} == {"The network fails: colour 1."}
    dataset = store.get(manifest.id)
    assert [row.file for row in dataset.images] == [name for name in names if name not in gone]
    assert len(dataset.features()) == manifest.total == 23 and len(list(dataset.images)) == 23


def test_others_take_the_places_of_pictures_on_which_the_network_fails(store: DatasetStore, tmp_path: Path) -> None:
    wanted = request(tmp_path, colour_files(30), limits=Limits(max_images=12))
    manifest = build(store, wanted, PickyNetwork(1, 2))
    assert manifest.total == 10 and len(manifest.skipped) == 20
    wanted = request(tmp_path, colour_files(30), limits=Limits(max_images=7))
    manifest = build(store, wanted, PickyNetwork(1))
    assert [row.file for row in store.get(manifest.id).images] == [f"p{i:04d}.png" for i in (0, 2, 3, 5, 6, 8, 9)]
    assert [each["file"] for each in manifest.skipped] == ["p0001.png", "p0004.png", "p0007.png"]


def test_where_the_network_fails_on_all_the_first_reason_ends_the_build(store: DatasetStore, tmp_path: Path) -> None:
    files = {"a.png": b"\x89PNG broken"} | colour_files(30)
    with pytest.raises(NetworkUnusable, match="colour 0"):
        build(store, request(tmp_path, files), PickyNetwork(0, 1, 2))


def test_few_pictures_may_cost_the_process_of_the_network(store: DatasetStore, tmp_path: Path) -> None:
    error = LimitExceeded("It took longer than 9 seconds.")
    most = collector.MOST_OVERRUNS
    files = colour_files(3 * most + 3)
    assert build(store, request(tmp_path, colour_files(3 * most)), PickyNetwork(0, error=error)).total == 2 * most
    with pytest.raises(LimitExceeded, match="9 seconds"):
        build(store, request(tmp_path, files), PickyNetwork(0, error=error))


@pytest.mark.parametrize("longer", [1, 2])
def test_rows_of_several_lengths_end_the_build(store: DatasetStore, tmp_path: Path, longer: int) -> None:
    with pytest.raises(BadInput, match="12 features for one picture and 6 for another"):
        build(store, request(tmp_path, colour_files(30)), PickyNetwork(longer=longer))
    only = {name: data for i, (name, data) in enumerate(colour_files(30).items()) if i % 3 == longer}
    manifest = build(store, request(tmp_path, only), PickyNetwork(longer=longer))
    assert manifest.features["shape"] == [10, 12] and manifest.network["dimension"] == 12


def interrupted(at: int) -> Callable[[str, int, int], None]:
    def report(stage: str, done: int, total: int) -> None:
        if stage == "features" and done >= at:
            raise JobAborted("kill")

    return report


@pytest.mark.parametrize("at", [4, 14, 24])
def test_an_interrupted_build_goes_on_after_its_last_whole_range(
    store: DatasetStore, tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_explorer.datasets.progress.EVERY", 0.0)
    files = colour_files(35) | {"p0007x.png": b"\x89PNG broken", "p0033x.png": b"\x89PNG broken"}
    whole = build(DatasetStore(tmp_path / "other"), request(tmp_path, files))
    with pytest.raises(JobAborted):
        build(store, request(tmp_path, files), report=interrupted(at))
    network = ColourNetwork()
    resumed = build(store, request(tmp_path, files), network)
    assert network.seen == 35 - at // 10 * 10
    assert resumed.id == whole.id and resumed.skipped == whole.skipped
    ours, theirs = store.get(resumed.id), DatasetStore(tmp_path / "other").get(whole.id)
    np.testing.assert_array_equal(ours.features(), theirs.features())
    np.testing.assert_array_equal(ours.reduction("umap"), theirs.reduction("umap"))
    assert ours.tilemap_path("001").read_bytes() == theirs.tilemap_path("001").read_bytes()
    assert (ours.folder / "images.csv").read_bytes() == (theirs.folder / "images.csv").read_bytes()


@pytest.mark.parametrize("at", [4, 14])
def test_an_interrupted_build_lists_the_failures_of_both_attempts(
    store: DatasetStore, tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_explorer.datasets.progress.EVERY", 0.0)
    whole = build(DatasetStore(tmp_path / "other"), request(tmp_path, colour_files(35)), PickyNetwork(1))
    with pytest.raises(JobAborted):
        build(store, request(tmp_path, colour_files(35)), PickyNetwork(1), report=interrupted(at))
    resumed = build(store, request(tmp_path, colour_files(35)), PickyNetwork(1))
    assert (resumed.id, resumed.skipped, resumed.total) == (whole.id, whole.skipped, 23)


def test_half_done_work_of_other_pictures_is_not_gone_on_with(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_explorer.datasets.progress.EVERY", 0.0)
    with pytest.raises(JobAborted):
        build(store, request(tmp_path, colour_files(35)), report=interrupted(24))
    files = {f"x{name}": data for name, data in colour_files(12).items()}
    manifest = build(store, request(tmp_path, files))
    assert manifest.total == 12 and not (store.get(manifest.id).folder / "images" / "002").exists()


def test_new_pictures_are_placed_where_the_same_ones_lie(store: DatasetStore, tmp_path: Path) -> None:
    dataset = store.get(build(store, request(tmp_path, colour_files(40), features_dtype="float32")).id)
    for reducer in ("pca", "umap"):
        points = dataset.reduction(reducer)
        placed = placer(dataset, reducer)(dataset.features()[:6])
        span = np.ptp(points, axis=0).max()
        assert np.linalg.norm(placed - points[:6], axis=1).max() < (1e-4 if reducer == "pca" else 0.25) * span


def test_a_dataset_is_drawn_in_the_space_of_another_of_the_same_network_only(
    store: DatasetStore, tmp_path: Path
) -> None:
    main = store.get(build(store, request(tmp_path, colour_files(40))).id)
    few = store.get(build(store, request(tmp_path, colour_files(5))).id)
    path = place_dataset(few, main, "pca", tmp_path / "cache")
    np.testing.assert_allclose(np.load(path), main.reduction("pca")[:5], atol=0.5)
    other = store.get(
        build(store, request(tmp_path, colour_files(5)), ColourNetwork(replace(INFO, digest="1" * 64))).id
    )
    with pytest.raises(SpaceMismatch):
        check_same_space(other, main)


def test_the_record_of_a_range_is_what_makes_it_count(store: DatasetStore, tmp_path: Path) -> None:
    with pytest.raises(JobAborted):
        build(store, request(tmp_path, colour_files(35)), report=interrupted(24))
    parts = store.staging / "job" / "parts"
    kept = sorted(p.name for p in parts.iterdir() if p.is_dir())
    assert kept and json.loads((parts / kept[0] / "range.json").read_text())["next_entry"] == 10
    (parts / kept[0] / "range.json").unlink()
    network = ColourNetwork()
    build(store, request(tmp_path, colour_files(35)), network)
    assert network.seen == 35


def test_a_build_that_ends_in_its_very_last_step_is_gone_on_with(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("embedding_explorer.datasets.store.sync_tree", interrupt)
        build(store, request(tmp_path, colour_files(35)))
    assert has_ranges(store.staging / "job")
    network = ColourNetwork()
    manifest = build(store, request(tmp_path, colour_files(35)), network)
    assert (network.seen, manifest.total) == (0, 35)
    assert not (store.get(manifest.id).folder / "parts").exists()


def test_originals_of_an_attempt_that_left_no_plan_do_not_come_up_again(store: DatasetStore, tmp_path: Path) -> None:
    stale = image_path(store.staging / "job", "000", 1, b"\xff\xd8\xff of another picture")
    stale.parent.mkdir(parents=True)
    stale.touch()
    dataset = store.get(build(store, request(tmp_path, colour_files(3))).id)
    assert sorted(path.suffix for path in (dataset.folder / "images" / "000").iterdir()) == [".png"] * 3


def test_each_range_of_an_ingest_is_on_the_disk_before_it_counts(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def sync(folder: Path) -> None:
        seen.append(len(list(folder.glob("parts/*/range.json"))))

    monkeypatch.setattr("embedding_explorer.datasets.parts.sync_tree", sync)
    build(store, request(tmp_path, colour_files(25), kind="ingest"))
    assert seen == [0, 1, 2]
    build(store, request(tmp_path, colour_files(24)))
    assert len(seen) == 3


def test_features_too_large_to_be_stored_are_refused_with_the_setting_that_helps(
    store: DatasetStore, tmp_path: Path
) -> None:
    class Loud(ColourNetwork):
        def features(self, batches: Any) -> Any:
            for rows in super().features(batches):
                yield rows * 1e6

    with pytest.raises(BadInput, match=r"more than float16 can hold\. Set EXPLORER_FEATURES_DTYPE=float32"):
        build(store, request(tmp_path, colour_files(12)), Loud())
    assert build(store, request(tmp_path, colour_files(12), features_dtype="float32"), Loud()).total == 12


def test_a_full_disk_in_the_middle_leaves_no_dataset(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building.Parts, "add", full)
    with pytest.raises(OSError, match="No space"):
        build(store, request(tmp_path, colour_files(5)))
    assert not store.list()
    shutil.rmtree(store.staging)


def test_pictures_in_folders_get_their_parent_as_label(store: DatasetStore, tmp_path: Path) -> None:
    files = {f"train/{'even' if i % 2 == 0 else 'odd'}/{n}": d for i, (n, d) in enumerate(colour_files(6).items())}
    dataset = store.get(build(store, request(tmp_path, files, nested=True, labels="parents")).id)
    assert {row.label for row in dataset.images} == {"even", "odd"}
