"""A snapshot as a network of the explorer: its features are those of the training itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_explorer.datasets.stream import decoding_of
from embedding_explorer.errors import LimitExceeded, UnknownLayer, UnreadableImage
from embedding_explorer.networks.base import OwnInput
from embedding_explorer.training.datasets import TrainingDataset
from embedding_explorer.training.datasets.stored import StoredPictures, pictures_of
from embedding_explorer.training.models.extractor import Snapshot, SnapshotExtractor, list_layers, open_extractor
from embedding_explorer.training.models.fan import Fan
from embedding_explorer.training.models.folder import open_model
from embedding_explorer.training.snapshot_files import list_snapshots
from tests.conftest import encoded
from tests.training.trained import MODEL, Trained, make_trained, picture

MOST = 100_000


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return make_trained(tmp_path_factory.mktemp("trained") / "data", count=30, epochs=2)


def snapshot(trained: Trained, epoch: float = 2.0) -> Snapshot:
    pictures = pictures_of(trained.dataset)
    return Snapshot(MODEL, "net", trained.folder, epoch, list_snapshots(trained.folder)[epoch], pictures)


def opened(trained: Trained, layer: str | None = None, epoch: float = 2.0, most: int = MOST) -> SnapshotExtractor:
    return open_extractor(snapshot(trained, epoch), layer, "avg", "cpu", most)


def stored(dataset: TrainingDataset) -> list[bytes]:
    with StoredPictures(dataset, ["val"]) as source:
        return [source.read(number) for number in range(len(source.entries))]


def rows(extractor: SnapshotExtractor | Fan, files: list[bytes]) -> np.ndarray:
    """Features as the pipeline gets them."""
    assert isinstance(extractor, OwnInput)
    pixels = np.stack([decoding_of(extractor)(data, MOST).pixels for data in files])
    return np.concatenate([np.stack(each) for each in extractor.attempts([pixels[:3], pixels[3:]])])  # type: ignore[arg-type]


def test_the_outputs_are_those_of_inference(trained: Trained) -> None:
    source = trained.dataset.source("val")
    pixels, _ = source.batch(np.arange(len(source)))
    scores = open_model(trained.folder, 2.0).run(pixels)
    logits = rows(opened(trained, "output"), stored(trained.dataset))
    np.testing.assert_allclose(torch.from_numpy(logits).softmax(1).numpy(), scores, atol=1e-6)


def test_by_default_the_features_are_what_the_classes_are_read_from(trained: Trained) -> None:
    extractor, files = opened(trained), stored(trained.dataset)
    assert (extractor.info.layer, extractor.info.dimension) == ("input:ip2", 500)
    head = open_model(trained.folder, 2.0).network.get_submodule("ip2")
    with torch.inference_mode():
        logits = head(torch.from_numpy(rows(extractor, files))).numpy()
    np.testing.assert_allclose(logits, rows(opened(trained, "output"), files), atol=1e-5)
    np.testing.assert_array_equal(rows(opened(trained, "relu1"), files), rows(extractor, files))


def test_maps_are_pooled(trained: Trained) -> None:
    files = stored(trained.dataset)
    maps = open_extractor(snapshot(trained), "conv1", "flatten", "cpu", MOST)
    assert maps.info.dimension == 20 * 16 * 16
    mean = rows(maps, files).reshape(len(files), 20, -1).mean(2)
    np.testing.assert_allclose(rows(opened(trained, "conv1"), files), mean, rtol=1e-4, atol=1e-5)


def test_epochs_differ_and_their_spaces_too(trained: Trained) -> None:
    first, last = opened(trained, epoch=1.0), opened(trained)
    assert first.info.space != last.info.space == opened(trained).info.space
    assert first.info.registered and first.info.registered["epoch"] == 1.0
    files = stored(trained.dataset)
    assert not np.allclose(rows(first, files), rows(last, files))


def test_several_epochs_at_once_are_each_by_itself(trained: Trained) -> None:
    members, files = [opened(trained, epoch=epoch) for epoch in (1.0, 2.0)], stored(trained.dataset)
    fan = Fan(members)
    together = rows(fan, files)
    assert together.shape[1] == fan.info.dimension == 1000
    for member, columns in zip(members, fan.columns, strict=True):
        np.testing.assert_array_equal(together[:, columns], rows(member, files))


def test_other_pictures_are_prepared_as_those_of_the_training(trained: Trained) -> None:
    colourful = encoded(picture(1, 5, side=50).convert("RGB"))
    decoded = opened(trained).decode(colourful, MOST)
    assert decoded.pixels.shape == (20, 20, 1) and decoded.tile.shape == (48, 48, 3)
    assert (decoded.width, decoded.height) == (50, 50)
    with pytest.raises(UnreadableImage):
        opened(trained).decode(b"no picture", MOST)


def test_unknown_layers_are_refused_with_near_ones(trained: Trained) -> None:
    for layer in ("conv11", "input:conv11"):
        with pytest.raises(UnknownLayer, match="conv1"):
            opened(trained, layer)
    with pytest.raises(LimitExceeded, match="EXPLORER_MAX_DIMENSION"):
        opened(trained, most=10)


def test_layers_are_listed_in_order(trained: Trained) -> None:
    layers = list_layers(open_model(trained.folder), pictures_of(trained.dataset))
    shapes = {each["name"]: each["shape"] for each in layers}
    assert list(shapes)[:3] == ["scaled", "conv1", "pool1"] and shapes["pool2"] == [None, 50, 2, 2]
    assert [each["name"] for each in layers if each["default"]] == ["ip2"]
    assert layers[-1] == {**layers[-1], "name": "output", "output": True, "shape": [None, 3]}
    for each in layers:
        assert opened(trained, each["name"]).info.layer == each["name"]


def test_the_digest_does_not_depend_on_the_job(trained: Trained, tmp_path: Path) -> None:
    one, other = (
        opened(trained),
        open_extractor(replace(snapshot(trained), model="x", name="y"), None, "avg", "cpu", MOST),
    )
    assert one.info.digest == other.info.digest
    pictures = replace(snapshot(trained).pictures, mode="crop")
    assert open_extractor(replace(snapshot(trained), pictures=pictures), None, "avg", "cpu", MOST).info.digest != one.info.digest  # fmt: skip
