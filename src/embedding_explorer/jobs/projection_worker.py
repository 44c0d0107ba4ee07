"""The process that reduces embeddings of run logs, apart from all others: it never waits for a job, nor they for it.

    python -m embedding_explorer.jobs.projection_worker

Started by the first request of the kind. It is given paths and gives a path: rows and points are files of numpy.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import NotFound
from embedding_explorer.jobs.worker import work
from embedding_explorer.runs.arrays import npy
from embedding_explorer.runs.reduction import UMAP, reduce
from embedding_explorer.settings import Settings

Report = Callable[[str, int, int], None]


class ProjectionContext:
    """Where compiled code is kept, and whether it was loaded from there."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.prepared = settings, False

    def warm_up(self) -> dict[str, Any]:
        """Nothing is loaded before it is asked for."""
        return {}


def prepare(context: ProjectionContext, report: Report, *, method: str) -> None:
    """Compile what UMAP needs, where it has not been: half a minute, the first time in a data folder."""
    if method == UMAP and not context.prepared:
        from embedding_explorer.reducers.umap import warm_up

        warm_up(context.settings.data / "cache" / "numba")
        context.prepared = True


def project(context: ProjectionContext, report: Report, *, rows: str, result: str, method: str, dims: int) -> None:
    """Reduce the rows in one file and write the points (N, dims), float64, to another.

    Raises BadLogParameter, NotFound where the rows are gone.
    """
    try:
        values = np.load(rows, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise NotFound("The points of the embedding had to make room. Ask again.") from error
    write_atomically(Path(result), npy(reduce(values, method, dims)))


def main() -> None:
    """Work with the real reducers."""
    work(ProjectionContext, {"prepare": prepare, "project": project})


if __name__ == "__main__":
    main()
