"""Event files of TensorBoard beside a training, which the run logs of this server read as well."""

import importlib
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedding_explorer.training.figures import Figures, Point

TAG = "{metric}/{phase}"


class Events:
    """Writes scalars: `loss/train`, `accuracy/val`, `learning_rate/train`, …, by step; accuracies as fractions."""

    def __init__(self, folder: Path) -> None:
        """`folder`: that of the run; made if it is missing. Without the package tensorboard nothing is written."""
        self._folder = folder
        self._writer: Any = None
        with suppress(ImportError):
            self._writer = _writer(folder)

    @property
    def written(self) -> bool:
        """Whether anything is written at all."""
        return self._writer is not None

    def on_figures(self, point: Point) -> None:
        """A hook of `Hooks`."""
        self._add(point.phase, point.iteration, point.epoch, point.values)

    def on_resume(self, figures: Figures) -> None:
        """A hook of `Hooks`: what was written after the last snapshot is void, and is left out by readers."""
        if self._writer is None or not figures.points:
            return
        self._writer.close()
        self._writer = _writer(self._folder, purge_step=figures.points[-1].iteration + 1)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()

    def _add(self, phase: str, step: int, epoch: float, values: Mapping[str, float | None]) -> None:
        if self._writer is None:
            return
        for metric, value in values.items():
            self._writer.add_scalar(TAG.format(metric=metric, phase=phase), math.nan if value is None else value, step)
        self._writer.add_scalar(TAG.format(metric="epoch", phase=phase), epoch, step)


def _writer(folder: Path, **options: Any) -> Any:
    module: Any = importlib.import_module("torch.utils.tensorboard.writer")
    return module.SummaryWriter(str(folder), flush_secs=5, **options)
