"""Real server processes for tests."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import requests

from embedding_explorer.database import Database
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.records import Job
from embedding_explorer.settings import PREFIX, SYNONYMS
from tests.jobs.pausing_worker import PAUSE, PAUSED

REPOSITORY = Path(__file__).parent.parent
WORKERS = {b"embedding_explorer.jobs.worker", b"tests.jobs.pausing_worker"}
STARTED, WARM, STOPPED = 120.0, 600.0, 60.0


class Server:
    """`embedding-explorer serve` on a free port, in a session and process group of its own."""

    module = "embedding_explorer"

    def __init__(
        self, data: Path, *arguments: str, warm: bool = True, port: int | None = None, **settings: str
    ) -> None:
        self.data, self.port = data, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}-{self.port}.log"
        command = [sys.executable, "-m", self.module, "serve", "--port", str(self.port), "--data", str(data)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=REPOSITORY,
                env=environment(**settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_for(lambda: self.get("/health/live").status_code == 200, STARTED)
            if warm:
                self.wait_warm()
        except BaseException:  # nobody else will end it
            self.kill()
            raise

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
        return requests.get(self.url + path, timeout=300, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=300, **more)

    def upload(self, archive: bytes, name: str = "pictures.zip", query: str = "", **more: Any) -> requests.Response:
        return self.post(f"/dataset{query}", files={"file": (name, archive)}, **more)

    def busy(self) -> dict[str, Any] | None:
        """The job that holds the lock, as the busy answer has it."""
        answer = self.get("/status")
        return answer.json()["job"] if answer.status_code == 503 else None

    def worker_pid(self) -> int:
        """Process id of the worker; raises LookupError."""
        for pid, command in self.processes().items():
            if WORKERS & set(command):
                return pid
        raise LookupError("no worker")

    def web_pid(self) -> int:
        """Process id of the web process, whose child the worker is."""
        return int(Path(f"/proc/{self.worker_pid()}/stat").read_text().rpartition(")")[2].split()[1])

    def kill_worker(self) -> None:
        """SIGKILL to the worker, until another one has taken its place."""
        killed = self.worker_pid()
        os.kill(killed, signal.SIGKILL)
        self.wait_for(
            lambda: {pid for pid, words in self.processes().items() if WORKERS & set(words)} - {killed} != set(),
            STARTED,
        )

    def processes(self) -> dict[int, list[bytes]]:
        """All processes of this server: id → command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            pid = int(entry.parent.name)
            try:
                if os.getsid(pid) == self.process.pid and (words := entry.read_bytes().split(b"\0")) != [b""]:
                    found[pid] = words
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
        return found

    def last_job(self) -> Job:
        """The newest record of the catalog."""
        catalog = Catalog(Database.at(self.data / "catalog.sqlite"))
        try:
            return catalog.jobs(limit=1)[0]
        finally:
            catalog.database.close()

    def leftovers(self) -> list[Path]:
        """What is in the staging folder."""
        return list((self.data / "staging").glob("*"))

    def terminate(self) -> int:
        """SIGTERM to the main process, as an init system sends it; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPPED)

    def kill(self) -> None:
        """SIGKILL to everything at once; returns when all is gone."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOPPED)
        self.wait_gone()

    def wait_gone(self) -> None:
        """Until no process of the server is left."""
        deadline = time.monotonic() + STOPPED
        while self.processes():
            if time.monotonic() > deadline:
                raise TimeoutError(f"these did not end: {self.processes()}")
            time.sleep(0.01)


class QuickServer(Server):
    """The same with a worker that is warm in a second and stops where a test wants it to (`tests.quick_server`)."""

    module = "tests.quick_server"

    def __init__(self, data: Path, *arguments: str, starter: str = "no", **more: Any) -> None:
        super().__init__(data, *arguments, starter=starter, **more)

    def wait_warm(self) -> None:
        """Until the worker is warm."""
        self.wait_for(lambda: self.get("/health/ready").status_code == 200, WARM)

    def pause_at(self, stage: str) -> None:
        """Let the next job stop when it reports that stage."""
        (self.data / PAUSE).write_text(stage)

    def wait_paused(self) -> None:
        """Until the job has stopped."""
        self.wait_for((self.data / PAUSED).exists, WARM)

    def go_on(self) -> None:
        """No more stops."""
        (self.data / PAUSE).unlink(missing_ok=True)
        (self.data / PAUSED).unlink(missing_ok=True)


class Upload(threading.Thread):
    """An upload in the background: `answer`, or None when the connection broke."""

    def __init__(self, server: Server, archive: bytes, **more: Any) -> None:
        super().__init__()
        self.answer: requests.Response | None = None
        self._send = partial(server.upload, archive, **more)
        self.start()

    def run(self) -> None:
        with contextlib.suppress(requests.ConnectionError):
            self.answer = self._send()

    def done(self) -> requests.Response | None:
        """The answer, waited for."""
        self.join(WARM)
        return self.answer


def upload_request(archive: bytes, length: int | None = None) -> bytes:
    """An upload as it goes over the wire; `length`: announce so many bytes of body."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    body = head + archive + b"\r\n--b--\r\n"
    return (
        b"POST /dataset HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (length or len(body), body)
    )


def begun_upload(server: Server, request: bytes = upload_request(b"x" * 100_000, 5_000_000)) -> socket.socket:
    """A connection over which an upload has begun to come in: it holds the lock, and its job is in the catalog."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(request)
    server.wait_for(lambda: (server.busy() or {}).get("kind", "unknown") != "unknown", STARTED)
    return connection


def answer_on(connection: socket.socket) -> HTTPResponse:
    """The answer that comes over a connection."""
    response = HTTPResponse(connection)
    response.begin()
    return response


def explorer(
    *arguments: str, module: str = "embedding_explorer", **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the command line to its end."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment(**settings), capture_output=True, text=True, timeout=WARM
    )


def is_setting(name: str) -> bool:
    """Whether a variable of the environment is one of the program's."""
    return name.startswith(PREFIX) or name in SYNONYMS


def environment(**settings: str) -> dict[str, str]:
    """Of a process with these settings, and none of those that are set here."""
    kept = {name: text for name, text in os.environ.items() if not is_setting(name)}
    return kept | {f"EXPLORER_{name.upper()}": value for name, value in settings.items()}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
