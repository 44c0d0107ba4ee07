"""What the commands share."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from embedding_explorer.logs import configure_logging
from embedding_explorer.server import check_data_folder
from embedding_explorer.settings import Settings

if TYPE_CHECKING:
    from embedding_explorer.datasets.store import DatasetStore

data_option = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="The data folder (EXPLORER_DATA; default: data)."
)


def settings_for(**given: Any) -> Settings:
    """Settings from the environment and the options given, their folders absolute; logging as they say."""
    settings = Settings.from_environment(**given)
    # Paths in them are kept and handed on, where a relative one of our own looks like one that somebody sent.
    jobs = settings.jobs_dir and str(Path(settings.jobs_dir).absolute())
    settings = replace(settings, data=settings.data.absolute(), jobs_dir=jobs)
    writable = configure_logging(settings.log_level, settings.log_file)
    return settings if writable else replace(settings, log_file="")  # said once, and not by each process


def store_for(settings: Settings) -> "DatasetStore":
    """The datasets of a data folder that can be written to."""
    from embedding_explorer.datasets.store import DatasetStore

    check_data_folder(settings.data)
    return DatasetStore(settings.data)
