"""A PostgreSQL server of one's own: in a temporary folder, as an unprivileged user, heard on a socket in that folder."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

UNPRIVILEGED = ("postgres", "nobody")  # PostgreSQL refuses to run as root
FOLDERS = "/usr/lib/postgresql/*/bin"  # Debian keeps it off the path


def program(name: str) -> str | None:
    """Where a program of PostgreSQL is."""
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *sorted(glob.glob(FOLDERS), reverse=True)]))


def need_programs() -> tuple[str, str]:
    """`initdb` and `pg_ctl`; without them the test is skipped, and fails where everything has to be there (CI)."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if initdb is None or pg_ctl is None:
        text = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    return initdb, pg_ctl


def user() -> str | None:
    """Whom to run it as; None for who we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in names)


@contextmanager
def postgres() -> Iterator[str]:
    """A running server; its address without the name of a database."""
    initdb, pg_ctl = need_programs()
    owner, folder = user(), Path(tempfile.mkdtemp(prefix="explorer-pg-", dir="/tmp"))  # a socket's path must be short
    data, options = folder / "data", f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    if owner:
        shutil.chown(folder, owner)

    def run(*command: str | Path) -> None:
        subprocess.run(command, check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)

    try:
        run(initdb, "-D", data, "-U", "explorer", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        run(pg_ctl, "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql://explorer@/{{name}}?host={folder}"
        finally:
            run(pg_ctl, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
