from pathlib import Path

import pytest

from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.training.datasets import Bounds, Places
from embedding_explorer.training.datasets.folders import FolderTask, Parsed, Walk, parse_folder
from embedding_explorer.training.datasets.lists import stored_labels, write_labels
from embedding_explorer.training.datasets.spec import Folder, PerClass
from embedding_explorer.training.datasets.splits import Shares

ALL = Shares()


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def fill(root: Path, **counts: int) -> Path:
    for name, count in counts.items():
        for number in range(count):
            touch(root / name / f"{number}.png")
    return root


def parse(
    root: Path, out: Path, shares: Shares = ALL, bounds: Bounds | None = None, **options: object
) -> tuple[Parsed, dict[str, list[str]], list[str]]:
    """What was parsed, the lines of each list, and the log."""
    told: list[str] = []
    folder = Folder(root, options.pop("per_class", PerClass(1)))  # type: ignore[arg-type]
    task = FolderTask(folder, shares, (options.pop("seed", 1),), **options)  # type: ignore[arg-type]
    parsed = parse_folder(task, Walk(Places([root.parent]), bounds or Bounds()), out, told.append, lambda *_: None)
    return parsed, {path.stem: path.read_text().splitlines() for path in out.glob("*.txt")}, told


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_categories_are_sorted_and_underscores_become_blanks(data: Path, out: Path) -> None:
    root = fill(data / "set", zebra=2, a_small_cat=2, Bee=2)
    parsed, lists, _ = parse(root, out)
    assert parsed.labels == ["Bee", "a small cat", "zebra"]
    assert parsed.counts == {"train": 6, "val": 0, "test": 0}
    assert sorted(lists["train"])[:2] == [f"{root}/Bee/0.png 0", f"{root}/Bee/1.png 0"]
    assert set(lists) == {"train"}
    assert parse(root, out, underscores=True)[0].labels[1] == "a_small_cat"


def test_underscores_at_the_ends_of_a_name_are_blanks_of_the_label_too(data: Path, out: Path) -> None:
    labels = parse(fill(data / "set", _a_b_=2, a_b=2), out)[0].labels
    assert labels == [" a b ", "a b"]
    write_labels(out / "labels.txt", labels)
    assert stored_labels(out / "labels.txt") == labels
    lists = parse(fill(data / "val", a_b=3, _a_b_=2), out, Shares(val=100), labels=labels)[1]
    assert sorted(line.rpartition(" ")[2] for line in lists["val"]) == ["0", "0", "1", "1", "1"]


def test_images_at_all_depths_by_their_endings(data: Path, out: Path) -> None:
    root = fill(data / "set", a=1, b=1)
    for name in ("x/y/z.JPG", "x.jpeg", "x.bmp", "x.PPM", "x.pgm", "x.gif", "x.txt", "png", ".png.txt"):
        touch(root / "a" / name)
    touch(root / "labels.txt")
    _, lists, _ = parse(root, out)
    found = {line.split()[0].removeprefix(f"{root}/a/") for line in lists["train"] if line.endswith(" 0")}
    assert found == {"0.png", "x/y/z.JPG", "x.jpeg", "x.bmp", "x.PPM", "x.pgm"}


def test_every_category_is_shared_by_itself(data: Path, out: Path) -> None:
    root = fill(data / "set", a=46, b=10)
    parsed, lists, _ = parse(root, out, Shares(25))
    assert parsed.counts == {"train": 35 + 8, "val": 11 + 2, "test": 0}
    assert sum(line.endswith(" 0") for line in lists["val"]) == 11
    assert not set(lists["train"]) & set(lists["val"])
    assert len(set(lists["train"]) | set(lists["val"])) == 56


def test_the_seed_decides(data: Path, out: Path) -> None:
    root = fill(data / "set", a=30, b=30)
    first, again, other = (parse(root, out, Shares(50), seed=seed)[1] for seed in (1, 1, 2))
    assert first == again != other


