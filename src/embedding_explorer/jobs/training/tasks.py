"""What the training worker does. As in `jobs.tasks`, a task takes the context, a `report`, and JSON arguments."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from embedding_explorer.datasets.progress import Report
from embedding_explorer.errors import ExplorerError
from embedding_explorer.jobs.training.folders import LOG
from embedding_explorer.jobs.training.records import JobType
from embedding_explorer.jobs.training.sites import bounds_of, places_of, spec_of
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import (
    ClassificationSpec,
    Site,
    TrainingDataset,
    build_classification,
    build_generic,
)
from embedding_explorer.training.datasets.log import TaskLog

log = logging.getLogger(__name__)
CREATE_LOG = "create.log"


class Context:
    """The settings, and nothing to warm up: a dataset needs no torch."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def warm_up(self) -> dict[str, Any]:
        """What the worker says when it is ready."""
        return {}


def create_dataset(
    context: Context,
    report: Report,
    *,
    folder: str,
    type: str,
    extension: str,
    form: dict[str, Any],
    files: dict[str, str],
    seed: int,
) -> None:
    """Make a dataset in its folder, or go on where an attempt broke off."""
    settings = context.settings
    with _log_of_failure(Path(folder) / CREATE_LOG):
        paths = {name: Path(path) for name, path in files.items()}
        spec = spec_of(JobType(type), extension, form, paths, settings)
        site = Site(Path(folder), places_of(settings), seed, report, bounds_of(settings))
        if isinstance(spec, ClassificationSpec):
            build_classification(spec, site)
        else:
            build_generic(spec, site)


def train(context: Context, report: Report, *, folder: str, dataset: str, run: str) -> None:
    """Train a model in its folder, or go on from its last snapshot."""
    from embedding_explorer.jobs.training.train import Training

    path = Path(folder) / LOG
    with _log_of_failure(path), TaskLog(path) as told, closing(_Sources(Path(dataset))) as sources:
        Training(context.settings, Path(folder), Path(run), sources, told, report).run()


class _Sources:
    """The sets of a dataset, as far as a training needs them."""

    def __init__(self, folder: Path) -> None:
        self.dataset = TrainingDataset(folder)
        self.train = self.dataset.source("train")
        state = self.dataset.state("val")
        self.val = self.dataset.source("val") if state is not None and state.done and state.entries else None

    def close(self) -> None:
        self.train.close()
        if self.val is not None:
            self.val.close()


@contextmanager
def _log_of_failure(path: Path) -> Iterator[None]:
    """Keep in a log where a defect of ours came from; what is expected to go wrong says enough by itself."""
    try:
        yield
    except ExplorerError:
        raise
    except Exception:
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(traceback.format_exc())
        except OSError as error:  # the disk may be what is wrong
            log.warning("%s cannot be written: %s", path, error)
        raise


TASKS = {task.__name__: task for task in (create_dataset, train)}
