"""Names of snapshots as networks lead back to the same snapshot."""

from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.jobs import snapshot_networks
from embedding_explorer.jobs.snapshot_networks import Model, check_epoch, resolved, wanted_snapshot
from embedding_explorer.settings import Settings
from embedding_explorer.training.models.extractor import Snapshot
from embedding_explorer.training.snapshot_files import snapshot_name

MODEL = "20200101-000000-0000"


@pytest.mark.parametrize("epoch", [1.0, 1.5, 99.123456, 123456.75, 1234567.0])
def test_epochs_keep_their_digits(epoch: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / snapshot_name(epoch)).touch()
    model = Model("net", "dataset", tmp_path)
    monkeypatch.setattr(snapshot_networks, "find_model", lambda *_: model)
    pictures: Any = None
    for name in (resolved(MODEL, Settings()), Snapshot(MODEL, "net", tmp_path, epoch, tmp_path, pictures).key):
        wanted = wanted_snapshot(name)
        assert wanted is not None and wanted.epoch == epoch == check_epoch(model, wanted)
