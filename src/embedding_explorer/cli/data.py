"""`datasets`, `import` and `export`: what is in the data folder, and exchanging it with other installations."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedding_explorer.cli.common import data_option, settings_for, store_for
from embedding_explorer.errors import BadInput

if TYPE_CHECKING:
    from embedding_explorer.datasets.dataset import Dataset


@click.group()
def datasets() -> None:
    """List, choose, rename and delete datasets."""


@datasets.command("list")
@data_option
def list_them(data: Path | None) -> None:
    """Show every dataset, the newest first; the main one is marked."""
    store = store_for(settings_for(data=data))
    main = store.main()
    for manifest in store.list():
        mark = "*" if main and main.id == manifest.id else " "
        click.echo(f"{mark} {manifest.id}  {manifest.total:8}  {manifest.created[:19]}  {manifest.name}")


@datasets.command()
@click.argument("dataset")
@data_option
def main(dataset: str, data: Path | None) -> None:
    """Make DATASET the main one; a running server follows at once."""
    manifest = store_for(settings_for(data=data)).set_main(dataset)
    click.echo(f"{manifest.name!r} ({manifest.id}) is the main dataset now.")


@datasets.command()
@click.argument("dataset")
@click.argument("name")
@data_option
def rename(dataset: str, name: str, data: Path | None) -> None:
    """Give DATASET another NAME."""
    store_for(settings_for(data=data)).rename(dataset, name)


@datasets.command()
@click.argument("dataset")
@data_option
@click.confirmation_option(prompt="Delete this dataset for good?")
def delete(dataset: str, data: Path | None) -> None:
    """Remove DATASET."""
    store_for(settings_for(data=data)).delete(dataset)


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--main/--no-main", default=True, help="Make it the main dataset (the default).")
@data_option
def import_(source: Path, main: bool, data: Path | None) -> None:
    """Take over a seed layout: SOURCE is data.7z or a folder with pickles/ and tilemaps/."""
    from embedding_explorer.cli.jobs import job_in
    from embedding_explorer.datasets.seed_import import import_seed

    settings = settings_for(data=data)
    store = store_for(settings)
    with job_in(settings, "import", source.name) as report:
        manifest = import_seed(
            source, store, make_main=main, progress=lambda done, total: report("unpack", done, total)
        )
    for file in manifest.skipped:
        click.echo(f"left out {file['file']}: {file['reason']}", err=True)
    click.echo(manifest.id)


@click.command()
@click.argument("dataset")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--seed-layout", is_flag=True, help="Write pickles and tilemaps for an old installation: a folder or a .7z."
)
@data_option
def export(dataset: str, target: Path, seed_layout: bool, data: Path | None) -> None:
    """Write DATASET (an id or `main`) to TARGET: .csv, .parquet, .npz, .zip, or a seed layout."""
    from embedding_explorer.datasets.export import export as write
    from embedding_explorer.datasets.seed_export import export_seed

    found = store_for(settings_for(data=data)).get(dataset)
    try:
        if seed_layout:
            export_seed(found, target)
        else:
            write_whole(found, target, write)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}. Give another path.") from error
    click.echo(str(target))


def write_whole(dataset: "Dataset", target: Path, write: Callable[["Dataset", str, Path], None]) -> None:
    """Write a file beside `target` that takes its place when it is whole; what is there stays until then."""
    from embedding_explorer.datasets.disk import PART, full_disk_named

    part = target.with_name(f".{target.name}{PART}")
    try:
        with full_disk_named(target.parent):
            write(dataset, target.suffix.removeprefix("."), part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
