from pathlib import Path

import pytest

from embedding_explorer.cli import jobs
from embedding_explorer.cli.ingest import resumable
from embedding_explorer.cli.jobs import job_in
from embedding_explorer.database import Database
from embedding_explorer.errors import BadArchive, Busy, CatalogUnavailable, ExplorerError, StorageFull
from embedding_explorer.jobs.catalog import Catalog
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.records import Job, Status
from embedding_explorer.settings import Settings


def record(data: Path) -> Job:
    return Catalog(Database.at(data / "catalog.sqlite")).jobs(limit=1)[0]


def test_a_job_holds_the_lock_and_keeps_a_record(tmp_path: Path) -> None:
    seen: list[Job] = []
    with job_in(Settings(data=tmp_path), "ingest", "holidays", seen.append) as report:
        report("features", 1, 2)
        assert BusyLock(tmp_path).held()
        assert (record(tmp_path).kind, record(tmp_path).status) == ("ingest", Status.RUNNING)
    assert seen[0].stages == record(tmp_path).stages == {"features": (1, 2)}
    assert record(tmp_path).status is Status.DONE and not BusyLock(tmp_path).held()


@pytest.mark.parametrize("trouble", [StorageFull, CatalogUnavailable])
def test_work_goes_on_while_its_record_cannot_be_written(
    tmp_path: Path, trouble: type[ExplorerError], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(catalog: Catalog, job: Job) -> None:
        raise trouble("Not now.")

    monkeypatch.setattr(jobs, "SAVE_EVERY", 0.0)
    with job_in(Settings(data=tmp_path), "ingest", "x") as report, monkeypatch.context() as patch:
        patch.setattr(Catalog, "save", refuse)
        report("features", 1, 2)
        assert "is not recorded: Not now." in caplog.text
        assert record(tmp_path).stages == {}
    assert record(tmp_path).status is Status.DONE and record(tmp_path).stages == {"features": (1, 2)}


@pytest.mark.parametrize("trouble", [StorageFull, CatalogUnavailable])
def test_work_that_is_done_is_no_failure_for_want_of_its_record(
    tmp_path: Path, trouble: type[ExplorerError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(catalog: Catalog, job: Job) -> None:
        raise trouble("Not now.")

    with job_in(Settings(data=tmp_path), "ingest", "x"):
        monkeypatch.setattr(Catalog, "save", refuse)
    assert not BusyLock(tmp_path).held()


@pytest.mark.parametrize(
    ("raised", "status", "reason"),
    [
        (BadArchive("Truncated."), Status.FAILED, "Truncated."),
        (OSError(28, "No space left on device"), Status.FAILED, "No space left in"),
        (KeyboardInterrupt(), Status.ABORTED, "KeyboardInterrupt"),
        (KeyError("a bug"), Status.FAILED, "KeyError"),
    ],
)
def test_what_goes_wrong_is_in_the_record_and_the_lock_is_free(
    tmp_path: Path, raised: BaseException, status: Status, reason: str
) -> None:
    expected = StorageFull if isinstance(raised, OSError) else type(raised)
    with pytest.raises(expected), job_in(Settings(data=tmp_path), "ingest", "x"):
        raise raised
    assert record(tmp_path).status is status and reason in str(record(tmp_path).error)
    assert not BusyLock(tmp_path).held()


def test_a_second_job_is_told_to_wait(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with job_in(settings, "ingest", "first"):
        with pytest.raises(Busy, match="Wait until it has ended"), job_in(settings, "import", "second"):
            pass
        assert record(tmp_path).name == "first"


def test_a_failed_ingest_leaves_only_what_it_can_go_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    staging = tmp_path / "ingest-1"
    with pytest.raises(ExplorerError), resumable(staging):
        (staging / "parts" / "000").mkdir(parents=True)
        raise ExplorerError("before the first range was whole")
    assert not staging.exists() and not capsys.readouterr().err
    with pytest.raises(ExplorerError), resumable(staging):
        (staging / "parts" / "000").mkdir(parents=True)
        (staging / "parts" / "000" / "range.json").touch()
        raise ExplorerError("after it")
    with resumable(staging):
        assert "Going on" in capsys.readouterr().err
