"""Rows and files of tasks, on both kinds of database."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from embedding_explorer.database import Database
from embedding_explorer.errors import TaskNotFound
from embedding_explorer.jobs.task_records import DEPLOYMENT, INFERENCE, MAX_ERROR, TASKS, TaskRecords


@pytest.fixture
def tasks(tmp_path: Path, database: Database) -> TaskRecords:
    return TaskRecords(tmp_path, database)


def result(tmp_path: Path, text: str = '{"tensors": []}') -> Path:
    path = tmp_path / "result"
    path.write_text(text)
    return path


def age(tasks: TaskRecords, task: int, hours: float) -> None:
    """Let a task have ended so long ago."""
    ended = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    with tasks.database.writing() as connection:
        connection.execute(TASKS.update().where(TASKS.c.id == task).values(date_updated=ended))


def test_a_task_is_pending_and_then_ends_once(tasks: TaskRecords, tmp_path: Path) -> None:
    task = tasks.add(INFERENCE, 7)
    tasks.inputs(task).mkdir(parents=True)
    assert (tasks.get(task).status, tasks.get(task).date_updated, tasks.get(task).network) == ("pending", None, "7")
    assert tasks.succeed(task, result=result(tmp_path))
    done = tasks.get(task)
    assert done.status == "success" and done.date_updated and done.date_updated > done.date_created
    assert tasks.result(task).read_text() == '{"tensors": []}' and not tasks.inputs(task).exists()
    assert not tasks.fail(task, "too late") and tasks.get(task) == done


def test_a_result_that_comes_after_the_end_is_dropped(tasks: TaskRecords, tmp_path: Path) -> None:
    task = tasks.add(INFERENCE, 7)
    assert tasks.fail(task, "a\n\tb" + "x" * 1000)
    error = tasks.get(task).error
    assert error and error.startswith("a b") and len(error) == MAX_ERROR
    assert not tasks.succeed(task, result=result(tmp_path))
    assert not tasks.result(task).exists() and tasks.result_bytes() == 0 and tasks.get(task).status == "error"


def test_tasks_are_found_in_the_order_asked_for(tasks: TaskRecords) -> None:
    a, b, c = (tasks.add(INFERENCE, 1) for _ in range(3))
    assert tasks.known([c, 999, a, 10**30]) == [c, a]
    assert [task.id for task in tasks.some([c, 999, a])] == [c, a]
    assert [task.id for task in tasks.page(1, 5)] == [b, c] and tasks.count() == 3
    assert tasks.page(10**18, 5) == []
    with pytest.raises(TaskNotFound):
        tasks.get(999)


def test_ids_by_the_thousand_are_looked_up(tasks: TaskRecords) -> None:
    task = tasks.add(INFERENCE, 1)
    assert tasks.known([*range(10**6, 10**6 + 2000), task]) == [task]


def test_the_tasks_of_a_deleted_network_end_and_others_do_not(tasks: TaskRecords) -> None:
    mine, other, public = tasks.add(INFERENCE, 1), tasks.add(INFERENCE, 11), tasks.add(INFERENCE, "1")
    with tasks.database.writing() as connection:
        tasks.fail_pending(connection, "deleted", 1)
    assert [tasks.get(task).status for task in (mine, other, public)] == ["error", "pending", "pending"]


def test_a_start_ends_what_was_pending_and_names_the_deployments(tasks: TaskRecords, tmp_path: Path) -> None:
    deployment, inference, done = tasks.add(DEPLOYMENT, 1), tasks.add(INFERENCE, 1), tasks.add(INFERENCE, 1)
    tasks.succeed(done, result=result(tmp_path))
    tasks.inputs(inference).mkdir(parents=True)
    assert [task.id for task in tasks.forget_unfinished("restarted")] == [deployment]
    assert [tasks.get(task).status for task in (deployment, inference, done)] == ["error", "error", "success"]
    assert tasks.get(inference).error == "restarted" and not tasks.inputs(inference).exists()
    assert tasks.result(done).exists()


def test_the_deployment_of_a_public_network_is_made_once(
    tasks: TaskRecords, database: Database, tmp_path: Path
) -> None:
    task = tasks.deployed("embedded")
    assert tasks.deployed("embedded") == task == TaskRecords(tmp_path, database).deployed("embedded")
    assert tasks.get(task).status == "success"
    assert json.loads(tasks.get(task).data or "") == {"network_id": "embedded"}


def test_old_results_go_and_the_deployments_of_present_networks_stay(tasks: TaskRecords, tmp_path: Path) -> None:
    old, young, kept, gone = (tasks.add(kind, key) for kind, key in
                              ((INFERENCE, 1), (INFERENCE, 1), (DEPLOYMENT, 1), (DEPLOYMENT, 2)))  # fmt: skip
    for task in (old, young):
        tasks.succeed(task, result=result(tmp_path))
    for task in (kept, gone):
        tasks.succeed(task, data={})
    pending = tasks.add(INFERENCE, 1)
    for task, hours in ((old, 25), (young, 23), (kept, 999), (gone, 999)):
        age(tasks, task, hours)
    tasks.sweep(24, ["1"])
    assert tasks.known([old, young, kept, gone, pending]) == [young, kept, pending]
    assert not tasks.result(old).exists() and tasks.result(young).exists()
    assert tasks.result_bytes() == tasks.result(young).stat().st_size


def test_room_is_made_by_the_oldest_results_past_a_day_and_no_others(tasks: TaskRecords, tmp_path: Path) -> None:
    ids = [tasks.add(INFERENCE, 1) for _ in range(3)]
    for task, hours in zip(ids, (50, 40, 1), strict=True):
        tasks.succeed(task, result=result(tmp_path, "x" * 100))
        age(tasks, task, hours)
    assert tasks.make_room(300) and tasks.known(ids) == ids
    assert not tasks.make_room(50)
    assert tasks.known(ids) == [ids[2]] and tasks.result_bytes() == 100


def test_what_two_threads_delete_is_counted_once(tasks: TaskRecords, tmp_path: Path) -> None:
    old, kept = (tasks.add(INFERENCE, 1) for _ in range(2))
    for task in (old, kept):
        tasks.succeed(task, result=result(tmp_path, "x" * 100))
    seen_by_both = tasks.some([old])
    for _ in range(2):
        tasks._delete(seen_by_both)
    assert tasks.result_bytes() == 100 and tasks.known([old, kept]) == [kept]


def test_what_results_take_is_known_after_a_restart(tasks: TaskRecords, database: Database, tmp_path: Path) -> None:
    tasks.succeed(tasks.add(INFERENCE, 1), result=result(tmp_path, "x" * 77))
    assert TaskRecords(tmp_path, database).result_bytes() == 77
