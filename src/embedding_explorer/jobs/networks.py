"""Registered networks of a running server: their records, their tasks, and the queue that works on these."""

import logging
import secrets
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from embedding_explorer.database import Database
from embedding_explorer.errors import CatalogUnavailable, NotDeployed, RegisteredNetworkNotFound, StorageFull
from embedding_explorer.images.remote import Limits, listens_on_loopback
from embedding_explorer.jobs.bounded import BoundedWorker
from embedding_explorer.jobs.client import WorkerClient
from embedding_explorer.jobs.inference import Bounds, InferenceQueue, Picture, Work
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.snapshot_networks import check_snapshot, wanted_snapshot
from embedding_explorer.jobs.task_records import DEPLOYMENT, ERROR, INFERENCE, PENDING, Task, TaskRecords
from embedding_explorer.networks.frameworks import FRAMEWORKS
from embedding_explorer.networks.public import PUBLIC, find_public
from embedding_explorer.networks.registered.extraction import check_pooling_of, choose, find_registered, key_of
from embedding_explorer.networks.registered.folder import LAYERS
from embedding_explorer.networks.registered.names_of_layers import check_layer, check_names
from embedding_explorer.networks.registered.records import Draft, Key, Network, text_of
from embedding_explorer.networks.registered.store import NetworkStore, not_found
from embedding_explorer.networks.registered.submission import missing_extra
from embedding_explorer.settings import Settings

log = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "embedding_explorer.jobs.inference_worker")
RESTARTED = "The server was restarted before this task had ended. Send it again."
DELETED = "The network was deleted."
NO_SPACE = "The server could not keep what this task needs. Send it again later."
STAGING = "network-"  # staging folders of requests of the networks API
SWEEP_EVERY = 600.0  # seconds


