"""What goes between the web process and the reader of run logs: a line of JSON and a body, each with its length."""

import json
import socket
import struct
from typing import Any

Head = dict[str, Any]
_LENGTHS = struct.Struct("<IQ")


class Closed(Exception):
    """The other side is gone."""


def send(connection: socket.socket, head: Head, body: bytes = b"") -> None:
    """One frame; raises Closed."""
    line = json.dumps(head).encode()
    try:
        connection.sendall(_LENGTHS.pack(len(line), len(body)) + line)
        if body:
            connection.sendall(body)
    except OSError as error:
        raise Closed from error


def receive(connection: socket.socket) -> tuple[Head, bytes]:
    """The next frame; raises Closed."""
    head, body = _LENGTHS.unpack(_exactly(connection, _LENGTHS.size))
    return json.loads(_exactly(connection, head)), bytes(_exactly(connection, body))


def _exactly(connection: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        try:
            count = connection.recv_into(view[done:])
        except OSError as error:
            raise Closed from error
        if not count:
            raise Closed
        done += count
    return data
