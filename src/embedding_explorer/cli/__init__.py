"""The command line: serve, ingest, import, export, datasets, networks, download-data."""

import sys

import click

from embedding_explorer import __version__
from embedding_explorer.cli.data import datasets, export, import_
from embedding_explorer.cli.download import download_data
from embedding_explorer.cli.ingest import ingest
from embedding_explorer.cli.networks import networks
from embedding_explorer.cli.serve import serve
from embedding_explorer.errors import ExplorerError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="embedding-explorer")
def cli() -> None:
    """See a pile of pictures as a map you can fly through."""


for command in (serve, ingest, import_, export, datasets, networks, download_data):
    cli.add_command(command)


def main() -> None:
    """Run the command line; an error of ours is one sentence, not a traceback."""
    try:
        cli()
    except ExplorerError as error:
        click.echo(f"embedding-explorer: {error.message}", err=True)
        sys.exit(2)
