"""The pipeline: a pile of pictures in, a dataset out. Everything happens in a staging folder until the last step."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from embedding_explorer.datasets.collector import Collector
from embedding_explorer.datasets.finish import finish
from embedding_explorer.datasets.identity import dataset_id, row_of
from embedding_explorer.datasets.manifest import Manifest
from embedding_explorer.datasets.parts import Parts
from embedding_explorer.datasets.progress import Progress, Report
from embedding_explorer.datasets.request import Build, BuildRequest
from embedding_explorer.datasets.staging import SPOOL
from embedding_explorer.datasets.store import DatasetStore
from embedding_explorer.datasets.stream import ordered_map
from embedding_explorer.errors import DatasetNotFound, NoReadableImage, UnreadableImage
from embedding_explorer.images.selection import IN_A_FOLDER
from embedding_explorer.images.source import Source, open_source
from embedding_explorer.networks.base import Extractor


def build_dataset(
    request: BuildRequest,
    store: DatasetStore,
    open_network: Callable[[Source], Extractor],
    staging: Path,
    report: Report,
    opened: Source | None = None,
) -> Manifest:
    """Build the dataset that `request` describes, or find that it exists; its manifest, with what was skipped this time.

    What an earlier attempt finished in `staging` is used again. The pictures are those of `opened`, which is closed, where
    it is given. Raises BadArchive, LimitExceeded, NoReadableImage.
    """
    start = time.monotonic()
    staging.mkdir(parents=True, exist_ok=True)
    with opened or source_of(request, staging) as source:
        build = Build(request, store, open_network(source), staging, Progress(report))
        known = recognise(build, source)
        build.seconds["unpack"] = round(time.monotonic() - start, 3)
        if known is not None:
            return replace(known, skipped=left_out(source))
        parts = build_ranges(build, source)
    if request.discard_source:
        request.source.unlink()
    build.seconds["ranges"] = round(time.monotonic() - start - build.seconds["unpack"], 3)
    return replace(finish(build, parts), skipped=build.skipped)


def source_of(request: BuildRequest, staging: Path) -> Source:
    """The pictures that a request names."""
    spool = staging / SPOOL
    return open_source(request.source, limits=request.limits, nested=request.nested, labels=request.labels, spool=spool)


def recognise(build: Build, source: Source) -> Manifest | None:
    """The dataset that these very pictures became earlier, if it exists."""
    wanted = source.entries[: build.request.limits.max_images]
    build.progress("unpack", 0, len(wanted))
    if not build.request.recognise:
        build.progress("unpack", len(wanted), len(wanted))
        return None
    digests = ordered_map(lambda i: file_digest(source, i), range(len(wanted)), ahead=16, weigh=source.file_bytes)
    for index, digest in enumerate(digests):
        build.digests[index] = digest
        build.progress("unpack", index + 1, len(wanted))
    rows = [row_of(each.name, each.label, build.digests[index], each.subset) for index, each in enumerate(wanted)]
    try:
        return build.store.get(dataset_id(build.request.recipe(build.network), rows)).manifest
    except DatasetNotFound:
        return None


def file_digest(source: Source, index: int) -> str:
    """SHA-256 of an entry, hex; empty for one that cannot be read."""
    try:
        return hashlib.sha256(source.read(index)).hexdigest()
    except UnreadableImage:
        return ""


def build_ranges(build: Build, source: Source) -> Parts:
    """Bring every range of the source into `Parts`, beginning after those already there."""
    lasting = build.request.kind == "ingest"  # an upload is not gone on with
    parts = Parts(build.staging, build.request.features_dtype, plan_of(build, source), lasting)
    most = build.request.limits.max_images
    total = min(len(source.entries), most) if most else len(source.entries)
    collector = Collector(build, parts, total)
    build.progress("decode", parts.count, total)
    collector.collect(source)
    build.skipped = left_out(source) + parts.skipped + collector.leftover()
    if not parts.count:
        raise collector.failure or NoReadableImage(
            f"There is no readable image at the top level of {build.request.name}."
            f"{why(build.skipped)}{instead(build.skipped)}"
        )
    return parts


def left_out(source: Source) -> list[dict[str, str]]:
    """Files that were no candidates from the beginning, and why."""
    return [{"file": file.name, "reason": file.reason} for file in source.skipped]


def plan_of(build: Build, source: Source) -> str:
    """Digest of what a half-done attempt must agree with to be gone on with: entries, network, parameters."""
    entries = [(entry.name, entry.label, entry.subset) for entry in source.entries]
    plan = [build.request.recipe(build.network), build.request.limits.max_images, build.request.keep_images, entries]
    return hashlib.sha256(json.dumps(plan).encode()).hexdigest()


def why(skipped: list[dict[str, str]]) -> str:
    """A sentence on what was there instead."""
    listed = [f"{file['file']} ({file['reason']})" for file in skipped[:3]]
    return f" Skipped: {', '.join(listed)}{', …' if len(skipped) > 3 else ''}." if listed else ""


def instead(skipped: list[dict[str, str]]) -> str:
    """What to do where all pictures are in folders."""
    if not any(file["reason"] == IN_A_FOLDER for file in skipped):
        return ""
    return " Pack the pictures themselves, or send ?labels=folders: then those in folders are taken, with labels."
