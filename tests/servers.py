"""Real server processes for tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

STARTED, WARM, STOPPED = 20.0, 180.0, 15.0


class Server:
    """`embedding-explorer serve` on a free port, in a process group of its own."""

    def __init__(self, data: Path, *arguments: str, warm: bool = True, **settings: str) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}-{self.port}.log"
        variables = {f"EXPLORER_{name.upper()}": value for name, value in settings.items()}
        command = [sys.executable, "-m", "embedding_explorer", "serve", "--port", str(self.port), "--data", str(data)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], env=os.environ | variables, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_for(lambda: self.get("/health/live").status_code == 200, STARTED)
        if warm:
            self.wait_warm()

    def wait_warm(self) -> None:
        """Until the worker is warm and the first dataset, if one is to be made, is there."""
        self.wait_for(lambda: self.get("/health/ready").status_code == 200, WARM)
        time.sleep(1.2)
        self.wait_idle()

    def wait_idle(self) -> None:
        """Until no job holds the lock."""
        self.wait_for(lambda: self.get("/status").status_code == 200, WARM)

    def wait_for(self, done: Callable[[], bool], seconds: float) -> None:
        """Poll until `done`; the log's end is in the error when the time is over or the process has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if done():
                    return
            except requests.ConnectionError:
                pass  # not listening yet
            time.sleep(0.05)
        raise TimeoutError(f"the server did not come so far:\n{self.log.read_text()[-3000:]}")

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=120, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=300, **more)

    def upload(self, archive: bytes, name: str = "pictures.zip", query: str = "", **more: Any) -> requests.Response:
        return self.post(f"/dataset{query}", files={"file": (name, archive)}, **more)

    def worker_pid(self) -> int:
        """Process id of the worker: the child of the web process that runs the worker's module."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
                if b"embedding_explorer.jobs.worker" in words and os.getsid(int(entry.parent.name)) == self.process.pid:
                    return int(entry.parent.name)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
        raise LookupError("no worker")

    def terminate(self) -> int:
        """SIGTERM to the main process, as an init system sends it; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPPED)

    def kill(self) -> None:
        """SIGKILL to everything at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOPPED)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
