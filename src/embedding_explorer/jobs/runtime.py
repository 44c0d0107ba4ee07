"""All that a running server holds, and what it does at its start and end."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from embedding_explorer.database import Database
from embedding_explorer.datasets.seed_import import find_seed
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.errors import Busy, ExplorerError
from embedding_explorer.jobs import networks
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.client import COMMAND, WorkerClient
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.projections import ProjectedLogs
from embedding_explorer.jobs.run_logs import RunLogs
from embedding_explorer.jobs.service import JobService, clean_up
from embedding_explorer.jobs.training.inference import Inference
from embedding_explorer.jobs.training.service import COMMAND as TRAINING_COMMAND
from embedding_explorer.jobs.training.service import TrainingService
from embedding_explorer.settings import Settings

log = logging.getLogger(__name__)
COUNT_EVERY = 1.0  # seconds that the number of datasets in /status may lag behind
REPLACE = "Replace it: embedding-explorer ingest FOLDER --main, or post a ZIP to /dataset."


class Runtime:
    """Datasets, catalog, lock, worker, jobs, registered networks and run logs of one server; `logs` are started before it."""

    def __init__(
        self,
        settings: Settings,
        logs: RunLogs,
        worker_command: Sequence[str] = COMMAND,
        inference_command: Sequence[str] = networks.COMMAND,
        training_command: Sequence[str] = TRAINING_COMMAND,
    ) -> None:
        self.settings = settings
        settings.data.mkdir(parents=True, exist_ok=True)
        self.store = DatasetStore(settings.data)
        database = Database.of(settings)
        self.catalog = Catalog(database)
        self.lock = BusyLock(settings.data)
        self.worker = WorkerClient(settings.environment(), worker_command)
        self.jobs = JobService(settings.data, self.catalog, self.lock, self.worker)
        self.networks = networks.NetworkService(settings, database, self.lock, inference_command)
        self.training = TrainingService(settings, database, self.lock, training_command)
        self.inference = Inference(settings, self.lock, self.training.inference)
        self.jobs.training = self.training.shown
        self.run_logs = ProjectedLogs(settings, logs)
        self._stopping = threading.Event()
        self._counted: tuple[float, int] = (-COUNT_EVERY, 0)

    def start(self) -> None:
        """Clean up after a crash, start the worker, and see to a first dataset, all but the first in the background."""
        try:
            clean_up(self.settings.data, self.catalog, self.lock)
            self.store.sweep()
        except Busy:
            log.info("another process works in the data folder; its files are left alone")
        self.training.start()
        self.worker.start()
        self.networks.start()
        self.inference.start()
        threading.Thread(target=self._first_dataset, name="first-dataset", daemon=True).start()

    def stop(self) -> None:
        """End the worker; a job in progress fails and is cleaned up."""
        self._stopping.set()
        self.jobs.stop()
        self.training.stop()
        self.networks.stop()
        self.inference.stop()
        self.run_logs.stop()
        self.worker.stop()
        deadline = time.monotonic() + 5
        while self.lock.held_here() and time.monotonic() < deadline:
            time.sleep(0.02)

    def stopping(self) -> bool:
        """Whether the server is about to end: for answers that would go on for ever."""
        return self._stopping.is_set()

    def count(self) -> int:
        """How many datasets there are."""
        counted, number = self._counted
        if time.monotonic() - counted > COUNT_EVERY:
            number = len(self.store.list())
            self._counted = (time.monotonic(), number)
        return number

    def recipe(self) -> list[Any]:
        """What, beside an upload's own options, decides on the numbers of its dataset."""
        settings = self.settings
        chosen = self.worker.info.get("network")
        return [chosen, settings.precision, settings.features_dtype, settings.umap_seed, settings.umap_seeded_limit]

    def _first_dataset(self) -> None:
        while not self.worker.wait_ready(1.0):
            if self._stopping.is_set():
                return
        while not self._stopping.is_set():
            try:
                return self._import_or_start()
            except Busy:
                self._stopping.wait(1.0)  # somebody's job goes first
            except ExplorerError as error:
                return log.error("the first dataset could not be made: %s", error)

    def _import_or_start(self) -> None:
        seed = find_seed(self.settings.data)
        if seed is not None:
            log.info("importing the seed layout %s", seed)
            job = self.jobs.begin("import", seed.name)
            result = self.jobs.start(
                job, "import", {"source": str(seed), "staging": str(self.jobs.staging_of(job))}
            ).result()
            return log.info("imported %d images as main dataset %s", result["total"], result["dataset"])
        if self.settings.starter and not self.store.list():
            log.info("there is no dataset yet: building a small one of handwritten digits")
            job = self.jobs.begin("starter", "Handwritten digits")
            result = self.jobs.start(job, "starter", {"staging": str(self.jobs.staging_of(job))}).result()
            log.info("the digits are the main dataset now (%s). %s", result["dataset"], REPLACE)
