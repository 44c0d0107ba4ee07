"""What maps of epochs are called."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from embedding_explorer.datasets.progress import Progress
from embedding_explorer.jobs import map_tasks
from embedding_explorer.jobs.map_tasks import SeriesMaker
from embedding_explorer.jobs.series import Series


def test_maps_of_long_epochs_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []

    def request_for(settings: Any, training: Any, limit: int, facts: dict[str, str], *, name: str) -> None:
        told.append((facts["epoch"], name))

    monkeypatch.setattr(map_tasks, "request_for", request_for)
    context: Any = SimpleNamespace(settings=None)
    epochs = (2.0, 1234567.0, 1234567.125)
    wanted = Series("model", "dataset", "val", 10, None, None, epochs)
    made: Any = SeriesMaker(context, Progress(lambda *_: None), tmp_path, wanted, "net", {})
    for epoch in epochs:
        made._request(None, epoch)
    assert told == [(text, f"net, epoch {text}") for text in ("2", "1234567", "1234567.125")]
