"""Event files, read back by TensorBoard's own accumulator and projector."""

import errno
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import accumulate, repeat, takewhile
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from embedding_explorer.errors import StorageFull
from embedding_explorer.training import event_file, events
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.events import Events
from embedding_explorer.training.figures import Point
from embedding_explorer.training.histograms import histogram
from embedding_explorer.training.models.plan import make_plan
from embedding_explorer.training.models.trainer import Hooks, Outcome, Trainer, View
from embedding_explorer.training.options import Augmentation, Options
from embedding_explorer.training.projector import sprite, tile_size
from embedding_explorer.training.snapshots import RESUME, list_snapshots, read_snapshot
from embedding_explorer.training.source import Source
from tests.training.sources import digits, gradients, shades

OPTIONS = Options(epochs=3, batch_size=8, seed=5, learning_rate=0.05, augmentation=Augmentation(flip="fliplr"))


def train(
    folder: Path,
    options: Options = OPTIONS,
    hooks: Hooks | None = None,
    source: Source | None = None,
    val: Source | None = None,
    net: Definition | None = None,
    run: Path | None = None,
) -> Outcome:
    source = shades(43) if source is None else source
    plan = make_plan(options, net or STANDARD["lenet"].definition(), source)
    folder.mkdir(exist_ok=True)
    with closing(Events(run or folder / "run")) as written:
        joined = (hooks or Hooks()).joined(written.hooks())
        return Trainer(plan, plan.build(), source, val or shades(70, seed=1), folder, hooks=joined).run()


def read(run: Path) -> Any:
    event_file.without_tensorflow()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(run), size_guidance=dict.fromkeys(("scalars", "histograms", "images", "tensors"), 0))
    return found.Reload()


def embeddings(run: Path) -> dict[int, Any]:
    """The blocks of the projector's configuration by step, read as TensorBoard does."""
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    config = text_format.Parse((run / "projector_config.pbtxt").read_text(), ProjectorConfig())
    return {int(each.tensor_name.rpartition(":")[2]): each for each in config.embeddings}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("trained")
    return folder, train(folder)


def test_scalars_are_the_figures(trained: tuple[Path, Outcome]) -> None:
    folder, outcome = trained
    found = read(folder / "run")
    names = {"loss/train", "learning_rate/train", "epoch/train", "loss/val", "accuracy/val", "epoch/val"}
    assert set(found.Tags()["scalars"]) == names
    told = [(each.iteration, np.float32(each.values["loss"])) for each in outcome.figures.of("val")]
    assert [(each.step, np.float32(each.value)) for each in found.Scalars("loss/val")] == told
    assert len(found.Scalars("loss/train")) == 18


def test_histograms_are_those_of_the_snapshots(trained: tuple[Path, Outcome]) -> None:
    folder, outcome = trained
    found = read(folder / "run")
    weights = read_snapshot(outcome.snapshots[3.0])
    kinds = ("weights", "gradients")
    assert set(found.Tags()["histograms"]) == {f"{kind}/{name}" for kind in kinds for name in weights}
    for name, tensor in weights.items():
        rows = found.Histograms(f"weights/{name}")
        assert [each.step for each in rows] == [6, 12, 18]
        last = rows[-1].histogram_value
        assert last.num == min(tensor.numel(), sum(last.bucket))
        assert (last.min, last.max) == (float(tensor.min()), float(tensor.max()))
        assert last.sum == pytest.approx(float(tensor.double().sum()), abs=1e-9)
    assert any(each.histogram_value.sum_squares > 0 for each in found.Histograms("gradients/conv1.weight"))


def test_the_gradients_are_those_of_the_last_step(tmp_path: Path) -> None:
    seen: list[Any] = []
    hooks = Hooks(on_weights=lambda view: seen.append([each.grad.clone() for each in view.network.parameters()]))
    train(tmp_path, replace(OPTIONS, epochs=1), hooks)
    (row,) = read(tmp_path / "run").Histograms("gradients/conv1.weight")
    assert row.histogram_value.sum_squares == pytest.approx(float(seen[0][0].double().square().sum()))


def test_graph_images_and_options_are_there(trained: tuple[Path, Outcome]) -> None:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    found = read(trained[0] / "run")
    assert any("conv1" in node.name for node in found.Graph().node)
    assert set(found.Tags()["images"]) == {"images/train", "images/val", "images/inputs"}
    (sheet,) = found.Images("images/train")
    assert (sheet.width, sheet.height) == (64, 64)
    drawn = np.asarray(Image.open(io.BytesIO(sheet.encoded_image_string)))
    assert (drawn[:16, :16, 0] == shades(43).batch(np.array([0]))[0][0, ..., 0]).all()
    content = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    told = HParamsPluginData.FromString(content).session_start_info.hparams
    assert told["learning_rate"].number_value == 0.05 and told["solver"].string_value == "SGD"
    assert told["network"].string_value == "LeNet" and told["augmentation.flip"].string_value == "fliplr"
    metrics = HParamsPluginData.FromString(found.SummaryMetadata("_hparams_/experiment").plugin_data.content)
    assert [each.name.tag for each in metrics.experiment.metric_infos] == ["loss/train", "loss/val", "accuracy/val"]
    assert "_hparams_/session_end_info" in found.summary_metadata


