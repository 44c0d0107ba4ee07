"""Connections end with their clients."""

import socket
import sys
import time

import pytest

from embedding_explorer.connections import SILENCE, cut_off_the_silent, listeners

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


def test_only_what_listens_on_the_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            found = list(listeners(port))
            assert len(found) == 1 and found[0].fileno() != server.fileno()
            found[0].close()
        assert server.fileno() >= 0 and not list(listeners(1))
