"""The queue by itself: its bounds while pictures are fetched, and tasks that are put back."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from embedding_explorer.database import Database
from embedding_explorer.errors import CatalogUnavailable, StorageFull, TooManyTasks
from embedding_explorer.images.remote import Limits
from embedding_explorer.jobs import inference
from embedding_explorer.jobs.bounded import BoundedWorker
from embedding_explorer.jobs.inference import Bounds, InferenceQueue, Picture, Work
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.task_records import INFERENCE, TaskRecords
from embedding_explorer.networks.preprocessing import Region
from embedding_explorer.settings import Settings
from tests.picture_host import content, web

Make = Callable[..., InferenceQueue]
WAIT = 20  # seconds


class Worker:
    """Does nothing, well."""

    def call(self, task: str, arguments: Any) -> None:
        pass

    def stop(self) -> None:
        pass


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Queues that fetch one picture after the other."""
    monkeypatch.setattr(inference, "FETCHES", 1)
    monkeypatch.setattr(inference, "RETRY_AFTER", 0)
    tasks, made = TaskRecords(tmp_path, Database.of(Settings(data=tmp_path))), []

    def queue(most: int = 1, size: int = 1000) -> InferenceQueue:
        bounds = Bounds(most, size, Limits(private=True))
        made.append(InferenceQueue(cast(BoundedWorker, Worker()), BusyLock(tmp_path), tasks, bounds))
        return made[-1]

    yield queue
    for each in made:
        each.stop()


def fetching(queue: InferenceQueue, folder: Path, pictures: int) -> Work:
    """A waiting task once its pictures of ten bytes each are there, or have failed."""
    work = Work(queue.tasks.add(INFERENCE, 1), "infer", {}, lambda: None)
    with web({"/a.png": content(b"x" * 10)}) as site:
        queue.put(work, [Picture(folder / f"input-{i}", Region(), f"{site}/a.png") for i in range(pictures)])
        for fetched in work.fetched:
            fetched.exception(WAIT)
    return work


def test_the_task_that_fills_the_queue_fetches_its_pictures(make: Make, tmp_path: Path) -> None:
    queue = make(most=1)
    work = fetching(queue, tmp_path, 3)
    assert [fetched.exception() for fetched in work.fetched] == [None] * 3 and work.size == 30
    with pytest.raises(TooManyTasks, match="EXPLORER_MAX_PENDING_TASKS"):
        queue.check_room()


def test_pictures_are_fetched_while_there_is_room_for_their_bytes(make: Make, tmp_path: Path) -> None:
    work = fetching(make(most=1, size=15), tmp_path, 3)
    first, second, third = (fetched.exception() for fetched in work.fetched)
    assert first is None and second is None
    assert isinstance(third, TooManyTasks) and "EXPLORER_TASK_BYTES" in third.message


def test_a_task_is_put_back_under_the_lock_that_others_count_the_waiting_ones_under(make: Make) -> None:
    queue, done, tries = make(), threading.Event(), [CatalogUnavailable("away"), None]
    owned: list[bool] = []

    class Waiting(deque[Work]):
        def appendleft(self, work: Work) -> None:
            owned.append(queue._changed._is_owned())  # type: ignore[attr-defined]
            super().appendleft(work)

    def guard() -> None:
        if (error := tries.pop(0)) is not None:
            raise error

    queue._waiting = Waiting()
    queue.start()
    queue.put(Work(queue.tasks.add(INFERENCE, 1), "infer", {}, done.set, guard))
    assert done.wait(WAIT) and owned == [True]


def test_a_task_whose_end_cannot_be_noted_on_a_full_disk_is_done_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, tries, done = make(), [StorageFull("no space"), StorageFull("still none")], threading.Event()
    failing = queue.tasks.fail

    def full_at_first(*arguments: Any) -> None:
        if tries:
            raise tries.pop()
        failing(*arguments)
        done.set()

    def bug() -> None:
        raise StorageFull("the result has no room")

    monkeypatch.setattr(queue.tasks, "fail", full_at_first)
    queue.start()
    task = queue.tasks.add(INFERENCE, 1)
    queue.put(Work(task, "infer", {}, bug))
    assert done.wait(WAIT) and queue.tasks.get(task).error == "the result has no room"


def test_a_picture_that_came_while_the_catalog_was_away_fails_its_task_and_no_other(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, done = make(most=5), threading.Event()

    def away(most: int) -> bool:
        raise CatalogUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(queue.tasks, "make_room", away)
        lost = fetching(queue, tmp_path, 1)
    queue.start()
    queue.put(Work(queue.tasks.add(INFERENCE, 1), "infer", {}, done.set))
    assert done.wait(WAIT)
    assert "Send the task again" in str(queue.tasks.get(lost.task).error)
