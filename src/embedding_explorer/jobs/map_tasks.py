"""What the worker does with trained models: maps of their datasets' pictures, singly or as a series, and their layers."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedding_explorer.datasets.build import build_dataset
from embedding_explorer.datasets.manifest import Manifest
from embedding_explorer.datasets.progress import Progress, Report
from embedding_explorer.datasets.request import BuildRequest
from embedding_explorer.datasets.series import Member, finish_series, read_pictures
from embedding_explorer.errors import BadInput, NotFound
from embedding_explorer.images.limits import Limits
from embedding_explorer.images.source import Source
from embedding_explorer.jobs.context import Context
from embedding_explorer.jobs.series import Series, series_of
from embedding_explorer.jobs.snapshot_networks import Wanted, find_model, find_snapshot, open_snapshot
from embedding_explorer.networks.base import Extractor
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import TrainingDataset
from embedding_explorer.training.datasets.stored import StoredPictures, sets_of
from embedding_explorer.training.figures import whole

if TYPE_CHECKING:
    from embedding_explorer.training.models.extractor import Snapshot, SnapshotExtractor

KIND = "training"
# Snapshots that are loaded at the same time, by their weights; of more, the pictures are read once for each group.
GROUP_BYTES = 1 << 30


def training_map(
    context: Context,
    report: Report,
    *,
    dataset: str,
    set: str,
    limit: int,
    network: dict[str, str | None],
    align: str | None,
    **options: Any,
) -> dict[str, Any]:
    """Build an explorer dataset of the pictures of a training dataset; its id, total and number of pictures skipped.

    `options`: see `request_for`, and `staging`.
    """
    staging = Path(options.pop("staging"))
    training = training_dataset(dataset, context.settings)
    facts = {"training_dataset": dataset, "set": set}
    aligned = context.store.get(align) if align else None
    request = request_for(context.settings, training, limit, facts, aligned_to=aligned, recognise=True, **options)

    def opened(pictures: Source) -> Extractor:
        return context.network_for(pictures, request.limits.max_pixels, **network)

    source = StoredPictures(training, sets_of(training, set), limit)
    return build_dataset(request, context.store, opened, staging, report, source).outcome()


def series(
    context: Context,
    report: Report,
    *,
    model: str,
    epochs: Sequence[float],
    set: str,
    limit: int,
    layer: str | None,
    pooling: str | None,
    recipe: Sequence[Any],
    staging: str,
    **options: Any,
) -> dict[str, Any]:
    """Make a map of the same pictures for each epoch, each aligned to the one before.

    The result names the first dataset, how many pictures each has, and the epochs with their datasets.
    """
    found = find_model(model, context.settings)
    wanted = Series(model, found.dataset, set, limit, layer, pooling, tuple(epochs), recipe)
    known = next((each for each in series_of(model, context.store) if each.id == wanted.id and each.complete), None)
    maker = SeriesMaker(context, Progress(report), Path(staging), known or wanted, found.name, options)
    if known is None:
        maker.make()
    return maker.outcome()


def snapshot_layers(context: Context, report: Report, *, model: str) -> list[dict[str, Any]]:
    """The layers of a model; all its snapshots have the same."""
    from embedding_explorer.training.models.extractor import list_layers
    from embedding_explorer.training.models.folder import open_model

    snapshot = find_snapshot(Wanted(model, None), context.settings)
    return list_layers(open_model(snapshot.folder, snapshot.epoch), snapshot.pictures)


class SeriesMaker:
    """Makes one series."""

    def __init__(
        self, context: Context, progress: Progress, staging: Path, wanted: Series, name: str, options: dict[str, Any]
    ) -> None:
        self._context, self._progress, self._staging = context, progress, staging
        self.series, self._name, self._options = wanted, name, options
        self._last: Manifest | None = None

    def make(self) -> None:
        """All maps, in groups of snapshots that fit into memory together."""
        snapshots = [
            find_snapshot(Wanted(self.series.model, epoch), self._context.settings) for epoch in self.series.epochs
        ]
        for number, group in enumerate(self._groups(snapshots)):
            self._make_group(group, self._staging / f"group-{number}")

    def outcome(self) -> dict[str, Any]:
        """The job's result."""
        first = self._context.store.get(self.series.maps[0][1]).manifest
        shown = self.series.to_json()
        return first.outcome() | {"series": shown["id"], "model": shown["model"], "maps": shown["maps"]}

    def _groups(self, snapshots: "Sequence[Snapshot]") -> "Iterator[list[SnapshotExtractor]]":
        group: list[SnapshotExtractor] = []
        for snapshot in snapshots:
            opened = open_snapshot(snapshot, self.series.layer, self.series.pooling, self._context.settings)
            if group and sum(each.weight_bytes for each in (*group, opened)) > GROUP_BYTES:
                yield group
                group = []
            group.append(opened)
        yield group

    def _make_group(self, networks: "list[SnapshotExtractor]", staging: Path) -> None:
        from embedding_explorer.training.models.fan import Fan

        settings, store = self._context.settings, self._context.store
        training = training_dataset(self.series.dataset, settings)
        requests = [self._request(training, each.snapshot.epoch) for each in networks]
        fan = Fan(networks)
        with StoredPictures(training, sets_of(training, self.series.set), self.series.limit) as source:
            parts, skipped = read_pictures(requests[0], source, fan, store, staging, self._progress)
        members = [Member(*each) for each in zip(requests, networks, fan.columns, strict=True)]
        self._last = finish_series(members, parts, skipped, store, self._last, self._progress, self._note)

    def _request(self, training: TrainingDataset, epoch: float) -> BuildRequest:
        facts = {
            "training_dataset": self.series.dataset,
            "set": self.series.set,
            "model": self.series.model,
            "epoch": f"{whole(epoch)}",
        }
        options = {**self._options, "name": f"{self._name}, epoch {whole(epoch)}"[:200]}
        return request_for(self._context.settings, training, self.series.limit, facts, **options)

    def _note(self, manifest: Manifest) -> None:
        done = len(self.series.maps)
        self.series = self.series.with_map(self.series.epochs[done], manifest.id)
        self.series.save(self._context.settings.data)
        self._progress("maps", done + 1, len(self.series.epochs))


def request_for(
    settings: Settings, training: TrainingDataset, limit: int, facts: dict[str, str], **options: Any
) -> BuildRequest:
    """What to make of a training dataset; `options`: name, keep_images and other fields of BuildRequest."""
    return BuildRequest(
        source=training.folder,
        kind=KIND,
        limits=Limits(
            max_images=limit,
            max_entries=None,
            max_bytes=None,
            max_unpacked_bytes=None,
            max_ratio=settings.max_compression_ratio,
            max_pixels=settings.max_image_pixels,
        ),
        features_dtype=settings.features_dtype,
        reducer_options={"umap": {"seed": settings.umap_seed, "seeded_limit": settings.umap_seeded_limit}},
        facts=facts,
        **options,
    )


def training_dataset(job_id: str, settings: Settings) -> TrainingDataset:
    """A training dataset; raises BadInput where it has gone."""
    try:
        return TrainingDataset(settings.jobs_folder / job_id)
    except NotFound as error:
        raise BadInput(f"The training dataset {job_id} has gone, so there are no pictures to draw.") from error


MAP_TASKS: dict[str, Callable[..., Any]] = {
    "training_map": training_map,
    "series": series,
    "snapshot_layers": snapshot_layers,
}
