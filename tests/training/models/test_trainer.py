import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput, JobAborted, LimitExceeded, StorageFull, TrainingDiverged
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.figures import Figures, Point
from embedding_explorer.training.models.plan import make_plan
from embedding_explorer.training.models.trainer import Hooks, Outcome, Trainer
from embedding_explorer.training.options import Augmentation, Options
from embedding_explorer.training.policies import Policy
from embedding_explorer.training.snapshots import RESUME, list_snapshots, read_snapshot
from embedding_explorer.training.source import Source
from tests.training.full_disk import limit_files
from tests.training.sources import Arrays, digits, gradients, shades

TINY: list[dict[str, Any]] = [
    {"type": "scale", "factor": 0.01},
    {"type": "conv2d", "out_channels": 4, "kernel_size": 3},
    {"type": "batch_norm"},
    {"type": "relu"},
    {"type": "dropout", "p": 0.2},
    {"type": "adaptive_avg_pool2d", "output_size": 2},
    {"type": "linear"},
]
OPTIONS = Options(epochs=3, batch_size=8, seed=5, learning_rate=0.05, policy=Policy("fixed"))


def tiny(*entries: dict[str, Any]) -> Definition:
    return read_definition(json.dumps({"layers": entries or TINY}))


def train(
    options: Options,
    folder: Path,
    hooks: Hooks | None = None,
    source: Source | None = None,
    net: Definition | None = None,
) -> Outcome:
    source = shades(43) if source is None else source
    plan = make_plan(options, net or tiny(), source)
    folder.mkdir(exist_ok=True)
    return Trainer(plan, plan.build(), source, shades(20, seed=1), folder, hooks=hooks).run()


def test_a_training_learns_and_tells(tmp_path: Path) -> None:
    told: list[Any] = []
    hooks = Hooks(
        on_figures=told.append,
        on_snapshot=lambda epoch, path: told.append((epoch, path.name)),
        on_progress=lambda percent: told.append(percent),
    )
    outcome = train(replace(OPTIONS, snapshot_interval=2.0), tmp_path, hooks)
    assert list(outcome.snapshots) == [2, 3]
    assert (2.0, "snapshot_epoch_2.safetensors") in told and told[-1] == 100
    points = [each for each in told if isinstance(each, Point)]
    assert outcome.figures.points == points
    assert [point.epoch for point in outcome.figures.of("val")] == [1, 2, 3]
    assert len(outcome.figures.of("train")) == 18  # six iterations an epoch are fewer than eight reports
    assert set(outcome.figures.of("train")[0].values) == {"loss", "learning_rate"}
    assert outcome.figures.of("val")[-1].values["accuracy"] == 1.0


def test_the_rate_follows_the_policy_at_every_iteration(tmp_path: Path) -> None:
    policy = Policy("poly", {"power": 1.0})
    outcome = train(replace(OPTIONS, policy=policy), tmp_path)
    rates = [point.values["learning_rate"] for point in outcome.figures.of("train")]
    assert rates == pytest.approx([0.05 * (1 - step / 18) for step in range(18)])


class Crash(Exception):
    pass


@pytest.mark.parametrize("solver", ["SGD", "ADAM"])
def test_a_resumed_training_gives_the_same_figures_and_weights(tmp_path: Path, solver: str) -> None:
    change = Augmentation("fliplr", "rotall", 10, 0.05, 0.02)
    options = replace(
        OPTIONS, solver=solver, learning_rate=0.01, augmentation=change, accumulation=2, batch_size=2,
        snapshot_interval=0.7, policy=Policy("step", {"size": 40.0}),
    )  # fmt: skip
    whole = train(options, tmp_path / "whole")
    shown: list[Point] = []

    def crash(point: Point) -> None:
        shown.append(point)
        if len(shown) == 20:
            raise Crash

    with pytest.raises(Crash):
        train(options, tmp_path / "crashed", Hooks(on_figures=crash))
    resumed: list[Figures] = []
    again = train(
        options, tmp_path / "crashed", Hooks(on_resume=lambda figures: resumed.append(Figures(figures.points[:])))
    )
    assert 0 < len(resumed[0].points) <= 20
    assert again.figures == whole.figures
    assert list(again.snapshots) == list(whole.snapshots) == [0.727, 1.364, 2.091, 2.818, 3]
    for epoch, path in whole.snapshots.items():
        one, two = read_snapshot(path), read_snapshot(again.snapshots[epoch])
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_resumed_training_of_a_network_that_mirrors_is_the_same_and_no_other(tmp_path: Path) -> None:
    mirrored, options = replace(tiny(), mirror=True), replace(OPTIONS, epochs=2)
    whole, kept = train(options, tmp_path / "whole", net=mirrored), list[float]()
    with pytest.raises(JobAborted):
        hooks = Hooks(on_snapshot=lambda epoch, path: kept.append(epoch), stop=lambda: bool(kept))
        train(options, tmp_path / "aborted", hooks, net=mirrored)
    with pytest.raises(BadInput, match="clone the model"):
        train(options, tmp_path / "aborted")
    again = train(options, tmp_path / "aborted", net=mirrored)
    assert kept == [1] and again.figures == whole.figures
    one, two = (read_snapshot(each.snapshots[2.0]) for each in (whole, again))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert train(options, tmp_path / "plain").figures != whole.figures


