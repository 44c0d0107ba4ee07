import json
import os
from pathlib import Path

import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.jobs.training.folders import (
    FIGURES,
    FiguresCache,
    Request,
    keep_start,
    line_of,
    log_end,
    read_request,
    write_figures,
)
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.figures import Figures, Point
from embedding_explorer.training.options import Options


def points(count: int) -> list[Point]:
    return [Point("train", index / 2, index, {"loss": 1 / (index + 1)}) for index in range(count)]


def test_figures_that_grow_are_read_further_and_not_again(tmp_path: Path) -> None:
    cache, path, all_points = FiguresCache(), tmp_path / FIGURES, points(3)
    assert not cache.get(tmp_path).points
    path.write_text(line_of(all_points[0]) + line_of(all_points[1]))
    first = cache.get(tmp_path)
    assert first.points == all_points[:2] and cache.get(tmp_path) is first
    damaged = bytearray(path.read_bytes())
    damaged[2:3] = b"?"  # what was read is not looked at again
    with path.open("r+b") as file:
        file.write(damaged + line_of(all_points[2]).encode())
    assert cache.get(tmp_path).points == all_points and first.points == all_points[:2]


def test_half_a_line_is_left_for_later(tmp_path: Path) -> None:
    cache, path, (one, two) = FiguresCache(), tmp_path / FIGURES, points(2)
    line = line_of(two)
    path.write_text(line_of(one) + line[:9])
    assert cache.get(tmp_path).points == [one]
    with path.open("a") as file:
        file.write(line[9:])
    assert cache.get(tmp_path).points == [one, two]


def test_figures_that_were_replaced_are_read_anew(tmp_path: Path) -> None:
    cache, all_points = FiguresCache(), points(5)
    write_figures(tmp_path / FIGURES, Figures(all_points))
    assert cache.get(tmp_path).points == all_points
    write_figures(tmp_path / FIGURES, Figures(all_points[:2]))
    assert cache.get(tmp_path).points == all_points[:2]
    (tmp_path / FIGURES).unlink()
    assert not cache.get(tmp_path).points


def test_a_request_is_read_back(tmp_path: Path) -> None:
    definition = read_definition(json.dumps({"layers": [{"type": "flatten"}, {"type": "linear"}]}))
    request = Request(Options(epochs=7, learning_rate=0.5), definition, ("start-0.pt",), True, (1, 2))
    request.save(tmp_path)
    assert read_request(tmp_path) == request


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"definition": 3, "classification": true}'])
def test_a_damaged_request_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "request.json").write_text(text)
    with pytest.raises(BadInput):
        read_request(tmp_path)


def test_weights_are_linked_or_copied(tmp_path: Path) -> None:
    source, folder = tmp_path / "a.safetensors", tmp_path / "job"
    source.write_bytes(b"weights")
    folder.mkdir()
    (linked,) = keep_start([source], folder, link=True)
    assert os.path.samefile(source, folder / linked)
    (folder / linked).unlink()
    (copied,) = keep_start([source], folder, link=False)
    assert copied == "start-0.safetensors" and not os.path.samefile(source, folder / copied)
    assert (folder / copied).read_bytes() == b"weights"


def test_the_end_of_the_newest_log_is_shown(tmp_path: Path) -> None:
    assert log_end(tmp_path) is None
    for name, age in (("old", 100), ("new", 0)):
        path = tmp_path / f"{name}.log"
        path.write_text("".join(f"{name} {number}\n" for number in range(100)))
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    text = log_end(tmp_path)
    assert text and text.splitlines()[-1] == "new 99" and len(text.splitlines()) == 30