class NetworkService:
    """What the networks API works with. Methods may be called from any thread."""

    def __init__(
        self, settings: Settings, database: Database, lock: BusyLock, command: Sequence[str] = COMMAND
    ) -> None:
        self.settings, self.staging = settings, settings.data / "staging"
        self.store, self.tasks = NetworkStore(settings.data, database), TaskRecords(settings.data, database)
        client = WorkerClient(settings.environment(secrets=False), command, name="inference worker")
        worker = BoundedWorker(client, settings.inference_memory, settings.inference_seconds)
        private = settings.allow_private_urls or listens_on_loopback(settings.host)
        bounds = Bounds(settings.max_pending_tasks, settings.task_bytes, Limits(private, settings.max_image_bytes))
        self.queue = InferenceQueue(worker, lock, self.tasks, bounds)
        self._public_tasks: dict[str, int] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Clean up after the last run, deploy what it left undeployed, and begin to work."""
        for leftover in self.staging.glob(f"{STAGING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        self.store.sweep()
        for task in self.tasks.forget_unfinished(RESTARTED):
            self._deploy_again(task)
        self.queue.start()
        threading.Thread(target=self._sweep, name="sweep", daemon=True).start()

    def stop(self) -> None:
        """End the worker; pending tasks become errors at the next start."""
        self._stopping.set()
        self.queue.stop()

    @contextmanager
    def receiving(self) -> Iterator[Path]:
        """A path for the files of one request; whatever is left there at the end goes."""
        folder = self.staging / f"{STAGING}{secrets.token_hex(8)}"
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def create(self, draft: Draft, files: dict[str, Path], folder: Path) -> Network:
        """Register a network whose files lie in `folder` of `receiving`; its deployment waits for its turn."""

        def make_task(connection: Connection, network_id: int) -> int:
            return self.tasks.insert(connection, DEPLOYMENT, network_id)

        network = self.store.add(draft, files, folder / "network", make_task)
        self._queue_deployment(int(network.id), network.task_id)
        return network

    def get(self, key: Key) -> Network:
        """A network of the workspace by its integer, or a public one by its slug; raises RegisteredNetworkNotFound."""
        return self.store.get(key) if isinstance(key, int) else self.public(key)

    def public(self, slug: str) -> Network:
        """A public network; raises RegisteredNetworkNotFound."""
        public = find_public(slug)
        if public is None:
            raise not_found(slug)
        if public.slug not in self._public_tasks:
            self._public_tasks[public.slug] = self.tasks.deployed(public.slug)
        return public.network(self._public_tasks[public.slug])

    def delete(self, network_id: int) -> None:
        """Remove a network; its pending tasks end in an error."""

        def end_tasks(connection: Connection) -> None:
            self.tasks.fail_pending(connection, DELETED, network_id)

        self.store.delete(network_id, end_tasks)

    def check_inference(self, network: Network, names: Sequence[str] | None) -> None:
        """Raise NotDeployed, or InvalidFields for names of layers that a deployed network does not have."""
        if isinstance(network.id, str):
            return PUBLIC[network.id].check_names(names)
        framework = FRAMEWORKS[network.framework]
        if not framework.installed():
            raise NotDeployed(missing_extra(framework), code="not_ready")
        if self._deployed(network) and names is not None:
            check_names(names, self._layers(network.id), network.framework)

    def infer(self, network: Network, pictures: Sequence[Picture], names: Sequence[str] | None, folder: Path) -> int:
        """Let pictures wait for a network, whose files lie in `folder` of `receiving`; the id of the task."""
        self.queue.check_room()
        task = self.tasks.add(INFERENCE, network.id)
        target = self.tasks.inputs(task)
        with self._ending(task):
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(parents=True, exist_ok=True)
            folder.rename(target)
        moved = [Picture(target / each.file.name, each.region, each.url) for each in pictures]
        result = target / "result.json"
        arguments = {
            "network": self._where(network),
            "inputs": [picture.to_json() for picture in moved],
            "names": names and list(names),
            "result": str(result),
        }
        work = Work(
            task, "infer", arguments, lambda: self._keep(task, result), guard=lambda: self._check_deployed(network)
        )
        self.queue.put(work, moved)
        return task

    def check_extraction(self, name: str | None, layer: str | None, pooling: str | None) -> None:
        """Raise what a dataset by that network would fail with, as far as that is known; others than ours are let pass.

        UnknownNetwork, BadInput (InvalidFields) for layer and pooling, NotDeployed where that has failed.
        """
        if name is not None and wanted_snapshot(name):
            return check_snapshot(name, pooling, self.settings)
        if (key := key_of(name)) is None:
            return
        network = find_registered(self.store, key) if isinstance(key, int) else self.public(key)
        check_pooling_of(choose(network, self._where(network)), pooling)
        if isinstance(network.id, int) and self.tasks.get(network.task_id).status == PENDING:
            return  # the job deploys it
        self.check_inference(network, None)
        if layer is not None:
            self._check_layer(network, layer)

    def _check_layer(self, network: Network, layer: str) -> None:
        if isinstance(network.id, str):
            PUBLIC[network.id].check_layer(layer)
        else:
            check_layer(layer, self._layers(network.id), network.framework)

    def layers(self, network: Network) -> list[dict[str, Any]]:
        """The layers of a deployed network; raises NotDeployed."""
        if isinstance(network.id, str):
            return PUBLIC[network.id].layers()
        if not self._deployed(network):
            raise NotDeployed("The network is being deployed. Try again in a moment.", code="not_ready")
        return self._layers(network.id)

    def _layers(self, network_id: int) -> list[dict[str, Any]]:
        try:
            return self.store.folder(network_id).layers()
        except FileNotFoundError:
            self.store.get(network_id)  # raises where it was deleted a moment ago
            raise

    def _deployed(self, network: Network) -> bool:
        """Whether a network is; False while it waits. Raises NotDeployed where it failed."""
        task = self.tasks.get(network.task_id)
        if task.status == ERROR:
            raise NotDeployed(f"The network could not be deployed: {task.error}", code="deployment_failed")
        return task.status != PENDING

    def _check_deployed(self, network: Network) -> None:
        """Raise NotDeployed where that failed: what failed once, for want of memory or time, is not tried per task."""
        if isinstance(network.id, int):
            self._deployed(self.store.get(network.id))

    def _where(self, network: Network) -> str:
        return str(self.store.folder(network.id).path) if isinstance(network.id, int) else text_of(network.id)

    def _queue_deployment(self, network_id: int, task: int) -> None:
        folder, inputs = self.store.folder(network_id), self.tasks.inputs(task)
        with self._ending(task):
            inputs.mkdir(parents=True, exist_ok=True)
        found = inputs / LAYERS

        def keep() -> None:
            if folder.path.is_dir():  # else it was deleted meanwhile, and its task has ended
                found.replace(folder.path / LAYERS)
            self.tasks.succeed(task, data={"network_id": network_id})

        arguments = {"network": str(folder.path), "layers": str(found)}
        self.queue.put(Work(task, "deploy", arguments, keep))

    @contextmanager
    def _ending(self, task: int) -> Iterator[None]:
        """A task that cannot be queued ends, rather than being pending for ever."""
        try:
            yield
        except OSError:
            self.tasks.fail(task, NO_SPACE)
            raise

    def _deploy_again(self, ended: Task) -> None:
        """Deploy a network whose deployment was cut off, in a task of its own: the old one has ended in an error."""
        try:
            network = self.store.get(int(ended.network))
        except RegisteredNetworkNotFound:
            return
        if network.task_id != ended.id:
            return
        with self.store.database.writing() as connection:
            task = self.tasks.insert(connection, DEPLOYMENT, network.id)
            self.store.set_task(connection, int(network.id), task)
        self._queue_deployment(int(network.id), task)

    def _keep(self, task: int, result: Path) -> None:
        if not self.tasks.make_room(self.settings.task_bytes - result.stat().st_size):
            raise StorageFull(
                f"Results of one day fill the {self.settings.task_bytes} bytes for them (EXPLORER_TASK_BYTES)."
            )
        self.tasks.succeed(task, result=result)

    def _sweep(self) -> None:
        while not self._stopping.wait(SWEEP_EVERY):
            try:
                kept = [text_of(slug) for slug in PUBLIC] + [text_of(key) for key in self.store.ids()]
                self.tasks.sweep(self.settings.task_hours, kept)
            except (CatalogUnavailable, StorageFull) as error:
                log.error("old tasks stay for now: %s", error)
