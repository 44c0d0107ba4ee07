"""A server of run logs, and one who asks it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.servers import QuickServer

WEB = {"Accept": "application/json, text/plain, */*"}
SEEN = 10.0  # seconds until what was written must be seen


class LogServer(QuickServer):
    """A real server with a log root of its own; the worker of jobs is not waited for."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.root = folder / "logs"
        self.root.mkdir(parents=True, exist_ok=True)
        super().__init__(folder / "data", warm=False, **{"logs_root": str(self.root), **settings})

    def raw(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        """An answer as it comes; without the header that requests adds, which is of no dialect anyway."""
        return self.get(f"/api/{path}", params=query, headers=headers)

    def ask(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """The payload of a good answer."""
        answer = self.raw(path, headers, **query)
        body = strict(answer)
        assert (answer.status_code, body["code"], body["msg"]) == (200, 200, "ok"), body
        return body["data"]

    def refused(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> str:
        """The reason of a bad answer, after a look at its shape."""
        answer = self.raw(path, headers, **query)
        body = strict(answer)
        assert answer.status_code == 200, answer.text
        assert set(body) == {"code", "msg", "data"}, body
        assert (body["code"], body["data"]) == (500, ""), body
        assert "\n" not in body["msg"]
        assert str(self.root.parent) not in body["msg"]
        assert "Traceback" not in body["msg"]
        return str(body["msg"])

    def until(self, seen: Callable[[], bool], seconds: float = SEEN) -> float:
        """Wait until something is seen; how long that took."""
        began = time.monotonic()
        while not seen():
            assert time.monotonic() - began < seconds, "not seen in time"
            time.sleep(0.1)
        return time.monotonic() - began

    def reader_pid(self) -> int:
        """Process id of the process that reads logs; raises LookupError."""
        for pid, command in self.processes().items():
            if b"embedding_explorer.jobs.log_reader" in command:
                return pid
        raise LookupError("no reader")


def strict(answer: requests.Response) -> dict[str, Any]:
    """The JSON in an answer, which must be valid by the book."""
    assert answer.headers["Content-Type"] == "application/json"

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    body: dict[str, Any] = json.loads(answer.content, parse_constant=refuse)
    return body
