"""Server-sent events: how one is written, and how many may listen, for each holds a thread that answers requests."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response

from embedding_explorer.errors import TooManyTasks
from embedding_explorer.jobs.runtime import Runtime

HEARTBEAT = 10.0  # seconds of silence after which a comment keeps the connection alive
LISTENERS = 0.5  # of the threads that answer requests; the others are for everybody


class EventStreams:
    """The answers that go on, of all APIs of a server."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seats = threading.BoundedSemaphore(max(1, int(runtime.settings.web_threads * LISTENERS)))

    def answer(self, events: Iterator[bytes]) -> Response:
        """The answer of these events; empty bytes among them say that nothing is new. Raises TooManyTasks."""
        if not self._seats.acquire(blocking=False):
            raise TooManyTasks("As many listen to events as may; poll instead (…/<id>.json, /completed_jobs.json).")
        freed = threading.Event()

        def let_go() -> None:
            if not freed.is_set():  # a response that was never begun is closed all the same
                freed.set()
                self._seats.release()

        response = Response(self._alive(events), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.call_on_close(let_go)
        return response

    def _alive(self, events: Iterator[bytes]) -> Iterator[bytes]:
        """Events with a comment after long silence, until the server stops."""
        sent = time.monotonic()
        for said in events:
            if said:
                yield said
                sent = time.monotonic()
            elif time.monotonic() - sent > HEARTBEAT:
                yield b": still here\n\n"
                sent = time.monotonic()
            if self._runtime.stopping():
                return


def event(name: str, value: Any) -> bytes:
    """One server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