def test_most_per_class_takes_the_first_ones_and_least_drops(data: Path, out: Path) -> None:
    root = fill(data / "set", a=9, b=4, c=1)
    parsed, lists, told = parse(root, out, per_class=PerClass(2, 3))
    assert parsed.labels == ["a", "b"]
    assert sorted(line.split()[0][-5:] for line in lists["train"]) == [
        "0.png",
        "0.png",
        "1.png",
        "1.png",
        "2.png",
        "2.png",
    ]
    assert any("'c'" in line for line in told)


def test_fewer_images_than_sets_drop_a_category(data: Path, out: Path) -> None:
    root = fill(data / "set", a=3, b=3, c=2, d=0)
    touch(root / "d" / "text.txt")
    assert parse(root, out, Shares(10, 10), per_class=PerClass(None))[0].labels == ["a", "b"]
    assert parse(root, out, Shares(10), per_class=PerClass(None))[0].labels == ["a", "b", "c"]


def test_too_few_categories_are_an_error(data: Path, out: Path) -> None:
    with pytest.raises(BadInput, match="one subfolder;"):
        parse(fill(data / "one", a=9), out)
    with pytest.raises(BadInput, match="1 categories"):
        parse(fill(data / "two", a=9, b=1), out, per_class=PerClass(2))


def test_links_are_followed_inside_the_roots_only_and_never_in_circles(tmp_path: Path, out: Path) -> None:
    root = fill(tmp_path / "data" / "set", a=1, b=1)
    fill(tmp_path / "data", more=2)
    fill(tmp_path, outside=1)
    (root / "a" / "more").symlink_to(tmp_path / "data" / "more")
    (root / "a" / "again").symlink_to(tmp_path / "data" / "more")
    (root / "a" / "circle").symlink_to(root)
    (root / "a" / "outside").symlink_to(tmp_path / "outside")
    (root / "a" / "one.png").symlink_to(tmp_path / "outside" / "0.png")
    (root / "a" / "broken.png").symlink_to("nothing")
    (root / "c").symlink_to(tmp_path / "outside")
    (root / "d").symlink_to(tmp_path / "data" / "more")
    parsed, lists, _ = parse(root, out)
    assert parsed.labels == ["a", "b", "d"]
    found = {line.removeprefix(f"{root}/") for line in lists["train"] if line.endswith(" 0")}
    assert {"a/0.png 0", "a/again/0.png 0", "a/again/1.png 0"} <= found
    assert not any("outside" in line or "one.png" in line or "broken" in line for line in found)


def test_a_folder_of_its_own_is_matched_by_label(data: Path, out: Path) -> None:
    root = fill(data / "val", b_b=2, a=3, unknown=4)
    parsed, lists, told = parse(root, out, Shares(val=100), labels=["a", "b b", "c"])
    assert parsed.labels == ["a", "b b", "c"]
    assert parsed.counts == {"train": 0, "val": 5, "test": 0}
    assert sorted(line.rpartition(" ")[2] for line in lists["val"]) == ["0", "0", "0", "1", "1"]
    assert set(lists) == {"val"}
    assert any("unknown" in line for line in told)


def test_names_that_no_line_can_hold_are_passed_over(data: Path, out: Path) -> None:
    root = fill(data / "set", a=1, b=1)
    touch(root / "a" / "two\nlines.png")
    touch(root / "a" / "with  blanks 7 .png")
    _, lists, _ = parse(root, out)
    assert len(lists["train"]) == 3


def test_images_and_classes_are_bounded(data: Path, out: Path) -> None:
    root = fill(data / "set", a=5, b=5, c=5)
    with pytest.raises(LimitExceeded):
        parse(root, out, bounds=Bounds(max_images=14))
    with pytest.raises(LimitExceeded):
        parse(root, out, bounds=Bounds(max_classes=2))
    parse(root, out, bounds=Bounds(max_images=15, max_classes=3))


def test_report_may_end_the_work(data: Path, out: Path) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Stop

    task = FolderTask(Folder(fill(data / "set", a=2, b=2)), Shares(), (1,))
    with pytest.raises(Stop):
        parse_folder(task, Walk(Places([data]), Bounds()), out, lambda _: None, stop)
