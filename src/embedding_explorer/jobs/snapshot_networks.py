"""Snapshots of trainings wherever the explorer takes a network: `<model id>@<epoch>`, or the id for the last one.

Nothing here imports torch but what opens a network.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from embedding_explorer.database import Database
from embedding_explorer.errors import BadInput, Conflict, NetworkUnavailable, NotFound, UnknownNetwork
from embedding_explorer.jobs.catalog import JOBS
from embedding_explorer.jobs.training.records import MODEL, JobType
from embedding_explorer.jobs.training.table import TRAINING_JOBS
from embedding_explorer.networks.base import NetworkInfo
from embedding_explorer.networks.devices import cuda_available
from embedding_explorer.networks.registry import check_pooling
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import TrainingDataset
from embedding_explorer.training.datasets.spec import Pictures
from embedding_explorer.training.datasets.stored import pictures_of
from embedding_explorer.training.figures import whole
from embedding_explorer.training.snapshot_files import list_snapshots

if TYPE_CHECKING:
    from embedding_explorer.training.models.extractor import Snapshot, SnapshotExtractor

NAME = re.compile(r"(\d{8}-\d{6}-[0-9a-f]{4})(?:@(\d{1,12}(?:\.\d{1,6})?))?", re.ASCII)


class Wanted(NamedTuple):
    """A snapshot that was asked for; `epoch` None for the last one."""

    model: str
    epoch: float | None


class Model(NamedTuple):
    """A model job, as far as its snapshots are concerned."""

    name: str
    dataset: str
    folder: Path


def wanted_snapshot(name: str | None) -> Wanted | None:
    """What a network's name means, where it names a snapshot."""
    found = NAME.fullmatch(name or "")
    return Wanted(found[1], float(found[2]) if found[2] else None) if found else None


def find_model(model_id: str, settings: Settings) -> Model:
    """A model job; raises UnknownNetwork."""
    query = select(JOBS.c.name, JOBS.c.kind, TRAINING_JOBS.c.details).join(
        TRAINING_JOBS, JOBS.c.id == TRAINING_JOBS.c.id
    )
    database = Database.of(settings)
    try:
        database.create(JOBS, TRAINING_JOBS)
        with database.reading() as connection:
            row = connection.execute(query.where(JOBS.c.id == model_id)).one_or_none()
    finally:
        database.close()
    folder = settings.jobs_folder / model_id
    if row is None or JobType(row.kind).family != MODEL or not folder.is_dir():
        raise UnknownNetwork(f"There is no network {model_id!r}: no trained model has that id.")
    return Model(row.name, str(row.details.get("dataset", "")), folder)


def epochs_of(model: Model) -> list[float]:
    """Epochs of a model's snapshots, ascending."""
    return list(list_snapshots(model.folder))


def find_snapshot(wanted: Wanted, settings: Settings, pictures: Pictures | None = None) -> "Snapshot":
    """A snapshot and how pictures are prepared for it: as its dataset says, unless `pictures` are given.

    Raises UnknownNetwork: no such model or epoch. BadInput: its dataset has gone.
    """
    from embedding_explorer.training.models.extractor import Snapshot

    model = find_model(wanted.model, settings)
    epoch = check_epoch(model, wanted)
    if pictures is None:
        pictures = pictures_of_model(model, settings)
    return Snapshot(wanted.model, model.name, model.folder, epoch, list_snapshots(model.folder)[epoch], pictures)


def check_epoch(model: Model, wanted: Wanted) -> float:
    """The epoch that is meant; raises UnknownNetwork naming those that there are."""
    epochs = epochs_of(model)
    if not epochs:
        raise UnknownNetwork(f"The model {model.name!r} has no snapshot yet; wait for the first one.")
    epoch = epochs[-1] if wanted.epoch is None else wanted.epoch
    if epoch not in epochs:
        known = ", ".join(f"{whole(each)}" for each in epochs)[:400]
        raise UnknownNetwork(f"The model {model.name!r} has no snapshot of epoch {whole(epoch)}. Epochs: {known}.")
    return epoch


def resolved(name: str | None, settings: Settings) -> str | None:
    """The name with its epoch, since the last snapshot will be another one; other names as they are.

    Raises UnknownNetwork.
    """
    wanted = wanted_snapshot(name)
    if wanted is None:
        return name
    return f"{wanted.model}@{whole(check_epoch(find_model(wanted.model, settings), wanted))}"


def pictures_of_model(model: Model, settings: Settings) -> Pictures:
    """What images become before a model sees them; raises BadInput where its dataset has gone."""
    try:
        return pictures_of(TrainingDataset(settings.jobs_folder / model.dataset))
    except NotFound as error:
        raise BadInput(
            f"The dataset of the model {model.name!r} has gone, which said how it takes pictures."
        ) from error


def check_snapshot(name: str, pooling: str | None, settings: Settings) -> None:
    """Raise what a dataset by that snapshot would fail with, as far as that can be told without torch."""
    wanted = wanted_snapshot(name)
    assert wanted is not None
    model = find_model(wanted.model, settings)
    check_epoch(model, wanted)
    check_pooling(pooling or "avg")
    pictures_of_model(model, settings)


def open_snapshot(
    snapshot: "Snapshot", layer: str | None, pooling: str | None, settings: Settings
) -> "SnapshotExtractor":
    """A snapshot ready to run; raises as `training.models.extractor.open_extractor`."""
    from embedding_explorer.training.models.extractor import open_extractor

    return open_extractor(snapshot, layer, check_pooling(pooling or "avg"), device_of(settings), settings.max_dimension)


def made_by_snapshot(info: NetworkInfo) -> bool:
    """Whether a snapshot made features."""
    return info.registered is not None and "model" in info.registered


def check_snapshot_there(info: NetworkInfo, settings: Settings) -> "Snapshot":
    """The snapshot that made features; raises Conflict where it was deleted."""
    facts: Any = info.registered
    wanted = Wanted(facts["model"], float(facts["epoch"]))
    try:
        return find_snapshot(wanted, settings, Pictures(**facts["pictures"]))
    except UnknownNetwork as error:
        raise Conflict(
            f"The network {info.name!r} that made these features was deleted. Build the dataset again with another one."
        ) from error


def reopen_snapshot(snapshot: "Snapshot", info: NetworkInfo, settings: Settings) -> "SnapshotExtractor":
    """The snapshot that made features; raises NetworkUnavailable when it has changed."""
    extractor = open_snapshot(snapshot, info.layer, info.pooling, settings)
    if extractor.info.space != info.space:
        raise NetworkUnavailable(f"The network {info.name!r} is not the one that made these features.")
    return extractor


def device_of(settings: Settings) -> str:
    """Where networks run."""
    return "cuda" if settings.device != "cpu" and cuda_available() else "cpu"