def test_networks_that_mirror_say_so_in_the_plan() -> None:
    assert make_plan(OPTIONS, STANDARD["resnet18_small"].definition(), shades(9, channels=3)).feed.mirror
    assert not make_plan(OPTIONS, STANDARD["lenet"].definition(), shades(9)).feed.mirror
    keys = {make_plan(OPTIONS, replace(tiny(), mirror=mirror), shades(9)).key() for mirror in (False, True)}
    assert len(keys) == 2 and make_plan(OPTIONS, tiny(), shades(9)).key() in keys


def test_a_finished_training_is_not_repeated(tmp_path: Path) -> None:
    first = train(OPTIONS, tmp_path)
    steps: list[Point] = []
    assert train(OPTIONS, tmp_path, Hooks(on_figures=steps.append)).figures == first.figures
    assert not steps


def test_other_options_do_not_touch_what_was_kept(tmp_path: Path) -> None:
    train(OPTIONS, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    steps: list[Point] = []
    with pytest.raises(BadInput, match="clone the model"):
        train(replace(OPTIONS, learning_rate=0.04), tmp_path, Hooks(on_figures=steps.append))
    assert not steps and {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_first_snapshot_without_its_state_does_not_count(tmp_path: Path) -> None:
    train(replace(OPTIONS, epochs=1), tmp_path)
    (tmp_path / RESUME).unlink()
    seen: list[list[float]] = []
    train(OPTIONS, tmp_path, Hooks(on_begin=lambda view: seen.append(list(list_snapshots(tmp_path)))))
    assert seen == [[]] and list(list_snapshots(tmp_path)) == [1, 2, 3]


def test_a_full_disk_is_told_as_such_and_left_as_it_was(tmp_path: Path) -> None:
    """After a first snapshot, with room for the weights of the next and not for the solver's state."""
    room = {"solver": "ADAM", "snapshot_interval": 1.0}

    def fill(epoch: float, path: Path) -> None:
        limit_files((tmp_path / RESUME).stat().st_size - 100)

    try:
        with pytest.raises(StorageFull, match=r"resume.pt cannot be written \(File too large\)"):
            train(replace(OPTIONS, **room), tmp_path, Hooks(on_snapshot=fill))
    finally:
        limit_files(None)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        RESUME,
        "snapshot_epoch_1.safetensors",
        "snapshot_epoch_2.safetensors",
    ]
    assert list(train(replace(OPTIONS, **room), tmp_path).snapshots) == [1, 2, 3]


def test_accumulated_batches_are_one_large_batch(tmp_path: Path) -> None:
    net = tiny({"type": "scale", "factor": 0.01}, {"type": "linear"})
    large = train(replace(OPTIONS, batch_size=8), tmp_path / "large", net=net)
    small = train(replace(OPTIONS, batch_size=2, accumulation=4), tmp_path / "small", net=net)
    one, two = (read_snapshot(each.snapshots[3.0]) for each in (large, small))
    assert torch.allclose(one["linear1.weight"], two["linear1.weight"], atol=1e-6)
    assert len(large.figures.points) == len(small.figures.points)


def test_an_abort_keeps_the_snapshots(tmp_path: Path) -> None:
    kept: list[float] = []
    hooks = Hooks(on_snapshot=lambda epoch, path: kept.append(epoch), stop=lambda: bool(kept))
    with pytest.raises(JobAborted):
        train(OPTIONS, tmp_path, hooks)
    assert list(list_snapshots(tmp_path)) == kept == [1]


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path) -> None:
    with pytest.raises(TrainingDiverged, match="Lower the learning rate"):
        train(
            replace(OPTIONS, learning_rate=1e6, solver="NESTEROV"),
            tmp_path,
            net=tiny(
                {"type": "linear"},
            ),
        )
    assert not list_snapshots(tmp_path)


