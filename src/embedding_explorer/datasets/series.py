"""Maps of the same pictures through several networks, each kept like the one before: read once, turned one after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embedding_explorer.datasets.build import build_ranges
from embedding_explorer.datasets.finish import finish
from embedding_explorer.datasets.identity import dataset_id, row_of
from embedding_explorer.datasets.manifest import Manifest
from embedding_explorer.datasets.parts import Parts, Share
from embedding_explorer.datasets.progress import Progress
from embedding_explorer.datasets.request import Build, BuildRequest
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.errors import DatasetNotFound
from embedding_explorer.images.source import Source
from embedding_explorer.networks.base import Extractor


@dataclass(frozen=True)
class Member:
    """One map of a series: what to make, through which network, whose features are in which columns of all."""

    request: BuildRequest
    network: Extractor
    columns: slice


def read_pictures(
    request: BuildRequest, source: Source, network: Extractor, store: DatasetStore, staging: Path, progress: Progress
) -> tuple[Parts, list[dict[str, str]]]:
    """Ranges of all pictures with the features of a network that is several; and what was skipped.

    Raises NoReadableImage, LimitExceeded.
    """
    staging.mkdir(parents=True, exist_ok=True)
    build = Build(request, store, network, staging, progress)
    return build_ranges(build, source), build.skipped


def finish_series(
    members: Sequence[Member],
    parts: Parts,
    skipped: list[dict[str, str]],
    store: DatasetStore,
    previous: Manifest | None,
    progress: Progress,
    made: Callable[[Manifest], None],
) -> Manifest | None:
    """Make the datasets of `members` in their order, each aligned to the one before; the manifest of the last.

    Args:
        previous: what the first one is aligned to; None where it is the beginning.
        made: called with each dataset as soon as it is in place.
    """
    for number, member in enumerate(members):
        aligned = None if previous is None else store.get(previous.id)
        request = replace(member.request, aligned_to=aligned)
        share = Share(parts, parts.staging / f"map-{number}", member.columns)
        build = Build(request, store, member.network, share.staging, progress, skipped=skipped)
        previous = known(build, share) or finish_one(build, share)
        made(previous)
    return previous


def known(build: Build, parts: Parts) -> Manifest | None:
    """The very same dataset, if it was made before."""
    rows = (row_of(i.file, i.label, i.digest, i.subset) for record in parts.records for i in record.images)
    try:
        return build.store.get(dataset_id(build.request.recipe(build.network), rows)).manifest
    except DatasetNotFound:
        return None


def finish_one(build: Build, parts: Parts) -> Manifest:
    """One dataset in its place."""
    build.staging.mkdir()
    return finish(build, parts)
