"""How long questions may wait, and how much memory answers and the index may take."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import LimitExceeded, LogPathNotFound, NoLogData, TooManyTasks
from embedding_explorer.runs import answers, patience, pictures_and_sounds
from embedding_explorer.runs.answers import Question, answer
from embedding_explorer.runs.library import Library, between
from embedding_explorer.runs.pictures_and_sounds import text
from embedding_explorer.runs.structures import AT_ONCE, in_turn
from tests.runs.event_logs import NAME, scalar, scalars, tensor, write
from tests.runs.reading import open_logs

ROOT = Question("scalar", {"run": ".", "tag": "missing"})


@pytest.fixture
def unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A dataset that was looked at, but that nobody reads."""
    monkeypatch.setattr(answers, "FIRST_PATIENCE", 0.0)
    write(tmp_path / NAME, scalars("t", [1.0]))
    library = Library([tmp_path], 1 << 30)
    opened = library.dataset(None, None)
    opened.logs.scan()
    opened.scanned = time.monotonic()
    return library


def raised(count: int, call: Callable[[], object]) -> list[type[Exception]]:
    """What `count` calls at the same time raise, in the order in which they end."""
    found: list[type[Exception]] = []

    def one() -> None:
        try:
            call()
        except Exception as error:
            found.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_few_wait_for_a_tag_and_the_others_are_told_so(unread: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS", 3.0)  # all of them have come by then
    began = time.monotonic()
    found = raised(patience.SEATS + 4, lambda: answer(unread, ROOT))
    assert time.monotonic() - began < 20
    assert found == [TooManyTasks] * 4 + [NoLogData] * patience.SEATS


def test_nothing_is_said_of_a_dataset_that_was_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.3)
    monkeypatch.setattr(answers, "FIRST_PATIENCE", 0.0)
    write(tmp_path / NAME, scalars("t", [1.0]))
    with pytest.raises(TooManyTasks):
        answer(Library([tmp_path], 1 << 30), Question("getCategory", {}))


def begun(library: Library, **arguments: float) -> tuple[dict[str, Any], float]:
    """The payload of `init`, and how many seconds it took."""
    began = time.monotonic()
    found = answer(library, Question("init", arguments))
    return json.loads(found.body or b""), time.monotonic() - began


def test_init_waits_until_all_is_read_and_others_do_not(unread: Library) -> None:
    timer = threading.Timer(3.0, unread.dataset(None, None).first.set)
    timer.start()
    found, seconds = begun(unread, wait=0)
    assert "progress" in found and seconds < 2.5
    assert answer(unread, Question("getCategory", {})).body
    found, seconds = begun(unread)
    assert found == {"msg": "success"}
    timer.join(30)  # until then nothing was read
    assert timer.finished.is_set() and begun(unread)[1] < 2.5


@pytest.mark.parametrize(("most", "wait"), [(0.5, {}), (0.5, {"wait": 60.0}), (20.0, {"wait": 0.5})])
def test_init_begins_with_what_there_is_when_its_time_is_over(
    unread: Library, monkeypatch: pytest.MonkeyPatch, most: float, wait: dict[str, float]
) -> None:
    monkeypatch.setattr(patience, "SECONDS", most)
    found, seconds = begun(unread, **wait)
    assert found["msg"] == "success" and "progress" in found
    assert 0.4 < seconds < 3


def test_init_begins_at_once_where_too_many_wait(unread: Library) -> None:
    with ExitStack() as seats:
        for _ in range(patience.SEATS):
            seats.enter_context(patience.seated())
        found, seconds = begun(unread)
    assert found["msg"] == "success" and "progress" in found
    assert seconds < 0.5


def test_turns_are_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.5)
    going, entered = threading.Event(), threading.Semaphore(0)

    def read() -> bool:
        entered.release()
        return going.wait(30)

    def work() -> None:
        patience.begin()
        in_turn(read)()

    workers = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    assert all(entered.acquire(timeout=30) for _ in workers)
    began = time.monotonic()
    assert raised(patience.SEATS + 2, work) == [TooManyTasks] * (patience.SEATS + 2)
    assert time.monotonic() - began < 3
    going.set()
    for worker in workers:
        worker.join()
    assert raised(AT_ONCE, work) == []


def test_texts_are_bounded_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_and_sounds, "MAX_TEXT", 10_000)
    written = [tensor("t", step, [b"x" * 3000]) for step in range(4)]
    write(tmp_path / "few" / NAME, written[:3])
    write(tmp_path / "many" / NAME, written)
    logs: Any = open_logs(tmp_path)
    few: Any = text(logs, dialect="doc", run="few", tag="t")
    assert [len(each["value"]) for each in few["t"]] == [3000] * 3
    monkeypatch.setattr(type(logs.run("many")), "records", lambda *_: pytest.fail("they are read"))
    with pytest.raises(LimitExceeded, match="10000 bytes"):
        text(logs, dialect="doc", run="many", tag="t")


def test_tags_of_a_single_record_count_as_what_they_take(tmp_path: Path) -> None:
    write(tmp_path / NAME, [scalar(f"t{number}", 0, 1.0) for number in range(1000)])
    logs = open_logs(tmp_path)
    assert 500_000 < logs.memory() < 3_000_000
    before = [logs.run(".").steps("scalar", tag) for tag in logs.run(".").tags("scalar")]
    logs.thin()
    assert [logs.run(".").steps("scalar", tag) for tag in logs.run(".").tags("scalar")] == before


def test_short_tags_are_not_thinned(tmp_path: Path) -> None:
    write(tmp_path / NAME, [*scalars("long", range(120)), *scalars("short", range(40))])
    logs = open_logs(tmp_path)
    for _ in range(10):
        logs.thin()
    assert len(logs.run(".").steps("scalar", "short")) == 40
    assert 25 < len(logs.run(".").steps("scalar", "long")) <= 61


@pytest.mark.parametrize("length", [128, 255, 5000])
def test_names_longer_than_a_file_s_may_be_lead_nowhere(tmp_path: Path, length: int) -> None:
    with pytest.raises(LogPathNotFound):
        Library([tmp_path], 1 << 30).folders("é" * length, "job")


def test_slow_looks_are_never_too_seldom() -> None:
    assert [between(1.0, wanted, 6.0) for wanted in (0.1, 3.0, 600.0)] == [1.0, 3.0, 6.0]


def test_what_is_new_is_seen_in_time_however_long_a_look_takes(
    tmp_path: Path,
) -> None:
    write(tmp_path / NAME, scalars("t", [1.0]))
    library = Library([tmp_path], 1 << 30)
    opened = library.dataset(None, None)
    library._step(opened)
    opened.scanning = 5.0  # seconds that a look at a large folder took
    opened.scanned = time.monotonic() - 7.0
    write(tmp_path / f"{NAME}.1", scalars("u", [1.0]))
    library._step(opened)
    assert opened.logs.run(".").tags("scalar") == ["t", "u"]
