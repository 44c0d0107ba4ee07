"""Connections end with their clients."""

import fcntl
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embedding_explorer.connections import SILENCE, cut_off_the_silent, limit_silence

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for sockets as Linux lists them")


def test_what_a_server_accepts_does_not_outlive_its_clients() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as other:
        cut_off_the_silent(server.getsockname()[1])
        deadline = time.monotonic() + 30
        while not server.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) and time.monotonic() < deadline:
            time.sleep(0.01)
        with socket.create_connection(server.getsockname()), server.accept()[0] as connection:
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000 * SILENCE
        assert not other.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_open_files_keep_their_locks(tmp_path: Path) -> None:
    """Another process would take the last one to close a database for the only one, and remove its journal."""
    file = tmp_path / "locked"
    taken = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with file.open("w+b") as held, socket.create_server(("127.0.0.1", 0)) as server:
        fcntl.lockf(held, fcntl.LOCK_EX)
        assert limit_silence(server.getsockname()[1])
        assert subprocess.run([sys.executable, "-c", taken, file], stderr=subprocess.DEVNULL).returncode == 1
        assert server.fileno() >= 0 and not limit_silence(1)
    subprocess.run([sys.executable, "-c", taken, file], check=True)
