"""Archives of models that fail only when the network is built."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from embedding_explorer.api.digits import pretrained
from embedding_explorer.errors import ExplorerError, JobFailed, StorageFull


@pytest.fixture
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pretrained.Pretrained:
    """Whose archives are read already."""
    monkeypatch.setattr(pretrained, "received", lambda *_: nullcontext(None))
    monkeypatch.setattr(pretrained, "user_of", lambda _: "bob")
    monkeypatch.setattr(pretrained, "read_archive", lambda *_: None)
    service = SimpleNamespace(drafting=lambda: nullcontext(SimpleNamespace(uploads=tmp_path)))
    runtime: Any = SimpleNamespace(training=service, settings=None)
    return pretrained.Pretrained(runtime)


def failing(monkeypatch: pytest.MonkeyPatch, error: ExplorerError) -> None:
    def keep(*_: object) -> None:
        raise error

    monkeypatch.setattr(pretrained, "keep", keep)


def test_a_network_that_fails_is_a_reason(routes: pretrained.Pretrained, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, JobFailed("The network failed:\n KeyError: 'x'"))
    with Flask("test").test_request_context():
        answer = routes.upload_archive()
    assert answer.status_code == 400 and answer.get_json() == {"status": "The network failed: KeyError: 'x'"}


def test_a_full_disk_is_none(routes: pretrained.Pretrained, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, StorageFull("No space left."))
    with pytest.raises(StorageFull), Flask("test").test_request_context():
        routes.upload_archive()
