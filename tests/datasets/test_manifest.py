import json
import os
from pathlib import Path

import pytest

from embedding_explorer.datasets.manifest import Manifest, ranges
from embedding_explorer.errors import Conflict


def a_manifest(**values: object) -> Manifest:
    return Manifest.new(**({"id": "0" * 31 + "a", "name": "Café", "total": 1001} | values))


@pytest.mark.parametrize(
    ("total", "last"),
    [
        (1, ("000", (0, 0))),
        (1000, ("000", (0, 999))),
        (1001, ("001", (1000, 1000))),
        (202599, ("202", (202000, 202598))),
    ],
)
def test_the_last_range_is_short(total: int, last: tuple[str, tuple[int, int]]) -> None:
    assert list(ranges(total).items())[-1] == last


def test_range_ids_have_three_digits_and_four_past_999() -> None:
    names = list(ranges(1_000_001))
    assert names[:2] == ["000", "001"]
    assert names[-2:] == ["999", "1000"]


def test_a_manifest_that_was_written_reads_the_same(tmp_path: Path) -> None:
    manifest = a_manifest(
        network={"name": "resnet50", "input": {"size": 224}},
        reducers={"pca": {"components": 50}, "umap": {}},
        features={"dtype": "float16", "shape": [1001, 2048]},
        skipped=[{"file": "a.txt", "reason": "no image"}],
        source={"kind": "upload", "name": "a.zip"},
        seconds={"pca": 0.5},
    )
    manifest.write(tmp_path / "dataset.json")
    read = Manifest.read(tmp_path / "dataset.json")
    assert read.to_json() == manifest.to_json()
    assert read.ranges == {"000": (0, 999), "001": (1000, 1000)}


def test_the_file_is_plain_json_that_a_person_can_read(tmp_path: Path) -> None:
    a_manifest().write(tmp_path / "dataset.json")
    text = (tmp_path / "dataset.json").read_text(encoding="utf-8")
    assert list(json.loads(text))[:6] == ["format", "id", "name", "created", "total", "ranges"]
    assert '\n    "001": [1000, 1000]\n' in text
    assert "Café" in text


def test_every_documented_field_is_there() -> None:
    assert set(a_manifest().to_json()) == {
        *("format", "id", "name", "created", "total", "ranges", "network", "reducers", "features"),
        *("images_kept", "skipped", "source", "versions", "seconds"),
    }


def test_another_format_version_is_refused_by_file_and_number(tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(a_manifest().to_json() | {"format": 2}))
    with pytest.raises(Conflict, match=r"dataset\.json.*version is 2 .*reads 1"):
        Manifest.read(path)


@pytest.mark.parametrize(
    "content", ["", "[1]", "{", '{"format": 1}', '{"format": 1, "id": "x"}', "\x00\xff", '{"format": {}}']
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "dataset.json").write_text(content, encoding="latin-1")
    with pytest.raises(Conflict, match=r"dataset\.json"):
        Manifest.read(tmp_path / "dataset.json")


@pytest.mark.parametrize("wrong", [{"id": "../x"}, {"id": None}, {"total": 0}, {"total": "5"}, {"total": True}])
def test_an_id_or_total_out_of_bounds_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Conflict):
        Manifest.from_json(a_manifest().to_json() | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"name": None}, {"created": 5}, {"network": "resnet50"}, {"reducers": ["pca"]}),
        *({"features": [1]}, {"source": None}, {"skipped": 3}),
    ],
)
def test_what_has_another_type_than_it_can_have_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(Conflict, match=f"Its {next(iter(wrong))} is"):
        Manifest.from_json(a_manifest().to_json() | wrong)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dataset.json"
    a_manifest(name="old").write(path)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        a_manifest(name="new").write(path)
    assert Manifest.read(path).name == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["dataset.json"]


def test_manifests_sort_by_the_time_they_were_made() -> None:
    assert a_manifest().created < a_manifest().created
