"""Servers for the benchmarks: ours as a user starts it, and a naive one behind the same WSGI server."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def explorer(data: Path, **settings: str) -> Iterator[int]:
    """Our server, warm; its port."""
    port = free_port()
    variables = {f"EXPLORER_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "embedding_explorer", "serve", "--port", str(port), "--data", str(data)]
    with running(command, variables):
        wait(port, "/health/ready")
        yield port


@contextlib.contextmanager
def naive(points: Path) -> Iterator[int]:
    """The naive application behind Granian; its port."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws"]
    with running([*command, "--factory", "benchmarks.naive:application"], {"NAIVE_POINTS": str(points)}):
        wait(port, "/pca/0/0/standalone")
        yield port


@contextlib.contextmanager
def running(command: list[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended at the end."""
    process = subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def wait(port: int, path: str, seconds: float = 240) -> None:
    """Until the address answers 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60).read()
            return
        time.sleep(0.1)
    raise TimeoutError(path)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
