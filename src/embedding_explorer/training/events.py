"""Event files of TensorBoard beside a training, which the run logs of this server read as well.

    loss/train, loss/val, accuracy/val, learning_rate/train, epoch/train, …     scalars by step; accuracies as fractions
    images/train, images/inputs, images/val      some pictures of the sets, and of the first as they are fed
    weights/<name>, gradients/<name>             histograms after a snapshot
    features                                     what the last layer sees of a fixed validation sample after a snapshot
    _hparams_/…                                  the options, as a session of TensorBoard's hyper-parameters
    the graph of the network

All of it takes under three percent of a training's time; the bounds here see to that. Random numbers are drawn apart
from those of the training, which gives the same weights with events as without.
"""

import importlib
import logging
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from embedding_explorer.training import chance
from embedding_explorer.training.event_file import EventFile, cut_after, summaries
from embedding_explorer.training.features import FixedSample
from embedding_explorer.training.figures import Point
from embedding_explorer.training.histograms import histogram, shown_parameters
from embedding_explorer.training.models.trainer import Hooks, View
from embedding_explorer.training.projector import Projector, png, sprite, tile_size
from embedding_explorer.training.source import Source

FEATURES = "features"
MAX_DETAILED = 100  # snapshots with histograms and features, evenly spread over a training
MAX_SHOWN = 16  # pictures in a sheet

log = logging.getLogger(__name__)


