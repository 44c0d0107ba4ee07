"""What the reducers share: types, the protocol of a fitted one, and the thread limit of their linear algebra."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Transform = Callable[[Floats], Float32]

# Called with what is done and the total; whatever it raises ends the work and reaches the caller.
Progress = Callable[[int, int], None]


class Fitted(Protocol):
    """A reduction of one dataset's leading components, and what is needed to place new rows in it."""

    @property
    def points(self) -> Float32:
        """The reduction: (N, 3)."""

    @property
    def params(self) -> dict[str, Any]:
        """How it was made; JSON values only."""

    def transform(self, leading: Floats) -> Float32:
        """Place new rows (M, K): (M, 3). The fitted points do not move."""

    def turned(self, turn: Any) -> "Fitted":
        """The same reduction with its points, and what will be placed among them, moved rigidly."""

    def save(self, folder: Path) -> None:
        """Write what `Reducer.load` needs, arrays only; the points themselves are the caller's to store."""


class Fit(Protocol):
    """Reduce the leading components (N, K) of a dataset to (N, 3)."""

    def __call__(self, leading: Floats, *, progress: Progress | None = None) -> Fitted: ...  # noqa: D102


@dataclass(frozen=True)
class Reducer:
    """One line of the table of reducers: `fit` a dataset, `load` the transform of a fitted one from its folder.

    `takes_start`: whether `fit` can begin at a layout (N, 3), its argument `start`.
    """

    fit: Fit
    load: Callable[[Path], Transform]
    takes_start: bool = False


def no_progress(done: int, total: int) -> None:
    """Stand in for a caller that does not count."""


def first_three(leading: Floats) -> Float32:
    """Take the first three columns of (M, K), zeros where there are fewer: (M, 3) float32."""
    points = np.zeros((len(leading), 3), dtype=np.float32)
    points[:, : leading.shape[1]] = leading[:, :3]
    return points


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS and LAPACK to one thread.

    The matrices here are small: two threads gain little on idle cores, and cost ten times as much as they gain as soon
    as anything else computes (measured: 60 products of 1000 x 256 in 0.1 s with one thread, 1.9 s with two beside a
    training). It also makes results independent of the number of cores.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
