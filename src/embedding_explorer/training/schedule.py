"""When a training validates, keeps a snapshot and reports: pure arithmetic in iterations (contract, 5.6 and 5.7)."""

import math
from dataclasses import dataclass

from embedding_explorer.training.options import Options

REPORTS_PER_EPOCH = 8
IMAGES_PER_REPORT = 5000
DIGITS = 3  # of the epochs of snapshots


@dataclass(frozen=True)
class Schedule:
    """The iterations of a training. One iteration is one step of the solver, over `step_images` pictures.

    Attributes:
        entries: pictures of the training set.
        step_images: batch size times accumulation.
        epochs, snapshot_interval, val_interval: as in `Options`.
    """

    entries: int
    step_images: int
    epochs: int
    snapshot_interval: float
    val_interval: float

    @property
    def per_epoch(self) -> int:
        """Iterations of an epoch; the last one may have fewer pictures."""
        return -(-self.entries // self.step_images)

    @property
    def total(self) -> int:
        """Iterations of the whole training."""
        return self.per_epoch * self.epochs

    @property
    def report_every(self) -> int:
        """Iterations between two values of the training loss: eight an epoch or one per 5000 pictures, the more."""
        return max(1, min(self.per_epoch // REPORTS_PER_EPOCH, IMAGES_PER_REPORT // self.step_images))

    def epoch(self, iteration: int) -> float:
        """How many epochs are done after so many iterations."""
        return iteration / self.per_epoch

    def progress(self, iteration: int) -> float:
        """Percent of the training that is done after so many iterations."""
        return 100 * iteration / self.total

    def snapshot_epoch(self, iteration: int) -> float:
        """The epoch as snapshots have it: three decimals."""
        return round(self.epoch(iteration), DIGITS)

    def reports_at(self, iteration: int) -> bool:
        """Whether the training loss is reported after this iteration, counted from 1."""
        return iteration % self.report_every == 0 or iteration % self.per_epoch == 0

    def validates_at(self, iteration: int) -> bool:
        """Whether there is a validation after this iteration."""
        return self.val_interval > 0 and (iteration == self.total or self._due(iteration, self.val_interval))

    def snapshot_at(self, iteration: int) -> bool:
        """Whether a snapshot is kept after this iteration; always after the last one."""
        if iteration == self.total:
            return True
        epoch = self.snapshot_epoch(iteration)
        if not self._due(iteration, self.snapshot_interval) or epoch in (0, self.snapshot_epoch(self.total)):
            return False
        # A name has three decimals: of iterations that share one, the first is kept.
        earlier = iteration - 1
        while self.snapshot_epoch(earlier) == epoch:
            if self._due(earlier, self.snapshot_interval):
                return False
            earlier -= 1
        return True

    def _due(self, iteration: int, interval: float) -> bool:
        """Whether a whole multiple of `interval` epochs, rounded to iterations, lies here."""
        every = interval * self.per_epoch
        if every <= 0 or interval >= self.epochs:
            return False
        return every <= 1 or math.floor((iteration + 0.5) / every + 1e-9) > math.floor((iteration - 0.5) / every + 1e-9)


def schedule_of(options: Options, entries: int, batch_size: int) -> Schedule:
    """The schedule of a training over so many pictures."""
    images = batch_size * options.accumulation
    return Schedule(entries, images, options.epochs, options.snapshot_interval, options.val_interval)
