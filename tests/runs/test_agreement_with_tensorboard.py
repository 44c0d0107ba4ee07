"""The same numbers as TensorBoard's own EventAccumulator finds, on logs that torch wrote and on the sample logs."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.distribution.compressor import compress_histogram
from tensorboard.util.tensor_util import make_ndarray

from embedding_explorer.runs.base import Run
from embedding_explorer.runs.scalars import quantiles
from tests.conftest import shared_data
from tests.runs.reading import open_logs

EVERYTHING = {"scalars": 0, "images": 0, "histograms": 0, "audio": 0, "tensors": 0}


def accumulated(path: Path) -> EventAccumulator:
    found = EventAccumulator(str(path), EVERYTHING)
    found.Reload()
    return found


def scalars(found: EventAccumulator, tag: str) -> list[tuple[float, int, float]]:
    """(time, step, value); TensorBoard turns those that name their plugin into tensors."""
    if tag in found.scalars.Keys():
        return [(event.wall_time, event.step, event.value) for event in found.Scalars(tag)]
    return [(event.wall_time, event.step, make_ndarray(event.tensor_proto).item()) for event in found.Tensors(tag)]


def check_scalars(run: Run, theirs: EventAccumulator, tags: list[str]) -> None:
    for tag in tags:
        column = run.column(tag)
        mine = [column.wall_times, column.steps, column.values]
        np.testing.assert_array_equal(np.stack(mine, axis=1), scalars(theirs, tag))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of every kind, written by torch."""
    from torch.utils.tensorboard import SummaryWriter

    folder, chance = tmp_path_factory.mktemp("torch"), np.random.default_rng(0)
    with SummaryWriter(str(folder)) as writer:
        for step in range(120):
            writer.add_scalar("loss/train", math.nan if step == 7 else chance.normal(), step)
            writer.add_scalar("Verlust/größe " + "x" * 300, math.inf if step == 3 else step, step, new_style=True)
            writer.add_histogram("weights/layer1", chance.normal(size=100), step)
        writer.add_image("image", chance.random((3, 8, 9)), 5)
        writer.add_audio("sound", chance.random((1, 800)).astype(np.float32), 6, sample_rate=8000)
        writer.add_text("words", "hello *world*", 7)
    return folder


def test_scalars_that_torch_wrote(written: Path) -> None:
    run = open_logs(written).run(".")
    theirs = accumulated(written)
    assert run.tags("scalar") == ["loss/train", "Verlust/größe " + "x" * 300]
    check_scalars(run, theirs, run.tags("scalar"))
    assert run.column("Verlust/größe " + "x" * 300).values[3] == math.inf


def test_histograms_that_torch_wrote(written: Path) -> None:
    run, theirs = open_logs(written).run("."), accumulated(written).Histograms("weights/layer1")
    mine = run.records("histogram", "weights/layer1")
    assert [(record.step, record.wall_time) for record in mine] == [(each.step, each.wall_time) for each in theirs]
    for record, each in zip(mine, theirs, strict=True):
        value = each.histogram_value
        assert record.value.buckets[:, 2].sum() == value.num == 100
        # TensorBoard leaves out what is empty at the ends, and the last edge is the limit there, the maximum here.
        full = record.value.buckets[record.value.buckets[:, 2] > 0]
        pairs = [(limit, count) for limit, count in zip(value.bucket_limit, value.bucket, strict=True) if count]
        np.testing.assert_array_equal(full[:-1, 1:], pairs[:-1])
        assert (full[-1, 2], record.value.most) == (pairs[-1][1], value.max)


def test_distributions_of_what_torch_wrote(written: Path) -> None:
    for record in open_logs(written).run(".").records("histogram", "weights/layer1"):
        mine, theirs = quantiles(record.value), compress_histogram(record.value.buckets)
        assert mine[:-1] == theirs[:-1]
        assert mine[-1] == (10000, record.value.most)


def test_media_that_torch_wrote(written: Path) -> None:
    run, theirs = open_logs(written).run("."), accumulated(written)
    (image,) = theirs.Images("image")
    picture = run.at_step("image", "image", 5).value
    assert (picture.width, picture.height, picture.data) == (9, 8, image.encoded_image_string)
    (sound,) = theirs.Audio("sound")
    clip = run.at_step("audio", "sound", 6).value
    assert (clip.data, clip.content_type) == (sound.encoded_audio_string, "audio/wav")
    assert clip.label == "采样率: 8000.0, 声道: 1, 帧长度: 800"
    (words,) = theirs.Tensors("words/text_summary")
    assert run.at_step("text", "words/text_summary", 7).value == [words.tensor_proto.string_val[0].decode()]


def test_the_sample_logs(tmp_path: Path) -> None:
    folder = shared_data("run_logs/tests/test_logs")
    run = open_logs(folder).run(".")
    copied = shutil.copyfile(folder / "events.out.FX50-PRO", tmp_path / "events.out.tfevents.1.copy")
    theirs = accumulated(copied)  # it takes no file without "tfevents" in its name
    check_scalars(run, theirs, ["loss"])
    images = [each.encoded_image_string for each in theirs.Images("image")]
    assert [record.value.data for record in run.records("image", "image")] == images
    (graph,) = run.records("graph", "")
    assert graph.value == theirs._graph
    for path in sorted(shared_data("run_logs/history/hparams").iterdir()):
        check_accuracy(path)


def check_accuracy(path: Path) -> None:
    run, theirs = open_logs(path.parent).run("."), accumulated(path)
    column, number = run.column("accuracy"), run.files().index(path)
    assert column.values[column.files == number].tolist() == [value for _, _, value in scalars(theirs, "accuracy")]
