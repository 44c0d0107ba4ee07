"""Rows of tables beside somebody who deletes jobs, and what is remembered of them."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from embedding_explorer.api.digits import details, events, tables
from embedding_explorer.api.digits.tables import Tables
from embedding_explorer.errors import JobNotFound
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob


def model(number: int) -> TrainingJob:
    id = f"20200101-000000-{number:04x}"
    kind = JobType.CLASSIFICATION_MODEL
    return TrainingJob(id, kind, "m", "", "", None, State.DONE, float(number), Path("/nowhere"))


class Service:
    """A service as far as tables ask it. Jobs in `gone` are listed, and gone when they are asked for."""

    def __init__(self, count: int) -> None:
        self.jobs, self.gone = [model(number) for number in range(count)], set[str]()
        self.read: Counter[str] = Counter()

    def tasks(self, job: TrainingJob) -> list[tuple[str, State]]:
        return []

    def version(self, id: str | None = None) -> int:
        return 1

    def figures(self, id: str) -> Any:
        self.snapshots(id)
        self.read[id] += 1
        return SimpleNamespace(summary=dict, sparkline=list)

    def snapshots(self, id: str) -> list[float]:
        if id in self.gone:
            raise JobNotFound(f"There is no job {id}.")
        return []

    def dataset(self, id: str) -> Any:
        raise JobNotFound("There is none.")

    def list(self, family: str | None = None) -> list[TrainingJob]:
        return [job for job in self.jobs if family in (None, job.family)]


@pytest.fixture
def service() -> Any:
    """Three models, the second of which is being deleted."""
    made = Service(3)
    made.gone.add(made.jobs[1].id)
    return made


def test_tables_leave_out_what_is_deleted_meanwhile(service: Any) -> None:
    found = Tables().completed(service)
    assert [row["id"] for row in found["models"]] == [service.jobs[2].id, service.jobs[0].id]


def test_lists_leave_out_what_is_deleted_meanwhile(service: Any) -> None:
    found = details.Details(service).created_models()
    assert [row["id"] for row in found] == [service.jobs[0].id, service.jobs[2].id]


def test_events_begin_beside_a_deletion(service: Any) -> None:
    service.hardware = lambda: {"total": 0, "available": 0}
    runtime: Any = SimpleNamespace(training=service)
    told = events._List(runtime, Tables()).events()
    assert next(told).startswith(b"event: jobs\n") and next(told).startswith(b"event: server\n")


def test_figures_of_any_number_of_models_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "percent", lambda _: 100)
    service: Any = Service(1100)
    made = Tables()
    for _ in range(3):
        assert len(made.completed(service)["models"]) == 1100
    assert set(service.read.values()) == {1}
    service.jobs = service.jobs[:2]
    made.completed(service)
    assert set(made._summaries) == {job.id for job in service.jobs}
