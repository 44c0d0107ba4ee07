"""Which folders are runs, what they are called, and what they hold."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import ClassVar

import orjson
import pytest

from embedding_explorer.errors import NoLogData, NoLogStep
from embedding_explorer.runs import event_file
from embedding_explorer.runs.base import Run
from embedding_explorer.runs.categories import categories
from embedding_explorer.runs.dataset import LogFolder
from embedding_explorer.runs.files import Found
from embedding_explorer.runs.run import LogRun
from tests.runs.event_logs import NAME, image, scalar, scalars, tensor, write
from tests.runs.reading import open_logs

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


@pytest.mark.parametrize("text", ["[NaN]", '{"config": {"layers": [NaN]}}', "[" * 100_000])
def test_what_cannot_be_shown_as_a_graph_is_not_listed(tmp_path: Path, text: str) -> None:
    (tmp_path / "structure_graph.json").write_text(text)
    assert keys(open_logs(tmp_path)) == []


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
    assert 3000 * 24 < logs.memory() < 3000 * 24 + 2000
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


def test_a_link_in_a_circle_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a" / NAME, scalars("t", [1.0]))
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "a" / "events.circle").symlink_to("events.circle")
    assert keys(open_logs(tmp_path)) == ["a"]


def test_a_file_that_may_not_be_opened_does_not_hide_the_later_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Guarded(event_file._Raw):
        def __init__(self, path: Path) -> None:
            if path.name == "events.1":
                raise PermissionError(errno.EACCES, "Permission denied")
            super().__init__(path)

    for number in (1, 2):
        write(tmp_path / f"events.{number}", scalars("t", [number]))
    logs = LogFolder([tmp_path])
    with monkeypatch.context() as patch:
        patch.setattr(event_file, "_Raw", Guarded)
        assert follow(logs) == [2.0]
        assert logs.troubles() == {".": ["events.1 is not read: Permission denied"]}
    assert follow(logs) == [1.0, 2.0]
    assert logs.troubles() == {}


def test_names_that_are_not_utf_8_are_shown_with_what_can_be_written(tmp_path: Path) -> None:
    for name in (b"run\xfe", b"run\xff"):
        path = write(tmp_path / os.fsdecode(name) / os.fsdecode(b"events.\xff"), scalars("t", [1.0, 2.0]))
        content = path.read_bytes()
        path.write_bytes(content[:-3] + b"\0\0\0")
    logs = open_logs(tmp_path)
    assert len(set(keys(logs))) == 2
    for key in keys(logs):
        assert "run\ufffd" in key
        assert values(logs.run(key), "t") == [1.0]
    assert sorted(orjson.loads(orjson.dumps(categories(logs, dialect="doc")))) == sorted(keys(logs))
    assert orjson.dumps(logs.troubles()).count("events.\ufffd is damaged".encode()) == 2


def test_a_run_that_is_read_anew_shows_what_it_had_until_that_is_done(tmp_path: Path) -> None:
    logs = LogFolder([tmp_path])
    write(tmp_path / "events.2", scalars("t", [2.0] * 200))
    follow(logs)
    write(tmp_path / "events.1", scalars("t", [1.0] * 200))
    logs.scan()
    assert not logs.load(0.0)
    assert values(logs.run("."), "t") == [2.0] * 200
    before = logs.state()
    while not logs.load(0.0):
        assert values(logs.run("."), "t") == [2.0] * 200
    assert values(logs.run("."), "t") == [1.0] * 200 + [2.0] * 200
    assert logs.state() != before


def test_files_that_are_gone_take_their_records_with_them(tmp_path: Path) -> None:
    (tmp_path / "projector_config.pbtxt").write_text("")
    path = write(tmp_path / NAME, scalars("t", [1.0]))
    logs = LogFolder([tmp_path])
    assert follow(logs) == [1.0]
    path.unlink()
    logs.scan()
    logs.load(1.0)
    assert logs.run(".").tags("scalar") == []


def test_the_version_grows_after_what_it_stands_for(tmp_path: Path) -> None:
    class Watched(LogRun):
        known: ClassVar[list[bool]] = []

        def __setattr__(self, name: str, value: object) -> None:
            if name == "version" and hasattr(self, "found"):
                self.known.append(self.found.projector)
            super().__setattr__(name, value)

    run = Watched(Found(tmp_path), "r")
    before = run.state()
    run.update(Found(tmp_path, projector=True))
    assert run.state() != before
    assert Watched.known[-1]


@pytest.mark.parametrize("content", ['{"config": {"layers": [NaN]}}', '[{"config": {"layers": []}}, 3]', '["layers"]'])
def test_what_cannot_be_served_as_a_structure_graph_is_not_listed_as_one(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r" / "model.json"
    path.parent.mkdir()
    path.write_text(content)
    assert keys(open_logs(tmp_path)) == []
    path.write_text('[{"config": {"layers": []}}]')
    assert keys(open_logs(tmp_path)) == ["r"]


def test_json_without_layers_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(data: bytes) -> None:
        raise AssertionError("parsed")

    (tmp_path / "large.json").write_text("[" + "1," * 1000 + "1]")
    monkeypatch.setattr(orjson, "loads", refuse)
    assert keys(open_logs(tmp_path)) == []
