"""Paths that go on as a text begins."""

import os
from pathlib import Path

import pytest

from embedding_explorer.api.digits import completion
from embedding_explorer.api.digits.completion import completions
from embedding_explorer.training.datasets import Places


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("data/apples", "data/apricots", "data/pears", "data/.hidden", "secret/keys"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data" / "a.txt").write_text("x")
    (tmp_path / "data" / "away").symlink_to(tmp_path / "secret")
    return tmp_path / "data"


def test_paths_in_the_roots_go_on(root: Path) -> None:
    places = Places([root])
    assert completions(f"{root}/ap", places) == [f"{root}/apples", f"{root}/apricots"]
    assert completions(f"{root}/", places) == [f"{root}/{name}" for name in ("a.txt", "apples", "apricots", "pears")]
    assert completions(f"{root}/.h", places) == [f"{root}/.hidden"]
    assert completions(str(root)[1:-1], places) == [str(root)]
    assert completions(f"{root}/../da", places) == []


def test_nothing_else_does(root: Path) -> None:
    places = Places([root])
    for prefix in ("/etc/", f"{root}/away/", f"{root}/../secret/", f"{root.parent}/s", f"{root}/*", f"{root}/a\0",
                   "x" * 10_000, f"{root}/nothing/x"):  # fmt: skip
        assert completions(prefix, places) == [], prefix


def test_answers_are_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "MOST", 2)
    assert len(completions(f"{root}/", Places([root]))) == 2


def test_names_that_are_no_text_are_left_out(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9")).mkdir()
    assert completions(f"{root}/", Places([root])) == [
        f"{root}/{name}" for name in ("a.txt", "apples", "apricots", "pears")
    ]
