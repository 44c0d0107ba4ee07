"""Training through this project against a plain script over the same pictures: pictures a second, waiting, logging.

Both read the same PNG files' pixels: the script from the folder, this project from the dataset that it made of it. Both
have the same network, batches, crop, mirroring, precision and memory layout.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from benchmarks.table import Row, say
from embedding_explorer.jobs.training.worker import SPINS

# Logging is compared with a usual training of CIFAR-10.
CIFAR, EPOCHS = 50_000, 30


@dataclass(frozen=True)
class Case:
    """One training: pictures of `stored` pixels, of which `side` are fed."""

    name: str
    network: str
    stored: int
    side: int
    channels: int
    batch: int
    count: int


CASES = (
    Case("LeNet, 28 px gray", "lenet", 28, 28, 1, 64, 6000),
    Case("LeNet, 32 px", "lenet", 32, 32, 3, 64, 6000),
    Case("ResNet-18, 32 px", "resnet18", 32, 32, 3, 64, 1000),
    Case("ResNet-18, 224 px", "resnet18", 256, 224, 3, 32, 128),
)


def measure(photos: Path, runs: int) -> list[Row]:
    """Each case, ours and plain in turn."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)  # as the worker does, before torch is there; for both
    rows: list[Row] = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            rows += measure_case(case, Path(folder), runs)
    return rows


def measure_case(case: Case, folder: Path, runs: int) -> list[Row]:
    """Throughput, waiting, and what logging costs; medians."""
    pictures = write_pictures(folder / "pictures", case)
    ours, plain, waiting, logging = [], [], [], []
    with_ours, with_plain = our_training(case, pictures, folder), plain_training(case, pictures, folder)
    for run in range(runs + 1):
        seconds, waited, logged = with_ours()
        rival = with_plain()
        say(f"{case.name}: {case.count / seconds:.0f} /s, plain {case.count / rival:.0f} /s")
        if run:  # the first makes what is made at a first use
            ours.append(case.count / seconds)
            plain.append(case.count / rival)
            waiting.append(waited / seconds)
            logging.append(logged / (logged + CIFAR * seconds / case.count))
    speed, rival_speed = median(ours), median(plain)
    ratio = median(one / two for one, two in zip(ours, plain, strict=True))
    return [
        Row(f"training {case.name}", f"{speed:.0f} /s", f"{rival_speed:.0f} /s", f"{ratio:.2f} x", ">= 1 x"),
        Row("… share of the time waiting for pictures", f"{100 * median(waiting):.1f} %"),
        Row("… event files, of the time for CIFAR-10", f"{100 * median(logging):.1f} %", "", "", "<= 3 %"),
    ]


