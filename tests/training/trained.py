"""A trained model in a data folder, as the server leaves it: a dataset of small pictures, three epochs, catalog rows."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from embedding_explorer.database import Database
from embedding_explorer.jobs.context import Context
from embedding_explorer.jobs.map_tasks import series
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob
from embedding_explorer.jobs.training.table import TrainingTable
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import (
    Places,
    Site,
    TrainingDataset,
    build_classification,
    parse_classification_form,
)
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.models.folder import write_model
from embedding_explorer.training.models.plan import make_plan
from embedding_explorer.training.models.trainer import Hooks, Trainer
from embedding_explorer.training.options import Options
from embedding_explorer.training.snapshot_files import list_snapshots

DATASET, MODEL = "20260101-120000-0001", "20260101-120001-0002"
CLASSES = ("dark", "light", "stripes")
SIDE = 20


class Trained(NamedTuple):
    """Where it is."""

    settings: Settings
    dataset: TrainingDataset
    folder: Path


def picture(kind: int, seed: int, side: int = SIDE) -> Image.Image:
    """A noisy gray picture of one of the three classes."""
    random = np.random.default_rng([kind, seed])
    level = (70, 185, 128)[kind] + (0 if kind < 2 else 70 * (-1) ** (np.arange(side) // 2)[:, None])
    pixels = random.normal(level, 32, (side, side))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def make_trained(
    data: Path, count: int = 90, epochs: int = 3, rate: float = 0.01, encoding: str = "png", **settings: Any
) -> Trained:
    """Make a dataset and train LeNet on it, all in `data`."""
    knobs = Settings(data=data, **settings)
    pictures = data / "pictures"
    for number in range(count):
        path = pictures / CLASSES[number % 3] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number % 3, number).save(path)
    folder = knobs.jobs_folder / DATASET
    folder.mkdir(parents=True)
    places = Places([data])
    form = {
        "dataset_name": "shapes", "folder_train": str(pictures), "folder_pct_val": "30", "encoding": encoding,
        "resize_channels": "1", "resize_width": str(SIDE), "resize_height": str(SIDE), "resize_mode": "squash",
        "method": "folder",
    }  # fmt: skip
    build_classification(parse_classification_form(form, {}, places), Site(folder, places, 1, lambda *_: None))
    dataset = TrainingDataset(folder)
    model = knobs.jobs_folder / MODEL
    train(model, dataset, epochs, rate)
    record(knobs)
    return Trained(knobs, dataset, model)


def train(folder: Path, dataset: TrainingDataset, epochs: int, rate: float) -> None:
    """Write a model with a snapshot of each epoch, and its figures."""
    folder.mkdir()
    source, val = dataset.source("train"), dataset.source("val")
    options = Options(epochs=epochs, seed=1, learning_rate=rate, batch_size=8)
    plan = make_plan(options, STANDARD["lenet"].definition(), source, dataset.mean)
    write_model(folder, plan, source.labels)
    with (folder / "figures.jsonl").open("w") as figures:
        told = Hooks(on_figures=lambda point: figures.write(json.dumps(point.to_json()) + "\n"))
        Trainer(plan, plan.build(), source, val, folder, hooks=told).run()


def record(settings: Settings) -> None:
    """Put both jobs into the catalog."""
    database = Database.of(settings)
    details = {"dataset": DATASET, "extension": "", "framework": "pytorch", "network": {"method": "standard"}}
    common: dict[str, Any] = {"group": "", "notes": "", "username": "ann", "state": State.DONE, "progress": 100.0}
    jobs = settings.jobs_folder
    TrainingTable(database, jobs).save([
        TrainingJob(id=DATASET, type=JobType.CLASSIFICATION_DATASET, name="shapes", created=1.0, folder=jobs / DATASET,
                    finished=2.0, details={"extension": ""}, **common),
        TrainingJob(id=MODEL, type=JobType.CLASSIFICATION_MODEL, name="shape net", created=3.0, folder=jobs / MODEL,
                    finished=4.0, details=details, **common),
    ])  # fmt: skip
    database.close()


def make_series(trained: Trained, **options: Any) -> dict[str, Any]:
    """Maps of all pictures at every epoch, made as the worker does; the job's result."""
    context = Context(trained.settings)
    staging = trained.settings.data / "staging" / "series"
    asked: dict[str, Any] = {
        "epochs": list(list_snapshots(trained.folder)),
        "set": "all",
        "limit": 2000,
        "layer": None,
        "pooling": None,
    }
    asked |= {"recipe": [], "keep_images": True, "staging": str(staging), **options}
    try:
        return series(context, lambda *_: None, model=MODEL, **asked)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
