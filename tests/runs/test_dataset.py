"""Which folders are runs, what they are called, and what they hold."""

import json
import os
import shutil
from pathlib import Path

import pytest

from embedding_explorer.errors import NoLogData, NoLogStep
from embedding_explorer.runs.base import Run
from embedding_explorer.runs.dataset import LogFolder
from embedding_explorer.runs.reading import open_logs
from tests.runs.event_logs import NAME, image, scalar, scalars, tensor, write

MODEL = {"backend": "torch", "class_name": "Model", "config": {"name": "n", "layers": []}}


def keys(logs: LogFolder) -> list[str]:
    return [run.key for run in logs.runs()]


def values(run: Run, tag: str) -> list[float]:
    return run.column(tag).values.tolist()


def test_runs_are_found_at_any_depth_and_called_by_their_folder_s_name(tmp_path: Path) -> None:
    for folder in (".", "b", "a/deep", "x/same", "y/same"):
        write(tmp_path / folder / NAME, scalars("t", [1.0]))
    (tmp_path / "nothing").mkdir()
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "structure_graph.json").write_text(json.dumps([MODEL]))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.json").write_text('{"layers": []}')
    (tmp_path / "projector").mkdir()
    (tmp_path / "projector" / "projector_config.pbtxt").write_text("")
    logs = open_logs(tmp_path)
    assert keys(logs) == [".", "b", "deep", "graph", "projector", "x/same", "y/same"]
    assert logs.run("a/deep") is logs.run("deep")
    with pytest.raises(NoLogData):
        logs.run("same")


def test_links_that_lead_out_or_around_are_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(root / "in" / NAME, scalars("t", [1.0]))
    write(outside / NAME, scalars("secret", [1.0]))
    (root / "out").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "file").mkdir()
    (root / "file" / NAME).symlink_to(outside / NAME)
    (root / "again").mkdir()
    (root / "again" / NAME).symlink_to(root / "in" / NAME)
    logs = open_logs(root)
    assert keys(logs) == ["again", "in"]
    assert logs.run("again").tags("scalar") == ["t"]


def test_several_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "events.2", scalars("t", [3.0, 4.0], start=1))
    write(tmp_path / "events.1", scalars("t", [1.0, 2.0]))
    run = open_logs(tmp_path).run(".")
    assert values(run, "t") == [1.0, 2.0, 3.0, 4.0]
    assert run.steps("scalar", "t") == [0, 1, 1, 2]
    assert run.column("t").files.tolist() == [0, 0, 1, 1]
    assert run.at_step("scalar", "t", 1).value == 2.0


def test_a_run_grows_with_its_files_and_new_files(tmp_path: Path) -> None:
    logs, path = LogFolder([tmp_path]), write(tmp_path / "events.1", scalars("t", [1.0]))
    other = write(tmp_path / "events.2", scalars("t", [9.0]))
    assert follow(logs) == [1.0, 9.0]
    before = logs.state()
    assert follow(logs) == [1.0, 9.0]
    assert logs.state() == before
    write(path, scalars("t", [2.0], start=1), "ab")
    write(other, scalars("t", [10.0], start=1), "ab")
    write(tmp_path / "events.3", scalars("t", [11.0]))
    assert follow(logs) == [1.0, 2.0, 9.0, 10.0, 11.0]
    assert logs.state() != before


def test_a_file_that_comes_in_before_others_or_is_replaced_begins_the_run_anew(tmp_path: Path) -> None:
    logs = LogFolder([tmp_path])
    write(tmp_path / "events.2", scalars("t", [2.0, 3.0]))
    assert follow(logs) == [2.0, 3.0]
    write(tmp_path / "events.1", scalars("t", [1.0]))
    assert follow(logs) == [1.0, 2.0, 3.0]
    write(tmp_path / "new", scalars("t", [7.0])).replace(tmp_path / "events.2")
    assert follow(logs) == [1.0, 7.0]
    (tmp_path / "events.1").unlink()
    assert follow(logs) == [7.0]


def follow(logs: LogFolder) -> list[float]:
    logs.scan()
    logs.load(10.0)
    return values(logs.run("."), "t")


def test_a_run_that_is_deleted_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name / NAME, [image("i", 0, b"\x89PNG", 1, 1), *scalars("t", [1.0])])
    logs = open_logs(tmp_path)
    gone = logs.run("a")
    shutil.rmtree(tmp_path / "a")
    assert gone.records("image", "i") == []
    with pytest.raises(NoLogData):
        gone.at_step("image", "i", 0)
    logs.load(1.0)
    logs.scan()
    assert keys(logs) == ["b"]
    assert values(logs.run("b"), "t") == [1.0]


def test_damage_in_one_file_leaves_all_else_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a" / NAME, scalars("t", range(100)))
    os.truncate(path, path.stat().st_size - 5)
    broken = write(tmp_path / "b" / NAME, scalars("t", range(100)))
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 255
    broken.write_bytes(content)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "events.of.nothing").write_bytes(os.urandom(500))
    write(tmp_path / "d" / NAME, scalars("t", [1.0]))
    logs = open_logs(tmp_path)
    assert values(logs.run("a"), "t") == list(range(99))
    assert values(logs.run("b"), "t") == list(range(50))
    assert values(logs.run("d"), "t") == [1.0]
    assert logs.run("c").tags("scalar") == []
    assert set(logs.troubles()) == {"b", "c"}
    assert "damaged at byte" in logs.troubles()["b"][0]
    assert str(tmp_path) not in str(logs.troubles())


def test_a_value_that_is_not_what_it_says_is_left_out_and_counted(tmp_path: Path) -> None:
    bad = tensor("t", 1, [b"no", b"number"], plugin="scalars")
    write(tmp_path / NAME, [scalar("t", 0, 1.0), bad, scalar("t", 2, 3.0)])
    logs = open_logs(tmp_path)
    assert values(logs.run("."), "t") == [1.0, 3.0]
    assert logs.troubles() == {".": ["1 values cannot be understood and are left out"]}


def test_a_million_steps_are_kept_whole_and_more_are_thinned_only_for_want_of_memory(tmp_path: Path) -> None:
    write(tmp_path / NAME, scalars("t", range(3000)))
    logs = open_logs(tmp_path)
    assert logs.memory() == 3000 * 24
    logs.thin()
    assert logs.memory() < 3000 * 13
    assert logs.run(".").steps("scalar", "t")[-1] == 2999
    with pytest.raises(NoLogStep, match="cannot find data in step = 4000"):
        logs.run(".").at_step("scalar", "t", 4000)


def test_two_roots_are_shown_together(tmp_path: Path) -> None:
    for name in ("one/a", "two/a", "two/b", "two"):
        write(tmp_path / name / NAME, scalars("t", [1.0]))
    logs = open_logs(tmp_path / "one", tmp_path / "two")
    assert sorted(run.path for run in logs.runs()) == [".", "a", "b", "two/a"]
    assert len({run.key for run in logs.runs()}) == 4
