"""How long sessions of the run-logs API last (contract, 2.5)."""

from types import SimpleNamespace

import pytest

from embedding_explorer.api.run_logs import sessions
from embedding_explorer.api.run_logs.sessions import Chosen, Sessions


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which goes by when the test says so."""
    now = [0.0]
    monkeypatch.setattr(sessions, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_a_session_ends_an_hour_after_its_last_use(clock: list[float]) -> None:
    known, dataset = Sessions(), Chosen("me", "job")
    session = known.open(dataset)
    for clock[0] in (3599.0, 7100.0):
        assert known.find(session) == dataset
    clock[0] = 10_701.0
    assert known.find(session) is None
    assert known.open(dataset, session) != session


def test_a_session_that_is_known_is_pointed_elsewhere(clock: list[float]) -> None:
    known = Sessions()
    session = known.open(Chosen("me", "one"))
    assert known.open(Chosen("me", "two"), session) == session and known.find(session) == Chosen("me", "two")


def test_of_too_many_sessions_the_least_used_go(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    known = Sessions()
    first, second = known.open(Chosen("a", "a")), known.open(Chosen("b", "b"))
    known.find(first)
    third = known.open(Chosen("c", "c"))
    assert [known.find(each) is not None for each in (first, second, third)] == [True, False, True]
