"""Public sets from tiny archives of the original formats: trees, lists, and what is refused."""

import hashlib
import pickle
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadArchive, BadInput, NetworkUnavailable, NotFound, RefusedPickle
from embedding_explorer.training.downloads import download_data
from embedding_explorer.training.downloads.originals import Original, locate
from tests.training.downloads import archives


def lines(path: Path) -> list[tuple[str, int]]:
    found = [line.rsplit(" ", 1) for line in path.read_text().splitlines()]
    return [(name, int(label)) for name, label in found]


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_mnist_is_inverted_and_numbered_over_all_classes(tmp_path: Path) -> None:
    original = archives.write_mnist(tmp_path)
    download_data("mnist", tmp_path)
    for name, (images, labels) in original.items():
        folder = tmp_path / name
        files = {f"{label}/{index:05d}.png" for index, label in enumerate(labels)}
        assert tree(folder) == files | {"labels.txt", f"{name}.txt"}
        assert (folder / "labels.txt").read_text() == "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"
        expected = [(f"{folder}/{label}/{index:05d}.png", label) for index, label in enumerate(labels)]
        assert lines(folder / f"{name}.txt") == expected
        picture = Image.open(folder / str(labels[3]) / "00003.png")
        assert picture.mode == "L" and (np.asarray(picture) == 255 - images[3]).all()


def test_cifar10_has_original_names_and_colours(tmp_path: Path) -> None:
    batches = archives.write_cifar10(tmp_path)
    download_data("cifar10", tmp_path)
    assert (tmp_path / "test" / "labels.txt").read_text() == "airplane\nautomobile\nbird\n"
    assert len(lines(tmp_path / "train" / "train.txt")) == 20 and len(lines(tmp_path / "test" / "test.txt")) == 4
    path, label = lines(tmp_path / "train" / "train.txt")[4]  # the first of the second batch
    batch = batches["data_batch_2"]
    assert path == f"{tmp_path}/train/automobile/{batch['filenames'][0]}" and label == batch["labels"][0] == 1
    pixels = np.asarray(Image.open(path))
    assert (pixels == batch["data"][0].reshape(3, 32, 32).transpose(1, 2, 0)).all()
    assert tree(tmp_path / "test") == {
        "labels.txt", "test.txt", "bird/thing_s_500000.png", "airplane/thing_s_500001.png",
        "automobile/thing_s_500002.png", "bird/thing_s_500003.png",
    }  # fmt: skip


def test_cifar100_has_superclasses_as_relative_links(tmp_path: Path) -> None:
    sets = archives.write_cifar100(tmp_path)
    download_data("cifar100", tmp_path)
    for kind, labels in (("fine", archives.FINE), ("coarse", archives.COARSE)):
        assert (tmp_path / kind / "labels.txt").read_text().splitlines() == labels
        for name, original in sets.items():
            found = lines(tmp_path / kind / f"{name}.txt")
            assert [label for _, label in found] == original[f"{kind}_labels"]
            for (path, _), data in zip(found, original["data"], strict=True):
                assert (np.asarray(Image.open(path)) == data.reshape(3, 32, 32).transpose(1, 2, 0)).all()
    link = tmp_path / "coarse" / "train" / "fruit_and_vegetables" / "pear"
    assert str(link.readlink()) == "../../../fine/train/pear"
    assert {each.name for each in link.parent.iterdir()} == {"apple", "pear"}
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert (moved / "coarse/train/people/baby/it_s_000002.png").is_file()


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    archives.write_cifar100(tmp_path)
    download_data("cifar100", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    download_data("cifar100", tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_digits_need_no_download(tmp_path: Path) -> None:
    download_data("DIGITS", tmp_path / "new")
    train, test = (lines(tmp_path / "new" / name / f"{name}.txt") for name in ("train", "test"))
    assert (len(train), len(test)) == (1437, 360)
    assert {label for _, label in train} == {label for _, label in test} == set(range(10))
    pixels = np.asarray(Image.open(train[0][0]))
    assert pixels.shape == (28, 28) and pixels.mean() > 128  # dark on white


def test_two_pictures_of_one_name_are_both_kept(tmp_path: Path) -> None:
    batch = {"labels": [0, 0], "data": archives.pictures(2, 0), "filenames": ["same.png", "same.png"]}
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    files = dict.fromkeys(names, archives.pickled(batch)) | {"batches.meta": archives.pickled({"label_names": ["a"]})}
    archives.write_tar(tmp_path / "cifar-10-python.tar.gz", files)
    download_data("cifar10", tmp_path)
    assert len(set(lines(tmp_path / "train" / "train.txt"))) == 10
    assert len(list((tmp_path / "train" / "a").iterdir())) == 10


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize(
    "labels",
    [np.array([0, 1]), np.array([0, 1], np.uint8), [np.int64(0), np.int64(1)], [np.uint8(0), 1], np.array([0.0, 1.0])],
    ids=["int64", "uint8", "scalars", "mixed", "floats"],
)
def test_labels_may_be_numbers_of_numpy(tmp_path: Path, labels: object, protocol: int) -> None:
    data = archives.pictures(2, 0)
    batch = pickle.dumps({"labels": labels, "data": data, "filenames": ["x.png", "y.png"]}, protocol)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    files = dict.fromkeys(names, batch) | {"batches.meta": archives.pickled({"label_names": ["a", "b"]})}
    archives.write_tar(tmp_path / "cifar-10-python.tar.gz", files)
    download_data("cifar10", tmp_path)
    assert lines(tmp_path / "test" / "test.txt") == [
        (f"{tmp_path}/test/{each}.png", n) for n, each in enumerate(("a/x", "b/y"))
    ]


@pytest.mark.parametrize(
    "labels", [[0.5, 1.0], [float("nan"), 1.0], np.array([[0], [1]]), np.array([0.5, 1]), ["0", "1"], 1, "01"]
)
def test_labels_that_are_no_whole_numbers_are_refused(tmp_path: Path, labels: object) -> None:
    batch = {"labels": labels, "data": archives.pictures(2, 0), "filenames": ["x.png", "y.png"]}
    files = {"data_batch_1": pickle.dumps(batch), "batches.meta": archives.pickled({"label_names": ["a", "b"]})}
    archives.write_tar(tmp_path / "cifar-10-python.tar.gz", files)
    with pytest.raises(BadArchive, match="'labels'"):
        download_data("cifar10", tmp_path)


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("executed"),))


