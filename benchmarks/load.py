"""Requests a second: by `wrk` where it is installed, else by some processes of Python, which need more of the machine.

Each connection asks again as soon as it has its answer.
"""

import re
import shutil
import socket
import subprocess
import time
from multiprocessing import get_context

CLIENTS = 4


def requests_a_second(port: int, path: str, seconds: float = 4.0, accept: str = "*/*", clients: int = CLIENTS) -> float:
    """Complete answers with status 200 a second, over `clients` connections together."""
    if shutil.which("wrk"):
        return wrk(port, path, seconds, accept, clients)
    with get_context("spawn").Pool(clients) as pool:
        counts = pool.starmap(ask, [(port, path, seconds, accept)] * clients)
    return sum(count / elapsed for count, elapsed in counts)


def wrk(port: int, path: str, seconds: float, accept: str, clients: int) -> float:
    """The same by wrk; raises RuntimeError when there were other answers than 2xx."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}", "--timeout", "30", "-H", f"Accept: {accept}"]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx" in said:
        raise RuntimeError(said)
    return float(found[1])


def ask(port: int, path: str, seconds: float, accept: str) -> tuple[int, float]:
    """How many answers came in how many seconds."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        buffer = bytearray(1 << 20)
        one(connection, request, buffer)
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds or not count:
            one(connection, request, buffer)
            count += 1
        return count, time.perf_counter() - start


def one(connection: socket.socket, request: bytes, buffer: bytearray) -> None:
    """Ask once and take in the whole answer."""
    connection.sendall(request)
    got = connection.recv_into(buffer)
    end = buffer.find(b"\r\n\r\n", 0, got)
    while end < 0:
        got += connection.recv_into(memoryview(buffer)[got:])
        end = buffer.find(b"\r\n\r\n", 0, got)
    head = bytes(buffer[:end]).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(head.decode())
    left = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) - (got - end - 4)
    while left > 0:
        left -= connection.recv_into(buffer)
