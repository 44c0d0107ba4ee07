"""Reductions that are kept on disk: within their bound, and as many at once as may be."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_explorer.errors import NotFound, TooManyTasks, WorkerDied
from embedding_explorer.jobs.projections import WAITING, Projections
from embedding_explorer.runs.arrays import keep
from embedding_explorer.settings import Settings


class FakeWorker:
    """Writes ten kilobytes for every reduction; `deaths`: how often it dies before."""

    def __init__(self, deaths: int = 0) -> None:
        self.calls: list[str] = []
        self.deaths = deaths

    def call(self, task: str, arguments: dict[str, Any]) -> None:
        if task == "prepare":
            return
        if self.deaths:
            self.deaths -= 1
            raise WorkerDied("killed")
        if not Path(arguments["rows"]).exists():
            raise NotFound("gone")
        self.calls.append(Path(arguments["result"]).name)
        with Path(arguments["result"]).open("wb") as file:
            np.save(file, np.full((1250, 1), len(self.calls), np.float64))


def made(tmp_path: Path, most: int = 1 << 20, deaths: int = 0) -> tuple[Projections, FakeWorker]:
    projections, worker = Projections(Settings(data=tmp_path, projection_cache_bytes=most)), FakeWorker(deaths)
    projections._worker = worker  # type: ignore[assignment]
    return projections, worker


def test_the_same_is_made_once(tmp_path: Path) -> None:
    projections, worker = made(tmp_path)
    rows = keep(np.zeros((3, 2)), projections.folder)
    first = projections.reduce(rows, "pca", 2)
    assert (projections.reduce(rows, "pca", 2) == first).all()
    assert len(worker.calls) == 1
    projections.reduce(rows, "pca", 3)
    projections.reduce(rows, "tsne", 3)
    assert len(set(worker.calls)) == 3


def test_the_least_used_go_first(tmp_path: Path) -> None:
    projections, worker = made(tmp_path, most=45_000)
    rows = [keep(np.full((3, 2), n), projections.folder) for n in range(6)]
    for n, name in enumerate(rows[:4]):
        projections.reduce(name, "pca", 2)
        for file in projections.folder.glob(f"{name}*"):
            os.utime(file, (n, n))
    projections.reduce(rows[0], "pca", 2)  # used again
    projections.reduce(rows[4], "pca", 2)
    assert sum(file.stat().st_size for file in projections.folder.iterdir()) <= 45_000
    projections.reduce(rows[0], "pca", 2)
    assert len(worker.calls) == 5
    with pytest.raises(NotFound):  # its rows had to go, too
        projections.reduce(rows[1], "pca", 2)


def test_what_was_half_written_goes_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "projections"
    folder.mkdir(parents=True)
    (folder / "x.0000.part").write_bytes(b"x")
    made(tmp_path)
    assert not list(folder.iterdir())


def test_a_worker_that_dies_is_asked_once_more(tmp_path: Path) -> None:
    projections, worker = made(tmp_path, deaths=1)
    rows = keep(np.zeros((3, 2)), projections.folder)
    assert projections.reduce(rows, "pca", 2).shape == (1250, 1)
    worker.deaths = 2
    with pytest.raises(WorkerDied):
        projections.reduce(rows, "pca", 1)


def test_only_so_many_may_wait(tmp_path: Path) -> None:
    projections, _ = made(tmp_path)
    rows = keep(np.zeros((3, 2)), projections.folder)
    for _ in range(WAITING):
        projections._places.acquire()
    with pytest.raises(TooManyTasks):
        projections.reduce(rows, "pca", 2)
