import pytest

from embedding_explorer.training.schedule import Schedule


def schedule(entries: int = 100, step: int = 10, epochs: int = 4, snapshots: float = 1, val: float = 1) -> Schedule:
    return Schedule(entries, step, epochs, snapshots, val)


def snapshots(plan: Schedule) -> list[float]:
    return [plan.snapshot_epoch(i) for i in range(1, plan.total + 1) if plan.snapshot_at(i)]


@pytest.mark.parametrize(
    ("epochs", "interval", "expected"),
    [
        (30, 1, list(range(1, 31))),
        (4, 2, [2, 4]),
        (1, 0.5, [0.5, 1]),
        (3, 2, [2, 3]),
        (3, 0, [3]),
        (3, 3, [3]),
        (3, 99, [3]),
    ],
)
def test_the_snapshots_of_the_contract(epochs: int, interval: float, expected: list[float]) -> None:
    assert snapshots(schedule(epochs=epochs, snapshots=interval)) == expected


def test_snapshots_are_at_least_an_iteration_apart_and_have_three_decimals() -> None:
    assert snapshots(schedule(entries=30, epochs=1, snapshots=0.01)) == [0.333, 0.667, 1]


def test_snapshots_never_share_a_name() -> None:
    found = snapshots(schedule(entries=5000, step=1, epochs=1, snapshots=0.0004))
    assert len(found) == len(set(found)) > 900
    assert found[0] > 0


def test_iterations_of_an_epoch_are_rounded_up() -> None:
    assert schedule(entries=101).per_epoch == 11
    assert schedule(entries=3, step=64).per_epoch == 1


def test_validations_and_reports() -> None:
    plan = schedule(epochs=3, val=2)
    assert [i for i in range(1, 31) if plan.validates_at(i)] == [20, 30]
    assert not any(schedule(val=0).validates_at(i) for i in range(1, 41))
    assert sum(schedule(entries=1000).reports_at(i) for i in range(1, 101)) >= 8
    assert sum(schedule(entries=5).reports_at(i) for i in range(1, 2)) == 1
    huge = schedule(entries=1_000_000, step=100)
    assert sum(huge.reports_at(i) for i in range(1, 10_001)) == 200
