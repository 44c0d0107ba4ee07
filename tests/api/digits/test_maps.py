"""Maps of trainings, without a server."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from embedding_explorer.api.digits import maps
from embedding_explorer.api.digits.maps import Maps, network_of
from embedding_explorer.errors import Busy, JobNotFound
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.forms.fields import Fields

MODEL = "20200101-000000-0000"


def missing(id: str) -> Any:
    raise JobNotFound(f"There is no job {id}.")


def test_maps_of_a_model_that_no_id_names(tmp_path: Path) -> None:
    runtime: Any = SimpleNamespace(training=SimpleNamespace(get=missing), store=SimpleNamespace(data=tmp_path))
    (tmp_path / "series").mkdir()
    with pytest.raises(JobNotFound):
        Maps(runtime).list_series("🦉" * 70)


@pytest.mark.parametrize(("epoch", "name"), [("1234567", "1234567"), ("1234567.5", "1234567.5"), ("2.0", "2")])
def test_epochs_keep_their_digits(epoch: str, name: str) -> None:
    fields = Fields({"model": MODEL, "snapshot_epoch": epoch}, Faults())
    assert network_of(fields) == f"{MODEL}@{name}"


def test_layers_do_not_wait_for_an_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that took the worker after it was seen to be free."""

    def call(task: str, arguments: Any, wait: float | None = None) -> Any:
        assert wait is not None and wait <= 10
        raise Busy("Server is busy, please wait")

    training = SimpleNamespace(get=lambda id: SimpleNamespace(id=id, family="model"), snapshots=lambda _: [1.0])
    jobs = SimpleNamespace(busy=lambda: None, training=lambda: None)
    runtime: Any = SimpleNamespace(training=training, jobs=jobs, worker=SimpleNamespace(call=call))
    monkeypatch.setattr(maps, "answer", lambda value: value)
    with pytest.raises(Busy):
        Maps(runtime).layers(MODEL)