@pytest.mark.parametrize(
    ("meta", "error"),
    [
        (pickle.dumps({"label_names": Evil()}, 2), RefusedPickle),
        (archives.pickled({"label_names": ["../../up"]}), BadInput),
        (archives.pickled({"label_names": [".."]}), BadInput),
        (archives.pickled({"label_names": "a"}), BadArchive),
        (archives.pickled(["label_names"]), BadArchive),
        (archives.pickled({}), BadArchive),
    ],
)
def test_what_an_archive_must_not_hold_is_refused(tmp_path: Path, meta: bytes, error: type[Exception]) -> None:
    archives.write_tar(tmp_path / "cifar-10-python.tar.gz", {"batches.meta": meta})
    with pytest.raises(error):
        download_data("cifar10", tmp_path)
    assert not Path("executed").exists() and tree(tmp_path) <= {"cifar-10-python.tar.gz", "train/labels.txt"}


def test_damaged_archives_are_named(tmp_path: Path) -> None:
    archives.write_mnist(tmp_path)
    images, cifar = tmp_path / "train-images-idx3-ubyte.gz", tmp_path / "cifar-10-python.tar.gz"
    archives.write_cifar10(tmp_path)
    cifar.write_bytes(cifar.read_bytes()[:500])
    with pytest.raises(BadArchive, match=r"cifar-10-python\.tar\.gz"):
        download_data("cifar10", tmp_path)
    for damaged in (images.read_bytes()[:300], b"no gzip", archives.idx(np.zeros((2, 28), np.uint8))):
        images.write_bytes(damaged)
        with pytest.raises(BadArchive, match=r"train-images-idx3-ubyte\.gz"):
            download_data("mnist", tmp_path)
    images.write_bytes(archives.idx(np.zeros((2, 28, 28), np.uint8)))
    with pytest.raises(BadArchive, match="2 pictures but 23 labels"):
        download_data("mnist", tmp_path)


def test_cleaning_empties_the_folder_but_never_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out" / "old").mkdir(parents=True)
    download_data("digits", tmp_path / "out", clean=True)
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"train", "test"}
    monkeypatch.chdir(tmp_path / "out" / "train")
    for folder in (Path("/"), Path.home(), tmp_path / "out", Path(".")):
        with pytest.raises(BadInput, match="not emptied"):
            download_data("digits", folder, clean=True)
    assert (tmp_path / "out" / "train" / "train.txt").exists()


def test_an_unknown_set_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="digits, mnist, cifar10, cifar100"):
        download_data("imagenet", tmp_path)


CONTENT = bytes(range(256)) * 1000


class Handler(BaseHTTPRequestHandler):
    """`/good/…` has CONTENT, `/short/…` breaks off half-way, `/other/…` has something else."""

    ranges: list[str | None]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        content = CONTENT[::-1] if self.path.startswith("/other") else CONTENT
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : len(content) // 2 if self.path.startswith("/short") else None])

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.ranges = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def original(*sources: str) -> Original:
    return Original("file.gz", hashlib.sha256(CONTENT).hexdigest(), sources)


def test_a_download_goes_on_where_it_broke_off_at_the_next_source(server: str, tmp_path: Path) -> None:
    said: list[str] = []
    path = locate(original(f"{server}/short/", f"{server}/good/"), tmp_path, said.append)
    assert path.read_bytes() == CONTENT
    assert Handler.ranges == [None, f"bytes={len(CONTENT) // 2}-"]
    locate(original(f"{server}/good/"), tmp_path, said.append)
    assert len(Handler.ranges) == 2, "what is there is not downloaded again"


def test_what_has_another_digest_is_not_kept(server: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkUnavailable, match=r"file\.gz could not be downloaded"):
        locate(original(f"{server}/other/"), tmp_path, lambda text: None)
    assert not list(tmp_path.iterdir())


def test_without_a_connection_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetworkUnavailable, match=f"and put it into {tmp_path}"):
        locate(original("http://127.0.0.1:9/"), tmp_path, lambda text: None)
