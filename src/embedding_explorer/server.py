"""`embedding-explorer serve`: checks that end in a clear sentence, then Granian with one web process (`web_process`).

Nothing here imports what only the web process needs: that one is not even started before this one is.
"""

import logging
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from embedding_explorer import __version__
from embedding_explorer.errors import NO_SPACE, Busy, CatalogUnavailable, StartError
from embedding_explorer.jobs.lock import BusyLock, claim_data_folder
from embedding_explorer.settings import Settings

log = logging.getLogger(__name__)
APPLICATION = "embedding_explorer.web_process:application"
_DAMAGED = (
    "Put a copy from before in its place, or move it away with its -wal and -shm: a new one is made and the datasets "
    "stay, but registered networks and the list of trainings are lost."
)
STOP_PATIENCE = 8  # seconds for requests in progress at the end; docker stop waits ten


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises StartError."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    check_data_folder(settings.data)
    check_keys(settings)
    lock = claim_data_folder(settings.data)  # before the port, which the same other server would have
    check_catalog(settings)
    check_port(settings.host, settings.port)
    os.environ.update(settings.environment())
    # The matrices of a request are small, and threads of BLAS that wait for each other cost far more than they gain.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    server = Server(
        APPLICATION,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        factory=True,
        blocking_threads=settings.web_threads,
        websockets=False,
        workers_kill_timeout=STOP_PATIENCE,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
    )
    server.on_shutdown(lambda: sweep(settings))
    shown = "localhost" if settings.host in ("0.0.0.0", "::") else settings.host
    log.info(
        "embedding_explorer %s on http://%s:%d (data folder: %s)", __version__, shown, settings.port, settings.data
    )
    try:
        server.serve()
    finally:
        lock.release()
    log.info("stopped")


def sweep(settings: Settings) -> None:
    """After the web process has ended, however it did: what it left half done goes."""
    from embedding_explorer.database import Database
    from embedding_explorer.jobs.catalog import Catalog
    from embedding_explorer.jobs.service import clean_up
    from embedding_explorer.jobs.training.ledger import Ledger
    from embedding_explorer.jobs.training.run import STOPPED
    from embedding_explorer.jobs.training.table import TrainingTable

    try:
        database = Database.of(settings)
        Ledger(TrainingTable(database, settings.jobs_folder)).abort_active(STOPPED)
        clean_up(settings.data, Catalog(database), BusyLock(settings.data))
    except Busy:
        log.info("another process still works in the data folder; its files are left alone")
    except CatalogUnavailable as error:
        log.error("what is unfinished is marked at the next start: %s", error)


def check_keys(settings: Settings) -> None:
    """Raise StartError for keys that no header can carry, which would lock everybody out."""
    if not all(33 <= ord(c) < 127 for c in settings.api_key.replace(" ", "")):
        raise StartError("EXPLORER_API_KEY must consist of visible ASCII characters.", setting="EXPLORER_API_KEY")


def check_data_folder(data: Path) -> None:
    """Raise StartError unless files can be written in the data folder, which is made if need be."""
    probe = data / f".write-test-{os.getpid()}"
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        what = "Free some space" if error.errno in NO_SPACE else "Give this user the right to"
        raise StartError(
            f"The data folder {data} cannot be written to ({error.strerror}). "
            f"{what}, or choose another folder (--data, EXPLORER_DATA).",
            setting="EXPLORER_DATA",
        ) from error


def check_catalog(settings: Settings) -> None:
    """Raise StartError unless the database that the settings choose answers."""
    if settings.database_url:
        from embedding_explorer.database import check_database

        return check_database(settings)
    try:
        with closing(sqlite3.connect(settings.catalog_file, timeout=30)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        locked = isinstance(error, sqlite3.OperationalError)  # or no right to open it: the file itself may be well
        raise StartError(
            f"The catalog {settings.catalog_file} cannot be read ({error}). "
            + ("Give this user the right to read and write it, and end what else uses it." if locked else _DAMAGED),
            setting="EXPLORER_DATA",
        ) from error


def check_port(host: str, port: int) -> None:
    """Raise StartError when nobody can listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise StartError(
            f"Cannot listen on {host} port {port} ({error.strerror}). Choose another with --port (EXPLORER_PORT) or --host.",
            setting="EXPLORER_PORT",
        ) from error
