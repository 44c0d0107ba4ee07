"""`download-data`: public sets of labelled pictures as folders, to train with."""

from pathlib import Path

import click

from embedding_explorer.errors import ExplorerError


@click.command("download-data")
@click.argument("name")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("-c", "--clean", is_flag=True, help="Empty OUTPUT before.")
def download_data(name: str, output: Path, clean: bool) -> None:
    """Write the set NAME (digits, mnist, cifar10 or cifar100) to the folder OUTPUT, as PNG files by class with lists.

    Original archives that lie in OUTPUT are not downloaded; digits needs none.
    """
    from embedding_explorer.training.downloads import download_data as write

    try:
        write(name, output, clean, click.echo)
    except ExplorerError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"{output} is complete.")
