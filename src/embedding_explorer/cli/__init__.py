"""The command line: serve, ingest, import, export, datasets, networks, download-data."""

import sys
from importlib import import_module
from typing import NoReturn

import click

from embedding_explorer import __version__
from embedding_explorer.errors import ExplorerError

# Each is imported when it is called: what `ingest` needs would keep `serve` waiting for most of a second.
COMMANDS = {
    "serve": "serve:serve",
    "ingest": "ingest:ingest",
    "import": "data:import_",
    "export": "data:export",
    "datasets": "data:datasets",
    "networks": "networks:networks",
    "download-data": "download:download_data",
}


class LazyGroup(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, for the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), function)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="embedding-explorer")
def cli() -> None:
    """See a pile of pictures as a map you can fly through."""


def main() -> None:
    """Run the command line; an error of ours is one sentence, not a traceback."""
    try:
        cli()
    except ExplorerError as error:
        _end(error.message)
    except PermissionError as error:
        _end(f"{error.filename}: {error.strerror}. Give this user the right to, or choose another place.")


def _end(said: str) -> NoReturn:
    click.echo(f"embedding-explorer: {said}", err=True)
    sys.exit(2)
