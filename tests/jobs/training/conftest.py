from collections.abc import Iterator
from pathlib import Path

import pytest

from embedding_explorer.jobs.training import queue
from embedding_explorer.jobs.training.records import TrainingJob
from tests.jobs.training.helpers import Jobs, running, shade_folder

LONG_PAUSE = 5 * queue.PAUSE  # so that some jobs can be created before the first begins


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work begins at once."""
    monkeypatch.setattr(queue, "PAUSE", 0.02)


@pytest.fixture
def with_pause(monkeypatch: pytest.MonkeyPatch, no_pause: None) -> None:
    """Work begins a while after the answer, as it does for users."""
    monkeypatch.setattr(queue, "PAUSE", LONG_PAUSE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with pictures in it, which clients may name."""
    folder = tmp_path_factory.mktemp("data")
    shade_folder(folder / "pictures")
    return folder


@pytest.fixture(scope="module")
def jobs(data: Path) -> Iterator[Jobs]:
    """One service, and so one worker, for the tests of a module that leave it as it is."""
    with running(data) as started:
        yield started


@pytest.fixture(scope="module")
def shades(jobs: Jobs, data: Path) -> TrainingJob:
    """A finished dataset of 24 pictures in two classes, 18 to train and 6 to validate."""
    return jobs.done(jobs.make_dataset(data / "pictures"))
