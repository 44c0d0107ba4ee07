"""Which datasets of run logs a server finds below its roots."""

import os
from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.runs import files, listing
from embedding_explorer.runs.listing import Listing
from embedding_explorer.settings import Settings
from tests.runs.event_logs import NAME


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def found(tmp_path: Path, further: str = "") -> Listing:
    return listing.listing(Settings(data=tmp_path, logs_root=str(tmp_path / "logs"), run_roots=further))


def test_datasets_are_two_levels_below_a_root(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "bob" / "b" / "visualizedlog" / "run" / "events.out.x")
    put(tmp_path / "logs" / "ada" / "a" / "deep" / "er" / "projector_config.pbtxt")
    put(tmp_path / "logs" / "ada" / "no logs" / "notes.txt")
    put(tmp_path / "more" / "eve" / "c" / "events.out.x")
    assert found(tmp_path) == Listing(False, (("ada", "a"), ("bob", "b")))
    assert found(tmp_path, str(tmp_path / "more")) == Listing(False, (("ada", "a"), ("bob", "b"), ("eve", "c")))


def test_a_root_with_runs_directly_in_it_is_a_dataset_itself(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "run1" / "events.out.x")
    assert found(tmp_path) == Listing(True, ())


def test_nothing_is_found_where_there_is_no_folder(tmp_path: Path) -> None:
    assert found(tmp_path) == Listing(False, ())


def test_links_that_lead_out_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "outside" / "job" / "events.out.x")
    put(tmp_path / "logs" / ".hidden" / "job" / "events.out.x")
    (tmp_path / "logs" / "link").symlink_to(tmp_path / "outside")
    assert found(tmp_path).datasets == ()


def test_a_listing_looks_into_a_bounded_number_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        put(tmp_path / "logs" / "ada" / f"{number}" / "events.out.x")
    monkeypatch.setattr(listing, "MOST_FOLDERS", 4)
    assert [job for _, job in found(tmp_path).datasets] == ["0", "1", "2", "3"]


def test_a_listing_looks_at_names_and_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> Any:
        raise AssertionError(f"{path.name} was read")

    for job, name in (("events", NAME), ("graph", "structure_graph.json"), ("nothing", "settings.json")):
        folder = tmp_path / "ann" / job
        folder.mkdir(parents=True)
        (folder / name).write_text('[{"config": {"layers": []}}]')
    monkeypatch.setattr(files, "is_structure_graph", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    shown = listing.listing(Settings(data=tmp_path / "data", logs_root=str(tmp_path)))
    assert (shown.whole, shown.datasets) == (False, (("ann", "events"), ("ann", "graph")))


def test_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "ada" / os.fsdecode(b"caf\xe9") / "events.out.x")
    put(tmp_path / "logs" / "ada" / "coffee" / "events.out.x")
    assert found(tmp_path).datasets == (("ada", "coffee"),)
