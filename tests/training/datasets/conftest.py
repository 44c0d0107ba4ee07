"""Folders of small pictures, and datasets made of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.training.datasets import Places, Site, TrainingDataset, build_classification, build_generic
from embedding_explorer.training.datasets import parse_classification_form as parse_classification
from embedding_explorer.training.datasets import parse_generic_form as parse_generic

Make = Callable[..., TrainingDataset]


def save_picture(path: Path, seed: int, size: tuple[int, int] = (12, 10), mode: str = "RGB") -> None:
    """Noise, so that no two pictures are alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"RGB": (3,), "L": ()}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], *channels), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def save_categories(root: Path, counts: Mapping[str, int], **options: Any) -> Path:
    """A folder of category folders with so many pictures each."""
    for number, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            save_picture(root / name / f"{index:03d}.png", 1000 * number + index, **options)
    return root


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The only data root."""
    root = tmp_path / "data"
    root.mkdir()
    return root


@pytest.fixture
def places(data: Path) -> Places:
    return Places([data])


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    folder = tmp_path / "jobs"
    folder.mkdir()
    return folder


@pytest.fixture
def make(places: Places, jobs: Path) -> Make:
    """Makes the dataset of a form: `make(fields, name="job", seed=1, uploads=…)`."""

    def _make(
        form: Mapping[str, str],
        *,
        name: str = "job",
        seed: int = 1,
        uploads: Mapping[str, Path] | None = None,
        extension: str = "",
        report: Callable[[str, int, int], None] = lambda *_: None,
        where: Places = places,
    ) -> TrainingDataset:
        folder = jobs / name
        folder.mkdir(exist_ok=True)
        site = Site(folder, where, seed, report)
        fields = {"dataset_name": "a dataset", **form}
        if extension:
            build_generic(parse_generic(extension, fields, where), site)
        else:
            build_classification(parse_classification(fields, uploads or {}, where), site)
        return TrainingDataset(folder)

    return _make
