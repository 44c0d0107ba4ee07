"""One training from the files of its job: request and dataset in, snapshots, figures, events and a log out."""

import shutil
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol

import torch

from embedding_explorer.datasets.progress import Report
from embedding_explorer.errors import JobAborted
from embedding_explorer.jobs.training.folders import FIGURES, Request, line_of, read_request, write_figures
from embedding_explorer.networks.devices import cuda_available, usable_cpus
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import TrainingDataset
from embedding_explorer.training.datasets.log import TaskLog
from embedding_explorer.training.events import Events
from embedding_explorer.training.figures import Figures, Point, whole
from embedding_explorer.training.models.folder import SOLVER, write_model
from embedding_explorer.training.models.plan import Plan, make_plan
from embedding_explorer.training.models.start import load_start, read_weights
from embedding_explorer.training.models.trainer import Hooks, Trainer, View
from embedding_explorer.training.options import Options, options_from_text
from embedding_explorer.training.snapshots import read_resume
from embedding_explorer.training.source import Source

STAGE = "train"
LISTEN_SECONDS = 0.2  # between two looks whether the training was aborted


class Sources(Protocol):
    """A dataset with its sets, open."""

    dataset: TrainingDataset

    @property
    def train(self) -> Source:
        """Pictures to train with."""

    @property
    def val(self) -> Source | None:
        """Pictures to validate with."""


class Training:
    """Prepares a training, runs it, and tells of it."""

    def __init__(
        self, settings: Settings, folder: Path, run: Path, sources: Sources, log: TaskLog, report: Report
    ) -> None:
        """
        Args:
            folder: of the job, with its request.
            run: for event files.
            log: takes lines.
            report: takes (stage, steps that are done, all steps), and raises JobAborted to end the work.
        """
        self._folder, self._run, self._sources, self._log, self._report = folder, run, sources, log, report
        self._request: Request = read_request(folder)
        self._device = choose_device(settings.device, self._request.gpus)
        self._max_parameters = settings.max_network_parameters
        self._steps, self._done, self._told = 0, 0, 0.0

    def run(self) -> None:
        """Train to the end; raises as `Trainer.run`, `make_plan`, `load_start` and `read_resume` do."""
        torch.set_num_threads(usable_cpus())
        plan = make_plan(self._options(), self._request.definition, self._sources.train, self._sources.dataset.mean)
        self._steps = plan.schedule.total
        network = plan.build(self._max_parameters)
        self._load_start(network)
        self._check()
        if read_resume(self._folder, plan.key()) is None:  # before anything is written: a refusal changes nothing
            self._clear()
        write_model(self._folder, plan, self._sources.train.labels)
        self._tell_plan(plan)
        with closing(_FiguresFile(self._folder / FIGURES)) as figures, closing(Events(self._run)) as events:
            hooks = self._hooks(figures).joined(events.hooks())
            Trainer(plan, network, self._sources.train, self._sources.val, self._folder, self._device, hooks).run()
        self._log("trained to the end")

    def _clear(self) -> None:
        """Remove the event files of an attempt that kept no snapshot."""
        if (self._folder / SOLVER).is_file():
            self._log("begins anew: the attempt before ended without a snapshot to go on from")
        shutil.rmtree(self._run, ignore_errors=True)

    def _options(self) -> Options:
        """Those of the form; once the training has begun, with the seed that was drawn then."""
        begun = self._folder / SOLVER
        return options_from_text(begun.read_text()) if begun.is_file() else self._request.options

    def _load_start(self, network: torch.nn.Module) -> None:
        if not self._request.start:
            return
        paths = [self._folder / name for name in self._request.start]
        loaded = load_start(network, read_weights(paths), self._request.new_head)
        self._log(f"started from weights: {len(loaded.taken)} tensors fit")
        for name in loaded.left:
            self._log(f"left out the weights {name!r}: the network has none of that name and shape, or its head is new")

    def _tell_plan(self, plan: Plan) -> None:
        sets = f"{len(self._sources.train)} pictures, {len(self._sources.val or ())} to validate"
        self._log(f"training on {self._device}: {sets}, {self._steps} steps of {plan.batch_size}, seed {plan.seed}")
        if len(self._request.gpus) > 1:
            self._log(f"several GPUs were chosen; the first one is used: {self._device}")

    def _hooks(self, figures: "_FiguresFile") -> Hooks:
        return Hooks(
            on_figures=lambda point: self._on_figures(figures, point),
            on_snapshot=lambda epoch, path: self._log(f"kept {path.name}"),
            on_progress=self._on_progress,
            on_resume=lambda kept: self._on_resume(figures, kept),
            on_begin=lambda view: self._on_begin(figures, view),
            stop=self._stop,
        )

    def _on_begin(self, figures: "_FiguresFile", view: View) -> None:
        if not view.iteration:
            figures.replace(Figures())
        self._done = view.iteration
        self._check()

    def _on_resume(self, figures: "_FiguresFile", kept: Figures) -> None:
        figures.replace(kept)
        self._log("goes on from the last snapshot")

    def _on_figures(self, figures: "_FiguresFile", point: Point) -> None:
        figures.add(point)
        if point.phase == "val":
            values = ", ".join(f"{name} {value}" for name, value in point.values.items())
            self._log(f"epoch {whole(point.epoch)}: {values}")

    def _on_progress(self, percent: float) -> None:
        self._done = round(percent * self._steps / 100)
        self._check()

    def _check(self) -> None:
        """Tell how far it is; raises JobAborted."""
        self._told = time.monotonic()
        self._report(STAGE, self._done, self._steps)

    def _stop(self) -> bool:
        if time.monotonic() - self._told < LISTEN_SECONDS:
            return False
        try:
            self._check()
        except JobAborted:
            return True
        return False


class _FiguresFile:
    """Appends points to a file that others read meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("a", encoding="utf-8")

    def replace(self, figures: Figures) -> None:
        """Let the file have these and no others."""
        self._file.close()
        write_figures(self._path, figures)
        self._file = self._path.open("a", encoding="utf-8")

    def add(self, point: Point) -> None:
        """Append a point, to be read at once."""
        self._file.write(line_of(point))
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def choose_device(wanted: str, gpus: tuple[int, ...]) -> str:
    """Where to train: "cpu", or the first of the GPUs that were chosen. `wanted`: the setting `EXPLORER_DEVICE`."""
    if wanted == "cpu" or not cuda_available():
        return "cpu"
    return f"cuda:{gpus[0] if gpus else 0}"
