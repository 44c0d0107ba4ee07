"""New pictures on an existing map: the fitted reducers of a dataset applied to features it has not seen."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.dataset import COMPONENTS, REDUCTIONS, Dataset
from embedding_explorer.datasets.disk import write_atomically
from embedding_explorer.errors import NoFeatures, SpaceMismatch
from embedding_explorer.images.tilemap import RANGE
from embedding_explorer.networks.base import NetworkInfo
from embedding_explorer.reducers import find_reducer
from embedding_explorer.reducers.pca import FittedPca

Placer = Callable[[NDArray[np.floating]], NDArray[np.float32]]


def placer(dataset: Dataset, reducer: str) -> Placer:
    """What turns features (M, D) into coordinates (M, 3) on the map of a dataset.

    Raises UnknownReducer, or NoFeatures for imported coordinates.
    """
    dataset.reduction(reducer)
    dataset.features()
    folder = dataset.folder / REDUCTIONS
    components = FittedPca.load(folder / COMPONENTS)
    transform = find_reducer(reducer).load(folder)
    return lambda features: transform(components.project(features))


def made_by(dataset: Dataset) -> NetworkInfo:
    """The network that made a dataset's features; raises NoFeatures."""
    dataset.features()
    if dataset.manifest.network is None:
        raise NoFeatures("It is not known which network made this dataset.", dataset=dataset.id)
    return NetworkInfo.from_json(dataset.manifest.network)


def check_same_space(source: Dataset, target: Dataset) -> None:
    """Raise SpaceMismatch unless one network and layer made both datasets."""
    ours, theirs = made_by(source), made_by(target)
    if ours.space != theirs.space:
        raise SpaceMismatch(
            f"{source.manifest.name!r} was made by {ours.name}/{ours.layer} and {target.manifest.name!r} by "
            f"{theirs.name}/{theirs.layer}. Build one of them again with the network of the other.",
        )


def place_dataset(source: Dataset, target: Dataset, reducer: str, cache: Path) -> Path:
    """Coordinates (N, 3) of `source` in the space of `target`, as a .npy file in `cache`, made once."""
    check_same_space(source, target)
    path = placed_path(source, target, reducer, cache)
    if not path.exists():
        place = placer(target, reducer)
        features = source.features()
        placed = [place(features[start : start + RANGE]) for start in range(0, source.total, RANGE)]
        cache.mkdir(parents=True, exist_ok=True)
        write_atomically(path, npy_bytes(np.concatenate(placed)))
    return path


def placed_path(source: Dataset, target: Dataset, reducer: str, cache: Path) -> Path:
    """Where `place_dataset` keeps its result; the file goes with either dataset."""
    return cache / f"{source.id}-in-{target.id}-{reducer}.npy"


def npy_bytes(array: NDArray[np.float32]) -> bytes:
    """An array in the .npy format."""
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()