def write_pictures(folder: Path, case: Case) -> Path:
    """Smooth noise in ten folders, about as large as photographs of that size."""
    random = np.random.default_rng(0)
    for number in range(case.count):
        coarse = random.integers(0, 256, (case.stored // 4, case.stored // 4, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((case.stored, case.stored), Image.Resampling.BICUBIC)
        path = folder / str(number % 10) / f"{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        (picture.convert("L") if case.channels == 1 else picture).save(path, compress_level=1)
    return folder


def our_training(case: Case, pictures: Path, folder: Path) -> Callable[[], tuple[float, float, float]]:
    """A function that trains an epoch: seconds of its steps, of them waiting, and an epoch's of event files."""
    from embedding_explorer.training import features
    from embedding_explorer.training.events import Events
    from embedding_explorer.training.models import trainer

    source, plan = prepare(case, pictures, folder)

    def run() -> tuple[float, float, float]:
        clock = Clock()
        with tempfile.TemporaryDirectory(dir=folder) as out, closing(Events(Path(out) / "run")) as events:
            hooks = clock.within(events.hooks())
            training = trainer.Trainer(plan, plan.build(), source, None, Path(out), hooks=hooks)
            # The sample of pictures is as large as it is for CIFAR-10.
            large, timed = patch.object(features, "LEAST", features.MOST), clock.loader(trainer.Loader)
            with large, patch.object(trainer, "Loader", timed):
                start = time.perf_counter()
                training.run()
                return clock.stepped - start - clock.begun, clock.waited, clock.logged + clock.begun / EPOCHS

    return run


def prepare(case: Case, pictures: Path, folder: Path) -> tuple[Any, Any]:
    """The dataset as the API makes it, all for training, and the plan."""
    from embedding_explorer.training.datasets import Places, Site, TrainingDataset, build_classification
    from embedding_explorer.training.datasets import parse_classification_form as parse
    from embedding_explorer.training.definitions.standard import STANDARD
    from embedding_explorer.training.models.plan import make_plan
    from embedding_explorer.training.options import Augmentation, Options

    places, job = Places([pictures]), folder / "job"
    job.mkdir()
    form = {"dataset_name": "x", "folder_train": str(pictures), "folder_pct_val": "0", "encoding": "png"}
    size = {"resize_width": str(case.stored), "resize_height": str(case.stored), "resize_channels": str(case.channels)}
    build_classification(parse(form | size, {}, places), Site(job, places, 1, lambda *_: None))
    dataset = TrainingDataset(job)
    crop = case.side if case.network != "lenet" else None
    options = Options(
        epochs=1,
        batch_size=case.batch,
        seed=1,
        crop_size=crop,
        augmentation=Augmentation(flip="fliplr"),
        val_interval=0,
    )
    source = dataset.source("train")
    return source, make_plan(options, STANDARD[case.network].definition(), source, dataset.mean)


class Clock:
    """Adds up seconds: `waited` for pictures, `logged` after the first step, `begun` before it.

    `stepped` is the moment after the last step: of so short an epoch, the snapshot would be too large a part.
    """

    def __init__(self) -> None:
        self.waited = self.logged = self.begun = self.stepped = 0.0

    def within(self, hooks: Any) -> Any:
        """The hooks, timed."""
        names = [each.name for each in fields(hooks) if each.name.startswith("on_")]
        return type(hooks)(**{name: self._timed(name, getattr(hooks, name)) for name in names})

    def loader(self, kind: type) -> type:
        """A loader whose batches are waited for by the clock."""
        clock = self

        class Timed(kind):  # type: ignore[misc, valid-type]
            def batches(self, wanted: Iterable[Any]) -> Iterator[Any]:
                batches = super().batches(wanted)
                while True:
                    start = time.perf_counter()
                    batch = next(batches, None)
                    clock.waited += time.perf_counter() - start
                    if batch is None:
                        return
                    yield batch

        return Timed

    def _timed(self, name: str, hook: Callable[..., object]) -> Callable[..., None]:
        def timed(*arguments: Any) -> None:
            start = time.perf_counter()
            if name == "on_figures":
                self.stepped = start
            hook(*arguments)
            seconds = time.perf_counter() - start
            if name == "on_begin":
                self.begun += seconds
            else:
                self.logged += seconds

        return timed


def plain_training(case: Case, pictures: Path, folder: Path) -> Callable[[], float]:
    """A function that trains an epoch the plain way: seconds."""
    import torch

    from benchmarks import plain_training as plain  # imports torch
    from embedding_explorer.networks.devices import usable_cpus
    from embedding_explorer.training.definitions.standard import STANDARD
    from embedding_explorer.training.models.build import build_network
    from embedding_explorer.training.models.plan import uses_bfloat16

    fitted = STANDARD[case.network].definition().for_data(
        (case.channels, case.stored, case.stored), 10, case.side if case.network != "lenet" else None
    )  # fmt: skip
    network = build_network(fitted)
    fast = uses_bfloat16("auto", torch.device("cpu"), network)
    batches = plain.loader(pictures, case.side, case.channels, case.batch, usable_cpus())
    next(iter(batches))  # its workers are started once, for all epochs

    def run() -> float:
        start = time.perf_counter()
        precision = (lambda: torch.autocast("cpu", torch.bfloat16)) if fast else nullcontext
        plain.train(network, batches, precision)
        return time.perf_counter() - start

    return run