class Events:
    """The event files of one training in one folder, which becomes a run of that name.

    Hand its hooks to the trainer, after those of others where there are any, and close it at the end:

        with closing(Events(runs / job_id)) as events:
            Trainer(plan, network, train, val, folder, device, hooks.joined(events.hooks())).run()

    A training that is resumed goes on in the same folder: what was written after its last snapshot is removed. All
    methods raise StorageFull when the disk is full, which ends the training; its snapshots stay.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: of the run, its own; made when the training begins."""
        self._folder = folder
        self._file = EventFile(folder)
        self._sample: FixedSample | None = None

    def hooks(self) -> Hooks:
        """For `Trainer`; join them with others by `Hooks.joined`."""
        return Hooks(on_figures=self.on_figures, on_begin=self.on_begin, on_weights=self.on_weights)

    def on_begin(self, view: View) -> None:
        """Remove what is void; of a fresh training write graph, options and sample pictures."""
        self._file.close()
        # All of a fresh training is at step 0, and so is the graph of one that is resumed.
        known = cut_after(self._folder, view.iteration or -1)
        self._file = EventFile(self._folder, purge_step=view.iteration + 1 if known else None)
        projector = self._projector(view)
        projector.cut_after(view.iteration or -1)
        self._sample = FixedSample(view)
        projector.write_sample(self._sample.pixels, self._sample.labels)
        if not known:
            self._describe(view)
        if view.iteration not in (0, *projector.steps()):  # the process ended between snapshot and features
            self.on_weights(view)
        self._file.flush()

    def on_figures(self, point: Point) -> None:
        """Write a scalar of every value, by step."""
        for metric, value in {**point.values, "epoch": point.epoch}.items():
            self._scalar(f"{metric}/{point.phase}", math.nan if value is None else value, point.iteration)

    def on_weights(self, view: View) -> None:
        """Write histograms of weights and of the last step's gradients, and the features of the sample."""
        if is_detailed(view):
            self._histograms(view)
            self._features(view)
        if view.iteration == view.plan.schedule.total:
            self._file.add(view.iteration, summary=_hyperparameters(view)[2])
        self._file.flush()

    def close(self) -> None:
        """Write what is left."""
        self._file.close()

    def _scalar(self, tag: str, value: float, step: int) -> None:
        self._file.add(step, summary=summaries().scalar(tag, value))

    def _histograms(self, view: View) -> None:
        for name, parameter in shown_parameters(view.network):
            for kind, tensor in (("weights", parameter), ("gradients", parameter.grad)):
                found = None if tensor is None else histogram(tensor)
                if found is not None:
                    self._file.add(view.iteration, summary=summaries().histogram_raw(f"{kind}/{name}", **found))

    def _features(self, view: View) -> None:
        features = None if self._sample is None else self._sample.features(view)
        if features is not None:
            self._projector(view).write(view.iteration, features)

    def _projector(self, view: View) -> Projector:
        return Projector(self._folder, FEATURES, view.train.shape)

    def _describe(self, view: View) -> None:
        for summary in _hyperparameters(view)[:2]:
            self._file.add(0, summary=summary)
        for name, source in (("train", view.train), ("val", view.val)):
            if source is not None and len(source):
                self._sheet(f"images/{name}", _pictures(source))
        self._sheet("images/inputs", _inputs(view))
        self._graph(view)

    def _sheet(self, tag: str, pixels: NDArray[np.uint8]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        _, height, width, channels = pixels.shape
        picture = sprite(pixels, tile_size((channels, height, width)))
        image = Summary.Image(
            height=picture.height, width=picture.width, colorspace=3, encoded_image_string=png(picture)
        )
        self._file.add(0, summary=Summary(value=[Summary.Value(tag=tag, image=image)]))

    def _graph(self, view: View) -> None:
        drawing: Any = importlib.import_module("torch.utils.tensorboard._pytorch_graph")
        picture = torch.from_numpy(view.train.batch(np.arange(1))[0]).to(view.device)
        try:
            with warnings.catch_warnings(action="ignore"), torch.no_grad():  # of tracing, which is old but does
                found, _ = drawing.graph(view.network, view.feed.plain(picture))
        except (RuntimeError, ValueError, TypeError) as error:
            log.warning("The graph of the network cannot be drawn: %s", error)
            return
        self._file.add(0, graph_def=found.SerializeToString())


def is_detailed(view: View) -> bool:
    """Whether a snapshot gets histograms and features: all of up to a hundred, else every n-th, and the last."""
    interval, schedule = view.plan.options.snapshot_interval, view.plan.schedule
    if view.iteration == schedule.total or interval <= 0:
        return True
    every = math.ceil(schedule.epochs / interval / MAX_DETAILED)
    return round(schedule.epoch(view.iteration) / interval) % every == 0


def _pictures(source: Source) -> NDArray[np.uint8]:
    """Some pictures of a set, evenly spread, uint8 (N, H, W, C)."""
    chosen = np.linspace(0, len(source) - 1, min(MAX_SHOWN, len(source))).astype(np.int64)
    return source.batch(chosen)[0]


def _inputs(view: View) -> NDArray[np.uint8]:
    """The training pictures of `_pictures` as one step might feed them, changed by chance, from black to white."""
    generator = torch.Generator(view.device).manual_seed(chance.derived(view.plan.seed, chance.SAMPLE, 0))
    fed = view.feed.training(torch.from_numpy(_pictures(view.train)).to(view.device), generator)
    low, high = fed.amin(), fed.amax()
    shares = (fed - low) / (high - low).clamp_min(1e-12)
    return (255 * shares).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def _hyperparameters(view: View) -> tuple[Any, Any, Any]:
    """Summaries of the experiment, of the start of its only session, and of its end."""
    metrics = ["loss/train"]
    if view.val is not None and len(view.val) and view.plan.options.val_interval > 0:
        metrics += ["loss/val", "accuracy/val"] if view.plan.loss == "cross_entropy" else ["loss/val"]
    found: tuple[Any, Any, Any] = summaries().hparams(_options(view), dict.fromkeys(metrics))
    return found


def _options(view: View) -> dict[str, float | str | bool]:
    """Every option by name, those of policy and augmentation after a point; what is not set is left out."""
    found: dict[str, Any] = {"network": view.plan.definition.standard or view.plan.definition.name or "custom"}
    found |= {"images": view.plan.schedule.entries, "loss": view.plan.loss}
    _flatten(view.plan.options.to_json(), "", found)
    return found


def _flatten(values: dict[str, Any], prefix: str, into: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{name}.", into)
        elif isinstance(value, (list, tuple)):
            into[prefix + name] = ", ".join(map(str, value))
        elif value is not None:
            into[prefix + name] = value
