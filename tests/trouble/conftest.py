"""What the tests of trouble share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import QuickServer

StartServer = Callable[..., QuickServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Starts quick servers, by default on one data folder; they are killed at the end of the test."""
    running: list[QuickServer] = []

    def started(data: Path | None = None, **more: Any) -> QuickServer:
        running.append(QuickServer(data or tmp_path / "data", **more))
        return running[-1]

    yield started
    for server in running:
        server.kill()
