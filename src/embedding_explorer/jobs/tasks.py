"""What the worker can do: one function and one line in `TASKS` for each task.

A task takes the context, a `report(stage, done, total)` that may raise to end it, and JSON arguments; it gives JSON.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.build import build_dataset
from embedding_explorer.datasets.clusters import make_clusters, outcome
from embedding_explorer.datasets.placing import made_by, place_dataset, placer
from embedding_explorer.datasets.progress import Progress, Report
from embedding_explorer.datasets.request import BuildRequest
from embedding_explorer.datasets.seed_import import import_seed
from embedding_explorer.datasets.starter import NAME, write_starter_pictures
from embedding_explorer.datasets.store import Dataset
from embedding_explorer.datasets.stream import decoding_of
from embedding_explorer.errors import BadInput
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.source import Source
from embedding_explorer.jobs.context import Context
from embedding_explorer.jobs.map_tasks import MAP_TASKS
from embedding_explorer.networks.base import Extractor
from embedding_explorer.settings import Settings


def limits_for(settings: Settings, kind: str, max_images: int | None) -> Limits:
    """The bounds of one source. What the operator ingests may be of any size; bombs are refused there too."""
    uploaded = kind == "upload"
    return Limits(
        max_images=max_images,
        max_entries=settings.max_upload_entries if uploaded else None,
        max_bytes=settings.max_upload_bytes if uploaded else None,
        max_unpacked_bytes=settings.max_unpacked_bytes if uploaded else None,
        max_ratio=settings.max_compression_ratio,
        max_pixels=settings.max_image_pixels,
    )


def build(
    context: Context,
    report: Report,
    *,
    source: str,
    staging: str,
    name: str,
    kind: str,
    network: dict[str, str | None],
    limit: int | None = None,
    main: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Build a dataset of the pictures in `source`; its id, total and number of files skipped."""
    settings = context.settings
    request = BuildRequest(
        source=Path(source),
        name=name,
        kind=kind,
        limits=limits_for(settings, kind, limit),
        features_dtype=settings.features_dtype,
        reducer_options={"umap": {"seed": settings.umap_seed, "seeded_limit": settings.umap_seeded_limit}},
        **options,
    )

    def opened(pictures: Source) -> Extractor:
        return context.network_for(pictures, settings.max_image_pixels, **network)

    manifest = build_dataset(request, context.store, opened, Path(staging), report)
    if main:
        context.store.set_main(manifest.id)
    return manifest.outcome()


def starter(context: Context, report: Report, *, staging: str) -> dict[str, Any]:
    """Build the handwritten digits as main dataset."""
    archive = Path(staging) / "digits.zip"
    write_starter_pictures(archive)
    return build(
        context,
        report,
        source=str(archive),
        staging=str(Path(staging) / "dataset"),
        name=NAME,
        kind="starter",
        network={},
        labels="folders",
        main=True,
    )


def import_seed_layout(context: Context, report: Report, *, source: str, staging: str) -> dict[str, Any]:
    """Import a seed layout found in the data folder and make it the main dataset."""
    manifest = import_seed(
        Path(source), context.store, staging=Path(staging), progress=lambda done, total: report("unpack", done, total)
    )
    return manifest.outcome()


def features_of(context: Context, dataset: Dataset, image: str) -> NDArray[np.float32]:
    """Features (1, D) of one picture by the network that made `dataset`."""
    info = made_by(dataset)
    network = context.reopened(info)
    decoded = decoding_of(network)(Path(image).read_bytes(), context.settings.max_image_pixels)
    features = next(iter(network.features([decoded.pixels[None]])))
    if features.shape[1] != info.dimension:  # of a network whose images vary in size
        raise BadInput(f"The picture has {features.shape[1]} features, and those of the dataset have {info.dimension}.")
    return features


def embed_image(context: Context, report: Report, *, dataset: str, image: str) -> list[float]:
    """Features of the picture in the file `image`, comparable with those of `dataset`."""
    values: list[float] = features_of(context, context.store.get(dataset), image)[0].tolist()
    return values


def place_image(context: Context, report: Report, *, dataset: str, image: str, reducer: str) -> list[float]:
    """Three coordinates of the picture in the file `image` on the map of `dataset`."""
    target = context.store.get(dataset)
    place = placer(target, reducer)
    values: list[float] = place(features_of(context, target, image))[0].tolist()
    return values


def look_up(context: Context, report: Report, *, dataset: str, image: str) -> dict[str, Any]:
    """Features of the picture in the file `image`, and its coordinates on every map of `dataset`."""
    target = context.store.get(dataset)
    features = features_of(context, target, image)
    places = {name: placer(target, name)(features)[0].tolist() for name in target.reducers}
    return {"features": features[0].tolist(), "coordinates": places}


def place_in(context: Context, report: Report, *, dataset: str, target: str, reducer: str) -> str:
    """Path of the coordinates of one dataset in the space of another."""
    store = context.store
    return str(
        place_dataset(store.get(dataset), store.get(target), reducer, context.settings.data / "cache" / "placed")
    )


def cluster(context: Context, report: Report, *, dataset: str, least: int) -> dict[str, Any]:
    """Find clusters of at least `least` images in a dataset and keep them."""
    found = context.store.get(dataset)
    return outcome(found, make_clusters(found, least, Progress(report)))


TASKS: dict[str, Callable[..., Any]] = {
    "build": build,
    "starter": starter,
    "import": import_seed_layout,
    "embed_image": embed_image,
    "place_image": place_image,
    "look_up": look_up,
    "place_in": place_in,
    "cluster": cluster,
    **MAP_TASKS,
}
