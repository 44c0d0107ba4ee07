"""The training loop: steps, validations, reports, snapshots; resumed from the last snapshot after a crash.

On a CPU a resumed training gives the same weights and figures, bit for bit, as one that was never interrupted: every
random number depends on the seed and its place alone (see `chance`), and sums since the last report are kept.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from embedding_explorer.errors import JobAborted, TrainingDiverged
from embedding_explorer.training import chance
from embedding_explorer.training.figures import RATE, Figures, Phase, Point, figures_from_json, finite
from embedding_explorer.training.loading import Loader
from embedding_explorer.training.models.failures import check_outputs, failure
from embedding_explorer.training.models.input import Feed
from embedding_explorer.training.models.losses import judge
from embedding_explorer.training.models.plan import Plan, uses_bfloat16
from embedding_explorer.training.models.solvers import make_solver, set_rate
from embedding_explorer.training.models.sums import Sums
from embedding_explorer.training.models.validation import validate
from embedding_explorer.training.snapshots import (
    Resume,
    list_snapshots,
    read_resume,
    read_snapshot,
    write_resume,
    write_snapshot,
)
from embedding_explorer.training.source import Source

PROGRESS_SECONDS = 0.5


@dataclass(frozen=True)
class View:
    """A training from inside, for hooks that look at its network. They may switch it to `eval`, and must change nothing.

    Attributes:
        plan: of the training.
        network: on `device`; right after a step its parameters still have the gradients of that step.
        feed: how pictures become inputs, on `device`.
        train, val: the sets.
        device: where it is trained.
        iteration: steps that are done.
        precision: the context in which the network is run.
    """

    plan: Plan
    network: nn.Module
    feed: Feed
    train: Source
    val: Source | None
    device: torch.device
    iteration: int
    precision: Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Hooks:
    """What a server wants to know while a training runs; all are called in the thread of the training.

    Attributes:
        on_figures: a new point of the graphs.
        on_snapshot: epoch and file of a snapshot that is whole on disk.
        on_progress: percent, at most twice a second.
        on_resume: the training goes on after these figures; later ones that were shown before are void.
        on_begin: before the first step, or the first one after an interruption; what was told of later ones is void.
        on_weights: after a snapshot.
        stop: asked before every step; True ends the training with JobAborted.
    """

    on_figures: Callable[[Point], object] = lambda point: None
    on_snapshot: Callable[[float, Path], object] = lambda epoch, path: None
    on_progress: Callable[[float], object] = lambda percent: None
    on_resume: Callable[[Figures], object] = lambda figures: None
    on_begin: Callable[[View], object] = lambda view: None
    on_weights: Callable[[View], object] = lambda view: None
    stop: Callable[[], bool] = lambda: False

    def joined(self, other: "Hooks") -> "Hooks":
        """Both: every one of these, then that of `other`; either may stop the training."""
        names = [each.name for each in fields(self) if each.name != "stop"]
        both = {name: _in_turn(getattr(self, name), getattr(other, name)) for name in names}
        return Hooks(**both, stop=lambda: self.stop() or other.stop())


@dataclass
class Outcome:
    """What a training gave: all figures, and the files of its snapshots by epoch."""

    figures: Figures = field(default_factory=Figures)
    snapshots: dict[float, Path] = field(default_factory=dict)


class Trainer:
    """One training in one folder."""

    def __init__(
        self,
        plan: Plan,
        network: nn.Module,
        train: Source,
        val: Source | None,
        folder: Path,
        device: str = "cpu",
        hooks: Hooks | None = None,
    ) -> None:
        """
        Args:
            plan: see `make_plan`.
            network: of `plan.build()`, with other weights put in where it does not start afresh.
            train, val: the sets; a validation set that is empty is none.
            folder: for snapshots; must exist.
            device: "cpu", "cuda" or "cuda:1".
            hooks: what to call.
        """
        self._plan, self._train, self._val, self._folder = plan, train, val, folder
        self._device, self._hooks = torch.device(device), hooks or Hooks()
        memory: Any = {"memory_format": torch.channels_last}
        self._network: nn.Module = network.to(self._device, **memory)
        self._feed = plan.feed.to(self._device)
        self._solver: Optimizer = make_solver(plan.options, self._network.parameters())
        self._bfloat16 = uses_bfloat16(plan.options.precision, self._device, network)
        self._sums, self._done, self._told = Sums(), 0, 0.0
        self.figures = Figures()

    def run(self) -> Outcome:
        """Train to the end, from the last snapshot if there is one of this very training.

        Raises:
            JobAborted: `hooks.stop` said so; snapshots stay.
            TrainingDiverged: the loss is no number any more.
            BadInput: the network does not suit the pictures or their labels, or what was kept of the training is of
                no use.
            StorageFull: a snapshot cannot be written.
            OSError: the disk fails in another way.
        """
        for source in filter(None, (self._train, self._val)):  # an empty set is none
            check_outputs(self._plan.definition, source)
        self._prepare_device()
        self._resume()
        with closing(Loader(self._train, self._device.type == "cuda")) as loader:
            loader.check(self._plan.batch_size)
            self._hooks.on_begin(self._view())
            try:
                self._steps(loader)
            except (RuntimeError, ValueError) as error:  # what operators raise for shapes and memory
                raise failure(self._network, error) from error
        return Outcome(self.figures, list_snapshots(self._folder))

    def _prepare_device(self) -> None:
        if self._device.type == "cuda":
            # Trying out kernels is faster, but which of them wins differs from run to run.
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision("high")

    def _steps(self, loader: Loader) -> None:
        plan, options = self._plan, self._plan.options
        total = plan.schedule.total
        steps = chance.all_batches(
            plan.seed, len(self._train), options.shuffle, plan.batch_size, options.accumulation, self._done, total
        )
        counts: deque[int] = deque()
        batches = loader.batches(_flat(steps, counts))
        for iteration in range(self._done + 1, total + 1):
            if self._hooks.stop():
                raise JobAborted("The training was aborted; its snapshots stay usable.")
            first = next(batches)  # reading ahead has noted the sizes of this step by now
            self._step(iteration, counts.popleft(), first, batches)
            self._after(iteration)

    def _step(
        self, iteration: int, images: int, batch: tuple[Tensor, Tensor], more: Iterator[tuple[Tensor, Tensor]]
    ) -> None:
        """One step of the solver: gradients of all its batches, weighted by their sizes, so that their sum is that of
        the mean loss over all pictures of the step.
        """
        plan = self._plan
        self._network.train()
        self._solver.zero_grad(set_to_none=True)
        set_rate(self._solver, self._rate(iteration))
        seen = part = 0
        while True:
            pixels, targets = (each.to(self._device, non_blocking=True) for each in batch)
            generator = torch.Generator(self._device).manual_seed(
                chance.derived(plan.seed, chance.CHANGES, iteration, part)
            )
            torch.manual_seed(chance.derived(plan.seed, chance.NETWORK, iteration, part))
            inputs = self._feed.training(pixels, generator)
            with self._precision():
                outputs = self._network(inputs)
            judged = judge(outputs, targets, plan.loss)
            (judged.loss * (len(pixels) / images)).backward()  # type: ignore[no-untyped-call]
            self._sums.add(judged.values, len(pixels))
            seen, part = seen + len(pixels), part + 1
            if seen >= images:
                break
            batch = next(more)
        self._solver.step()
        self._done = iteration

    def _rate(self, iteration: int) -> float:
        """The rate of the step that leads to `iteration`: progress is counted before the step."""
        options = self._plan.options
        return options.policy.rate(options.learning_rate, self._plan.schedule.progress(iteration - 1))

    def _after(self, iteration: int) -> None:
        schedule = self._plan.schedule
        snapshot, validation = schedule.snapshot_at(iteration), schedule.validates_at(iteration)
        if schedule.reports_at(iteration) or iteration == schedule.total:
            self._report("train", iteration, self._checked(self._sums) | {RATE: self._rate(iteration)})
            self._sums = Sums()
        elif snapshot:
            self._checked(self._sums)  # weights that are no numbers are not worth a snapshot
        if validation and self._val is not None and len(self._val):
            values = validate(
                self._network, self._feed, self._val, self._plan.val_batch_size, self._plan.loss, self._device,
                self._precision, self._hooks.stop,
            )  # fmt: skip
            self._report("val", iteration, values)
        if snapshot:
            self._snapshot(iteration)
        now = time.monotonic()
        if now - self._told > PROGRESS_SECONDS or iteration == schedule.total:
            self._told = now
            self._hooks.on_progress(schedule.progress(iteration))

    def _checked(self, sums: Sums) -> dict[str, float]:
        values = sums.means()
        if any(value is None for value in finite(values).values()):
            raise TrainingDiverged(
                "The training loss is no finite number any more. Lower the learning rate, to a tenth for a start."
            )
        return values

    def _report(self, phase: Phase, iteration: int, values: dict[str, float]) -> None:
        point = Point(phase, self._plan.schedule.epoch(iteration), iteration, finite(values))
        self.figures.add(point)
        self._hooks.on_figures(point)

    def _snapshot(self, iteration: int) -> None:
        epoch = self._plan.schedule.snapshot_epoch(iteration)
        facts = {"epoch": epoch, "iteration": iteration}
        path = write_snapshot(self._folder, epoch, self._network.state_dict(), facts)
        progress = {"figures": self.figures.to_json(), "sums": self._sums.to_json()}
        write_resume(self._folder, Resume(iteration, epoch, self._solver.state_dict(), progress, self._plan.key()))
        self._hooks.on_snapshot(epoch, path)
        self._hooks.on_weights(self._view())

    def _resume(self) -> None:
        found, snapshots = read_resume(self._folder, self._plan.key()), list_snapshots(self._folder)
        if found is None:
            for path in snapshots.values():  # one at most, whose state a crash prevented
                path.unlink()
            return
        self._network.load_state_dict(read_snapshot(snapshots[found.epoch]))
        self._solver.load_state_dict(found.solver)
        self.figures = figures_from_json(found.progress["figures"])
        self._sums, self._done = Sums.from_json(found.progress["sums"]), found.iteration
        self._hooks.on_resume(self.figures)

    def _view(self) -> View:
        return View(
            self._plan, self._network, self._feed, self._train, self._val, self._device, self._done, self._precision
        )

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self._device.type, torch.bfloat16) if self._bfloat16 else nullcontext()


def _in_turn(first: Callable[..., object], second: Callable[..., object]) -> Callable[..., None]:
    def both(*arguments: Any) -> None:
        first(*arguments)
        second(*arguments)

    return both


def _flat(steps: Iterator[tuple[int, list[Any]]], counts: deque[int]) -> Iterator[Any]:
    """The batches of all steps one after the other; the pictures of each step are noted in `counts`."""
    for _, batches in steps:
        counts.append(sum(map(len, batches)))
        yield from batches