def test_features_of_the_sample_follow_the_snapshots(trained: tuple[Path, Outcome]) -> None:
    folder, outcome = trained
    run, blocks = folder / "run", embeddings(folder / "run")
    assert list(blocks) == [6, 12, 18]
    rows = np.loadtxt(run / blocks[18].tensor_path, delimiter="\t")
    labels = (run / blocks[18].metadata_path).read_text().splitlines()
    assert rows.shape == (64, 500) and len(labels) == 64
    # The last layer makes of these features what the trained network makes of the pictures: their classes.
    weights = read_snapshot(outcome.snapshots[3.0])
    last = [name for name in weights if name.endswith("weight")][-1]
    scores = rows @ weights[last].double().numpy().T + weights[last.replace("weight", "bias")].double().numpy()
    assert [f"shade {each}" for each in scores.argmax(1)] == labels
    assert tuple(blocks[18].sprite.single_image_dim) == (16, 16)
    assert Image.open(run / blocks[18].sprite.image_path).size == (128, 128)


def test_events_do_not_change_the_training(tmp_path: Path, trained: tuple[Path, Outcome]) -> None:
    source = shades(43)
    plan = make_plan(OPTIONS, STANDARD["lenet"].definition(), source)
    plain = Trainer(plan, plan.build(), source, shades(70, seed=1), tmp_path).run()
    assert plain.figures == trained[1].figures
    for epoch, path in plain.snapshots.items():
        one, two = read_snapshot(path), read_snapshot(trained[1].snapshots[epoch])
        assert all(torch.equal(one[name], two[name]) for name in one)


class Crash(Exception):
    pass


def crash_at(iteration: int) -> Any:
    def crash(point: Point) -> None:
        if point.iteration == iteration:
            raise Crash

    return crash


def steps(run: Path) -> dict[str, list[int]]:
    """Steps of every tag as they lie in the files, so that none is hidden by what readers leave out."""
    from tensorboard.compat.proto.event_pb2 import Event

    found: dict[str, list[int]] = {}
    for path in sorted(run.glob(event_file.PATTERN)):
        for record in event_file._records_of(path):
            event = Event.FromString(record[12:-4])
            tags = [each.tag for each in event.summary.value] or ["graph"] * event.HasField("graph_def")
            for tag in tags:
                found.setdefault(tag, []).append(event.step)
    return found


def test_a_resumed_training_has_every_event_once(tmp_path: Path, trained: tuple[Path, Outcome]) -> None:
    with pytest.raises(Crash):
        train(tmp_path, hooks=Hooks(on_figures=crash_at(16)))
    assert steps(tmp_path / "run")["loss/train"][-1] == 15
    train(tmp_path)
    assert steps(tmp_path / "run") == steps(trained[0] / "run")
    assert [each.step for each in read(tmp_path / "run").Scalars("loss/train")] == list(range(1, 19))
    assert list(embeddings(tmp_path / "run")) == [6, 12, 18]


def test_features_that_a_crash_prevented_are_made_up_for(tmp_path: Path) -> None:
    def crash(view: View) -> None:
        if view.iteration == 12:
            raise Crash

    with pytest.raises(Crash):
        train(tmp_path, hooks=Hooks(on_weights=crash))
    assert list(embeddings(tmp_path / "run")) == [6]
    train(tmp_path)
    assert list(embeddings(tmp_path / "run")) == [6, 12, 18]


def test_a_training_that_begins_anew_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    train(tmp_path)
    for path in (tmp_path / RESUME, *list_snapshots(tmp_path).values()):  # nothing is kept to go on from
        path.unlink()
    train(tmp_path, replace(OPTIONS, epochs=1, learning_rate=0.01))
    found = steps(tmp_path / "run")
    assert found["loss/train"] == list(range(1, 7)) and found["graph"] == [0]
    assert list(embeddings(tmp_path / "run")) == [6]
    assert not (tmp_path / "run" / "00018").exists()


def test_a_record_that_broke_off_is_cut(tmp_path: Path) -> None:
    train(tmp_path, replace(OPTIONS, epochs=1))
    (path,) = (tmp_path / "run").glob(event_file.PATTERN)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:30])
    assert event_file.cut_after(tmp_path / "run", 6)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("place", [2, 9, 14, -1])
