"""`ingest`: a dataset of any size from a folder or an archive, with a progress bar; interrupted, it goes on."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from embedding_explorer.cli.common import data_option, settings_for, store_for
from embedding_explorer.cli.jobs import job_in
from embedding_explorer.datasets.staging import has_ranges
from embedding_explorer.jobs.records import STAGES, Job
from embedding_explorer.jobs.service import RESUMABLE

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--name", help="Name of the dataset (default: that of the source).")
@click.option("--main", is_flag=True, help="Make it the main dataset.")
@click.option(
    "--network",
    help="Network that makes the features: an id or a slug of the networks API, or a trained model's id, with @ and the "
    "epoch of a snapshot (default: EXPLORER_NETWORK).",
)
@click.option("--layer", help="A layer of it (default: its first final output).")
@click.option("--pooling", type=click.Choice(["avg", "max", "flatten"]), help="What becomes of a layer's maps.")
@click.option("--labels", type=click.Choice(["none", "folders", "parents"]), default="parents", show_default=True,
              help="What labels an image: nothing, its top-level folder, or the folder that it is in.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), help="At most so many images.")
@click.option(
    "--keep-images/--no-keep-images", default=None, help="Copy the originals (default: EXPLORER_KEEP_IMAGES)."
)
@data_option
def ingest(
    source: Path, name: str | None, main: bool, data: Path | None, keep_images: bool | None, **options: Any
) -> None:
    """Build a dataset of the pictures in SOURCE, a folder or a ZIP, 7z or tar archive of any size."""
    from embedding_explorer.jobs.context import Context
    from embedding_explorer.jobs.tasks import build

    settings = settings_for(data=data)
    store_for(settings)
    network = {key: options.pop(key) for key in ("network", "layer", "pooling")}
    keep = settings.keep_images if keep_images is None else keep_images
    staging = settings.data / "staging" / f"{RESUMABLE}{key_of(source, network, options, keep)}"
    with progress_bars() as show, job_in(settings, "ingest", name or source.stem, show) as report, resumable(staging):
        result = build(
            Context(settings),
            report,
            source=str(source),
            staging=str(staging),
            name=name or source.stem,
            kind="ingest",
            network=network,
            nested=True,
            main=main,
            keep_images=keep,
            **options,
        )
    click.echo(f"{result['total']} images, {result['skipped']} files skipped.", err=True)
    click.echo(result["dataset"])


def key_of(source: Path, *options: object) -> str:
    """Names the staging folder of one source under the same options, so that a second attempt finds it."""
    return hashlib.sha256(json.dumps([str(source.resolve()), *options]).encode()).hexdigest()[:16]


@contextmanager
def resumable(staging: Path) -> Iterator[None]:
    """A staging folder that outlives a failure where a range is finished, so that a second attempt goes on with it."""
    if has_ranges(staging):
        click.echo("Going on with an interrupted ingest of the same source.", err=True)
    staging.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        if not has_ranges(staging):
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def progress_bars() -> Iterator[Any]:
    """A bar for each stage on standard error, with rate and time left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars: dict[str, Any] = {}

        def show(job: Job) -> None:
            for stage in sorted(job.stages, key=STAGES.index):
                done, total = job.stages[stage]
                if stage not in bars:
                    bars[stage] = progress.add_task(stage, total=total or None, rate="")
                progress.update(bars[stage], completed=done, total=total or None, rate=rate(progress, bars[stage]))

        yield show


def rate(progress: "Progress", bar: "TaskID") -> str:
    """How many a second: now, and on the whole for a stage that has ended."""
    task = next(task for task in progress.tasks if task.id == bar)
    speed = task.finished_speed or task.speed
    return f"{speed:,.0f}/s" if speed else ""
