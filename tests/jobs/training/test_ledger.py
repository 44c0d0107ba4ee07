import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from embedding_explorer.database import Database
from embedding_explorer.errors import JobNotFound
from embedding_explorer.jobs.training import progress
from embedding_explorer.jobs.training.ledger import Ledger
from embedding_explorer.jobs.training.progress import Course
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob, is_id
from embedding_explorer.jobs.training.table import TrainingTable


def job(number: int, ledger: Ledger, state: State = State.DONE, folder: Path = Path("/jobs")) -> TrainingJob:
    job_id = f"20200101-000000-{number:04x}"
    kind = JobType.GENERIC_MODEL if number % 2 else JobType.GENERIC_DATASET
    return TrainingJob(job_id, kind, f"job {number}", "", "", None, state, ledger.moment(), folder / job_id)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(TrainingTable(database, Path("/jobs")))


def test_what_is_recorded_is_there_again_in_another_process(ledger: Ledger) -> None:
    made = job(1, ledger)
    made = replace(
        made, group="g", notes="n", username="eve", started=made.created + 0.25, finished=made.created + 2.5,
        progress=12.5, exception="no", traceback="line", form={"a": "1", "b": ["2", "3"]}, details={"x": {"y": [1]}},
        stage="train", state=State.ERROR,
    )  # fmt: skip
    ledger.add([made])
    (found,) = Ledger(ledger.table).list()
    for name in ("created", "started", "finished"):
        assert getattr(found, name) == pytest.approx(getattr(made, name), abs=0.0006)
    for each in (found, made):
        each.created, each.started, each.finished, each.stage = 0.0, None, None, ""
    assert found == made


def test_active_jobs_come_first_and_the_newest_first_within_each(ledger: Ledger) -> None:
    states = (State.DONE, State.RUNNING, State.ERROR, State.WAITING, State.ABORTED, State.INITIALIZED)
    ledger.add([job(number, ledger, state) for number, state in enumerate(states)])
    for each in (ledger, Ledger(ledger.table)):
        assert [found.name for found in each.list()] == ["job 5", "job 3", "job 1", "job 4", "job 2", "job 0"]
        assert [found.name for found in each.list("model")] == ["job 5", "job 3", "job 1"]


def test_copies_do_not_change_what_is_recorded(ledger: Ledger) -> None:
    ledger.add([made := job(1, ledger)])
    found = ledger.get(made.id)
    found.name = "other"
    assert ledger.get(made.id).name == "job 1"


def test_whoever_waits_hears_of_a_change(ledger: Ledger) -> None:
    ledger.add([made := job(1, ledger), other := job(2, ledger)])
    version, before = ledger.version(), ledger.version(other.id)
    timer = threading.Timer(0.1, lambda: ledger.note(made.id, save=False, progress=50.0))
    timer.start()
    begun = time.monotonic()
    ledger.wait_change(10, since=version)
    assert time.monotonic() - begun < 5 and ledger.get(made.id).progress == 50
    assert ledger.version(made.id) > version and ledger.version(other.id) == before
    begun = time.monotonic()
    ledger.wait_change(10, since=version)  # it has changed since
    assert time.monotonic() - begun < 1
    assert Ledger(ledger.table).get(made.id).progress == 0  # progress is not written to the disk each time
    timer.join()


def test_a_removed_job_is_unknown(ledger: Ledger) -> None:
    ledger.add([made := job(1, ledger)])
    ledger.remove(made.id)
    for each in (ledger, Ledger(ledger.table)):
        with pytest.raises(JobNotFound) as caught:
            each.get(made.id)
        assert caught.value.facts == {"job": made.id}
    assert not ledger.table.taken(made.id) and ledger.version(made.id) == 0


def test_progress_of_a_training_and_the_time_that_is_left(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    course = Course(job(1, ledger, State.RUNNING))
    assert course.follow("train", 40, 100) == {"stage": "train", "progress": 40.0, "eta": None}
    now[0] += 2
    told = course.follow("train", 50, 100)
    assert told["progress"] == 50 and told["eta"] == pytest.approx(10)
    now[0] += 3
    assert course.follow("train", 50, 100)["eta"] == pytest.approx(7)
    assert course.counts == (50, 100)


@pytest.mark.parametrize("text", ["20160809-103210-ccbf", "20160809-103210-CCBF", "x20160809-103210-ccbf", "json", ""])
def test_ids_have_one_form(text: str) -> None:
    assert is_id(text) == (text == "20160809-103210-ccbf")


def test_words_and_colours_of_states_are_the_contracts() -> None:
    css = {"Initialized": "warning", "Waiting": "warning", "Running": "info"}
    css |= {"Done": "success", "Aborted": "warning", "Error": "danger"}
    assert {state.value: state.css for state in State} == css
    assert [state.value for state in State if state.active] == ["Initialized", "Waiting", "Running"]


def test_one_job_that_cannot_be_written_keeps_no_other_from_it(ledger: Ledger) -> None:
    ledger.add([first := job(1, ledger, State.RUNNING), second := job(2, ledger, State.RUNNING)])
    ledger.note(first.id, state=State.ERROR, exception="half a pair: \udce9")
    ledger.note(second.id, state=State.DONE)
    again = Ledger(ledger.table)
    assert (again.get(first.id).state, again.get(second.id).state) == (State.RUNNING, State.DONE)
    ledger.note(first.id, exception="half a pair")
    assert Ledger(ledger.table).get(first.id).state is State.ERROR
