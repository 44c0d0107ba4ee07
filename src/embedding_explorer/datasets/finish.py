"""The second half of the pipeline: reductions of all features, then the dataset takes its place."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.aligning import Alignment, align
from embedding_explorer.datasets.dataset import COMPONENTS, REDUCTIONS, reduction_path
from embedding_explorer.datasets.identity import dataset_id, row_of
from embedding_explorer.datasets.manifest import Manifest
from embedding_explorer.datasets.parts import Parts
from embedding_explorer.datasets.request import Build
from embedding_explorer.datasets.staging import PARTS, SPOOL
from embedding_explorer.datasets.versions import library_versions
from embedding_explorer.reducers import REDUCERS
from embedding_explorer.reducers.base import Fitted
from embedding_explorer.reducers.pca import fit_pca


def finish(build: Build, parts: Parts) -> Manifest:
    """PCA, UMAP, manifest; then the staging folder becomes the dataset in one step."""
    (build.staging / REDUCTIONS).mkdir(exist_ok=True)
    with timed(build, "pca"):
        leading, components = leading_components(build, parts)
    alignment = alignment_of(build, parts)
    reducers = {name: reduce(build, name, leading, alignment) for name in REDUCERS}
    reducers["pca"] |= components
    manifest = describe(build, parts, reducers)
    parts.assemble()
    (build.staging / SPOOL).unlink(missing_ok=True)
    return build.store.adopt(build.staging, manifest, without=PARTS)


@contextmanager
def timed(build: Build, stage: str) -> Iterator[None]:
    """Add the seconds of a stage to those that the manifest keeps."""
    start = time.monotonic()
    yield
    build.seconds[stage] = round(build.seconds.get(stage, 0.0) + time.monotonic() - start, 3)


def leading_components(build: Build, parts: Parts) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The leading principal components (N, K) of all features, and what the manifest says of them."""
    progress = build.progress.of("pca")
    progress(0, parts.count)
    fitted = fit_pca(parts.features, count=parts.count, dimension=parts.dimension, progress=progress)
    leading = np.concatenate([fitted.project(features) for features in parts.features()])
    fitted.save(build.staging / REDUCTIONS / COMPONENTS)
    progress(parts.count, parts.count)
    ratio = [round(float(value), 6) for value in fitted.variance_ratio[:3]]
    return leading, {"components": leading.shape[1], "explained_variance_ratio": ratio}


def alignment_of(build: Build, parts: Parts) -> Alignment | None:
    """The earlier map that the new one is to be like, if there is one; raises Conflict where it has other pictures."""
    previous = build.request.aligned_to
    return None if previous is None else align(previous, [i for record in parts.records for i in record.images])


def reduce(build: Build, name: str, leading: NDArray[np.float32], alignment: Alignment | None) -> dict[str, Any]:
    """Fit one reducer and keep its coordinates and itself; what the manifest says of it."""
    options: dict[str, Any] = dict(build.request.reducer_options.get(name, {}))
    reducer = REDUCERS[name]
    if alignment is not None and reducer.takes_start:
        options["start"] = alignment.start(name, leading)
    fit: Callable[..., Fitted] = reducer.fit
    with timed(build, name):
        fitted = fit(leading, progress=build.progress.of(name), **options)
        if alignment is not None:
            fitted = alignment.turned(name, fitted)
        fitted.save(build.staging / REDUCTIONS)
        np.save(reduction_path(build.staging, name), fitted.points)
    return {**fitted.params, **(alignment.to_json() if alignment is not None else {})}


def describe(build: Build, parts: Parts, reducers: dict[str, dict[str, Any]]) -> Manifest:
    """The manifest of the finished dataset."""
    request, info = build.request, replace(build.network.info, dimension=parts.dimension)
    rows = (row_of(i.file, i.label, i.digest, i.subset) for record in parts.records for i in record.images)
    return Manifest.new(
        id=dataset_id(request.recipe(build.network), rows),
        name=request.name,
        total=parts.count,
        network=info.to_json(),
        reducers=reducers,
        features={"dtype": request.features_dtype, "shape": [parts.count, info.dimension]},
        images_kept=request.keep_images,
        skipped=build.skipped,
        source={"kind": request.kind, "name": request.name, **request.facts},
        versions=library_versions(),
        seconds=build.seconds,
    )
