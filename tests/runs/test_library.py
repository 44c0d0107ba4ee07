from pathlib import Path

import pytest

from embedding_explorer.runs import library
from embedding_explorer.runs.dataset import LogFolder
from embedding_explorer.runs.library import Library, Opened
from tests.runs.event_logs import NAME, scalars, write


class Broken(LogFolder):
    """A dataset at which our own code fails."""

    def scan(self) -> None:
        raise RuntimeError("a bug")


def test_a_dataset_that_fails_stops_neither_the_others_nor_the_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    write(tmp_path / "good" / NAME, scalars("t", [1.0]))
    found = Library([tmp_path], memory=1 << 20)
    bad, good = Opened(Broken([tmp_path])), Opened(LogFolder([tmp_path / "good"]))
    old = Opened(LogFolder([tmp_path / "old"]), used=-library.KEEP_OPEN * 10)
    found._open = {(Path("bad"),): bad, (Path("good"),): good, (Path("old"),): old}

    def wait(seconds: float) -> None:
        raise Stopped

    monkeypatch.setattr(found._wake, "wait", wait)
    with pytest.raises(Stopped):
        found._run()
    assert good.first.is_set()
    assert not bad.first.is_set()
    assert list(found._open.values()) == [bad, good]
