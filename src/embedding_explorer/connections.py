"""Connections of this process's own server: they end with their clients, which hold one of few threads each."""

import os
import socket
import stat
import threading
import time
from collections.abc import Iterator

SILENCE = 120  # seconds after which a client is given up that is gone, or takes nothing of what it asked for
# Of Linux; other systems have some of them.
OPTIONS = {"TCP_KEEPIDLE": SILENCE // 2, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6, "TCP_USER_TIMEOUT": SILENCE * 1000}
LOOKS, LOOK_EVERY = 600, 0.1  # for the server to listen; seconds
OPEN_FILES = "/proc/self/fd"


def cut_off_the_silent(port: int) -> None:
    """Set, as soon as this process listens on a port, what its connections inherit. Granian offers no way to.

    Does nothing where open files cannot be listed.
    """
    if os.path.isdir(OPEN_FILES):
        threading.Thread(target=_wait_and_set, args=(port,), name="connections", daemon=True).start()


def _wait_and_set(port: int) -> None:
    for _ in range(LOOKS):
        found = list(listeners(port))
        for each in found:
            with each:
                limit_silence(each)
        if found:
            return
        time.sleep(LOOK_EVERY)


def listeners(port: int) -> Iterator[socket.socket]:
    """This process's sockets that listen on a port, as duplicates for the caller to close."""
    ours: set[int] = set()  # which take the place of the listing itself among the numbers
    for number in map(int, os.listdir(OPEN_FILES)):
        if number in ours:
            continue
        try:
            duplicate = os.dup(number)
        except OSError:  # closed by now
            continue
        if not stat.S_ISSOCK(os.fstat(duplicate).st_mode):
            os.close(duplicate)
            continue
        found = socket.socket(fileno=duplicate)
        if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1:2] == (port,):
            ours.add(duplicate)
            yield found
        else:
            found.close()


def limit_silence(listener: socket.socket) -> None:
    """Let the connections that a socket accepts from now on end when nobody is there, or nobody takes anything."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in OPTIONS.items():
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
