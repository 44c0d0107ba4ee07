"""`serve`: the server."""

from pathlib import Path

import click

from embedding_explorer.cli.common import data_option, settings_for
from embedding_explorer.settings import table

EPILOG = "\b\nEvery setting is an environment variable:\n" + "\n".join(
    f"  {name} ({default or 'empty'}): {text}" for name, default, text in table()
)


@click.command(epilog=EPILOG)
@click.option("--host", help="Address to listen on (EXPLORER_HOST; default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (EXPLORER_PORT; default: 5000).")
@data_option
@click.option("--network", help="Network for new datasets (EXPLORER_NETWORK).")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where networks run (EXPLORER_DEVICE).")
@click.option(
    "--precision", type=click.Choice(["auto", "float32", "bfloat16", "int8"]), help="Arithmetic (EXPLORER_PRECISION)."
)
def serve(
    host: str | None,
    port: int | None,
    data: Path | None,
    network: str | None,
    device: str | None,
    precision: str | None,
) -> None:
    """Serve the map and its APIs."""
    from embedding_explorer.server import serve as run

    run(settings_for(host=host, port=port, data=data, network=network, device=device, precision=precision))
