"""Connections of this process's own server: they end with their clients, which hold one of few threads each."""

import os
import socket
import threading
import time

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
        if limit_silence(port):
            return
        time.sleep(LOOK_EVERY)


def limit_silence(port: int) -> bool:
    """Let the connections that come to a port from now on end when nobody is there, or nobody takes anything.

    Whether this process listens there. Sockets are looked at under the numbers that they have: to duplicate open files
    and to close the duplicates again would drop this process's locks on them, and SQLite lives by its locks.
    """
    done = False
    for number in map(int, os.listdir(OPEN_FILES)):
        try:
            borrowed = socket.socket(fileno=number)
        except OSError:  # no socket, or closed by now
            continue
        try:
            if listens(borrowed, port):
                set_options(borrowed)
                done = True
        finally:
            borrowed.detach()
    return done


def listens(found: socket.socket, port: int) -> bool:
    """Whether a socket takes connections to a port."""
    return bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)) and found.getsockname()[1:2] == (port,)


def set_options(listener: socket.socket) -> None:
    """What the connections that a socket accepts inherit."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in OPTIONS.items():
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
