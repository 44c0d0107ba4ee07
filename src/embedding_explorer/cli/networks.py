"""`networks`: which networks there are, and fetching their weights."""

from pathlib import Path

import click

from embedding_explorer.cli.common import data_option, settings_for
from embedding_explorer.server import check_data_folder


@click.group()
def networks() -> None:
    """List networks and fetch their weights."""


@networks.command("list")
@data_option
def list_them(data: Path | None) -> None:
    """Show every network and whether its weights are present."""
    from embedding_explorer.networks.registry import default_network, list_networks

    settings = settings_for(data=data)
    chosen = default_network(settings.data) if settings.network == "auto" else settings.network
    for status in list_networks(settings.data):
        mark = "*" if status.name == chosen else " "
        state = status.weights or status.note or "ready" if status.usable else f"not usable: {status.reason}"
        click.echo(f"{mark} {status.name:16} {status.dimension:5} features  {state}")


@networks.command()
@click.argument("name")
@data_option
def fetch(name: str, data: Path | None) -> None:
    """Download the weights of NAME from their publisher into the data folder."""
    from embedding_explorer.networks.fetch import fetch as download

    settings = settings_for(data=data)
    check_data_folder(settings.data)
    with click.progressbar(length=1000, label=f"Fetching {name}") as bar:

        def show(done: int, total: int) -> None:
            bar.update(int(1000 * done / max(total, 1)) - bar.pos)

        path = download(name, settings.data, show)
    click.echo(f"{path} is in place and its digest is right.")