def test_what_cannot_be_trained_is_told(tmp_path: Path) -> None:
    none = Arrays(np.zeros((0, 8, 8, 1), np.uint8), np.zeros(0, np.int64), ["a"])
    with pytest.raises(BadInput, match="no training pictures"):
        train(OPTIONS, tmp_path, source=none)
    with pytest.raises(LimitExceeded, match="too large"):
        train(replace(OPTIONS, batch_size=1 << 30), tmp_path)
    with pytest.raises(BadInput, match="crop"):
        train(replace(OPTIONS, crop_size=17), tmp_path)


class Broken(Arrays):
    def batch(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        raise BadInput("The picture 7 is damaged.")


def test_faults_of_a_source_come_through(tmp_path: Path) -> None:
    source = shades(20)
    with pytest.raises(BadInput, match="picture 7"):
        train(replace(OPTIONS, mean="none"), tmp_path, source=Broken(*source.batch(np.arange(20)), source.labels))


def test_without_a_seed_one_is_drawn_and_kept() -> None:
    first, second = (make_plan(replace(OPTIONS, seed=None), tiny(), shades(9)) for _ in range(2))
    assert first.options.seed != second.options.seed
    assert first.key() != second.key()


def test_whitened_pictures_are_not_scaled_by_torchvisions_networks() -> None:
    net, source = STANDARD["resnet18"].definition(), shades(9, channels=3)
    assert make_plan(OPTIONS, net, source).feed.scale == pytest.approx(1 / 255)
    assert make_plan(replace(OPTIONS, augmentation=Augmentation(whitening=True)), net, source).feed.scale == 1


def test_slopes_of_gradients_are_learned(tmp_path: Path) -> None:
    entries = [{"type": "scale", "factor": 0.004}, {"type": "flatten"}, {"type": "linear", "out_features": 2}]
    net = read_definition(json.dumps({"layers": entries, "loss": "mse"}), classification=False)
    source, val = gradients(1000), gradients(100, seed=1)
    plan = make_plan(Options(epochs=3, seed=1), net, source)
    outcome = Trainer(plan, plan.build(), source, val, tmp_path).run()
    loss = outcome.figures.of("val")[-1].values["loss"]
    assert loss is not None and loss < 1e-3
    assert set(outcome.figures.of("val")[-1].values) == {"loss"}


def test_a_last_layer_of_another_size_than_the_labels_is_named_before_anything_is_trained(tmp_path: Path) -> None:
    entries = [{"type": "flatten"}, {"type": "linear", "name": "slopes", "out_features": 3}]
    net = read_definition(json.dumps({"layers": entries}), classification=False)
    plan = make_plan(Options(epochs=1, seed=1), net, gradients(20))
    three = Arrays(np.zeros((8, 16, 16, 1), np.uint8), np.zeros((8, 3), np.float32), None)
    told: list[Any] = []
    for source, val in ((gradients(20), None), (three, gradients(8))):
        with pytest.raises(BadInput, match=r"'slopes' \(linear\) gives 3 values .* dataset has 1x1x2\."):
            Trainer(plan, plan.build(), source, val, tmp_path, hooks=Hooks(on_begin=told.append)).run()
    assert not told and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("entries", "size", "said"),
    [
        ([{"type": "flatten"}, {"type": "batch_norm", "name": "norm/1"}, {"type": "linear"}], 1, "'norm/1'.*larger"),
        ([{"type": "adaptive_avg_pool2d", "output_size": 1}, {"type": "batch_norm"}, {"type": "linear"}], 1, "larger"),
        ([{"type": "flatten"}, {"type": "batch_norm"}, {"type": "linear"}], 2, ""),
    ],
)
def test_a_layer_that_normalises_single_values_is_named(
    tmp_path: Path, entries: list[dict[str, Any]], size: int, said: str
) -> None:
    options = replace(OPTIONS, epochs=1, batch_size=size, learning_rate=0.001)
    if said:
        with pytest.raises(BadInput, match=said):
            train(options, tmp_path, net=tiny(*entries))
    else:
        assert train(options, tmp_path, net=tiny(*entries)).snapshots


@pytest.mark.slow
def test_lenet_reads_digits(tmp_path: Path) -> None:
    source, val = digits()
    plan = make_plan(
        Options(epochs=5, seed=1, solver="ADAM", learning_rate=0.001), STANDARD["lenet"].definition(), source
    )
    outcome = Trainer(plan, plan.build(), source, val, tmp_path).run()
    accuracy = outcome.figures.of("val")[-1].values["accuracy"]
    assert accuracy is not None and accuracy >= 0.97