def test_what_stands_before_a_damaged_record_is_kept(tmp_path: Path, place: int) -> None:
    """The damage is in the length, its checksum, the event, or the event's checksum."""
    with closing(event_file.EventFile(tmp_path)) as file:
        file.add(1, graph_def=b"a" * 20)
        file.flush()
        (path,) = tmp_path.glob(event_file.PATTERN)
        before = path.stat().st_size
        file.add(2, graph_def=b"b" * 20)
    content = bytearray(path.read_bytes())
    content[before + place if place > 0 else place] ^= 255
    path.write_bytes(content)
    assert event_file.cut_after(tmp_path, 2)
    assert path.read_bytes() == content[:before]


def test_generic_trainings_have_features_without_labels(tmp_path: Path) -> None:
    from embedding_explorer.training.definitions.reading import read_definition

    text = '{"loss": "mse", "layers": [{"type": "scale", "factor": 0.004}, {"type": "linear", "out_features": 2}]}'
    net = read_definition(text, classification=False)
    train(tmp_path, replace(OPTIONS, augmentation=Augmentation()), None, gradients(100), gradients(30, seed=1), net)
    block = embeddings(tmp_path / "run")[39]
    assert np.loadtxt(tmp_path / "run" / block.tensor_path, delimiter="\t").shape == (30, 256)
    assert not block.metadata_path


def test_many_snapshots_have_a_bounded_number_of_details(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_DETAILED", 3)
    train(tmp_path, replace(OPTIONS, snapshot_interval=0.5))
    assert list(embeddings(tmp_path / "run")) == [6, 12, 18]


class Full:
    """A file on a disk that is full."""

    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = close = lambda self: self.write(b"")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = Path.open

    def opened(path: Path, *arguments: Any, **options: Any) -> Any:
        return Full() if "tfevents" in path.name else real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", opened)
    yield


def test_a_full_disk_ends_the_training_by_its_name(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(StorageFull, match="No space left"):
        train(tmp_path)


def test_a_value_that_is_no_number_is_kept_as_such(tmp_path: Path) -> None:
    with closing(Events(tmp_path / "run")) as written:
        written.on_figures(Point("val", 1.0, 10, {"loss": None}))
    (value,) = read(tmp_path / "run").Scalars("loss/val")
    assert np.isnan(value.value)


def test_buckets_of_a_histogram_are_tensorboards() -> None:
    from torch.utils.tensorboard.summary import histogram as reference

    values = torch.cat([torch.randn(5000, generator=torch.manual_seed(0)), torch.tensor([0.0, 1e-13, 3e20, torch.nan])])
    found = histogram(values)
    assert found is not None and found["num"] == sum(found["bucket_counts"]) == 5003
    limits, counts = np.array(found["bucket_limits"]), np.array(found["bucket_counts"])
    for edge in (-1.0, -0.1, 0.0, 0.5, 2.0):
        at = limits.searchsorted(edge, "right")  # the first limit above
        assert counts[:at].sum() == (values <= limits[at - 1]).sum()
    positive = list(takewhile(lambda edge: edge < 1e20, accumulate(repeat(1.1), mul, initial=1e-12)))
    bins = [*(-edge for edge in reversed(positive)), 0, *positive]
    plain = reference("x", np.linspace(-1, 1, 1000), bins).value[0].histo
    ours = histogram(torch.linspace(-1, 1, 1000))
    assert ours is not None and ours["bucket_limits"] == pytest.approx(list(plain.bucket_limit), rel=1e-5)
    assert histogram(torch.tensor([torch.inf])) is None


def test_thumbnails_keep_their_ratio() -> None:
    assert tile_size((3, 96, 192)) == (48, 24)
    sheet = sprite(np.full((3, 96, 192, 1), 7, np.uint8), (48, 24))
    assert sheet.size == (96, 48) and sheet.getpixel((0, 24)) == (7, 7, 7) and sheet.getpixel((95, 47)) == (255,) * 3


@pytest.mark.slow
def test_features_separate_what_was_learned(tmp_path: Path) -> None:
    source, val = digits()
    options = Options(epochs=3, seed=1, solver="ADAM", learning_rate=0.001)
    train(tmp_path, options, None, source, val)
    run, blocks = tmp_path / "run", embeddings(tmp_path / "run")
    last = blocks[max(blocks)]
    rows = np.loadtxt(run / last.tensor_path, delimiter="\t")
    labels = np.array((run / last.metadata_path).read_text().split())
    distances = ((rows[:, None] - rows[None]) ** 2).sum(2) + 1e12 * np.eye(len(rows))
    assert (labels[distances.argmin(1)] == labels).mean() > 0.8
