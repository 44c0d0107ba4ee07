"""Trained models at work in their own processes, against the same models used right here."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.errors import BadInput, ExplorerError, LimitExceeded, TooManyTasks, WorkerDied
from embedding_explorer.jobs.bounded import BoundedWorker
from embedding_explorer.jobs.lock import BusyLock
from embedding_explorer.jobs.training import inference as service
from embedding_explorer.jobs.training.inference import Inference, Snapshot
from embedding_explorer.jobs.training.records import JobType, TrainingJob
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import Pictures, Places, TrainingDataset
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.models.folder import open_model, write_model
from embedding_explorer.training.models.plan import make_plan
from embedding_explorer.training.models.trainer import Trainer
from embedding_explorer.training.options import Options
from embedding_explorer.training.pictures import pictures_of_model
from embedding_explorer.training.snapshots import read_snapshot, write_snapshot
from tests.jobs.training.helpers import Jobs
from tests.training.sources import Arrays, shades

PICTURES = Pictures(16, 16, 1, "squash")
LABELS = ["dark", "medium", "light"]


@pytest.fixture(scope="module")
def source() -> Arrays:
    """Thirty pictures in three classes."""
    return shades(30, classes=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, source: Arrays) -> Path:
    """A model with two snapshots."""
    made = tmp_path_factory.mktemp("model")
    definition = read_definition('{"layers": [{"type": "scale", "factor": 0.01}, {"type": "linear"}]}')
    plan = make_plan(Options(epochs=2, seed=1, learning_rate=0.01), definition, source)
    write_model(made, plan, LABELS)
    Trainer(plan, plan.build(), source, None, made).run()
    return made


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory, source: Arrays) -> Path:
    """The same pictures as files."""
    made = tmp_path_factory.mktemp("images")
    pixels, _ = source.batch(np.arange(len(source)))
    for number, each in enumerate(pixels):
        Image.fromarray(each[:, :, 0]).save(made / f"{number:02d}.png")
    return made


def started(data: Path, **settings: Any) -> Inference:
    made = Settings(data=data, device="cpu", **settings)
    return Inference(made, BusyLock(data))


@pytest.fixture(scope="module")
def inference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inference]:
    """The service."""
    made = started(tmp_path_factory.mktemp("data"))
    yield made
    made.stop()


class Asking:
    """Somebody who asks one model."""

    def __init__(self, inference: Inference, snapshot: Snapshot, places: Places) -> None:
        self.inference, self.snapshot, self.places = inference, snapshot, places

    def __call__(self, kind: str, lines: list[str] | None = None, epoch: float | None = None, **wanted: Any) -> Any:
        snapshot = Snapshot(self.snapshot.folder, epoch, self.snapshot.pictures)
        with self.inference.room() as room:
            if lines is not None:
                (room / "list").write_bytes(b"\n".join(os.fsencode(line) for line in lines))
                wanted = {"list": str(room / "list"), "folder": "", "most": None} | wanted
            return json.loads(self.inference.predict(kind, snapshot, room, self.places, **wanted).read_bytes())


@pytest.fixture
def ask(inference: Inference, folder: Path, images: Path) -> Asking:
    return Asking(inference, Snapshot(folder, None, PICTURES), Places([images]))


def scores(folder: Path, source: Arrays, epoch: float | None = None) -> Any:
    pixels, _ = source.batch(np.arange(len(source)))
    return open_model(folder, epoch).run(pixels)


def pairs(row: Any) -> list[list[Any]]:
    """The best classes of one picture, worked out in another way."""
    order = sorted(range(3), key=lambda label: -row[label])
    return [[LABELS[label], pytest.approx(100 * float(row[label]), abs=0.006)] for label in order]


@pytest.mark.parametrize("epoch", [None, -1.0, 1.0, 2.0])
def test_one_image(ask: Asking, folder: Path, source: Arrays, images: Path, epoch: float | None) -> None:
    expected = scores(folder, source, epoch)[4]
    found = ask("classify_one", epoch=epoch, image=str(images / "04.png"), look=False)
    assert found == {"predictions": pairs(expected)}
    assert all(round(value, 2) == value for _, value in found["predictions"])


def test_an_epoch_that_is_not_there_is_told(ask: Asking, images: Path) -> None:
    with pytest.raises(BadInput, match="there are 1, 2"):
        ask("classify_one", epoch=7.0, image=str(images / "04.png"), look=False)


def test_lists_are_looked_at_under_the_lock_and_one_image_beside_any_job(
    folder: Path, images: Path, tmp_path: Path
) -> None:
    entered: list[str] = []

    @contextmanager
    def holding() -> Iterator[None]:
        entered.append("held")
        yield
        entered.append("free")

    inference = Inference(Settings(data=tmp_path, device="cpu"), BusyLock(tmp_path), holding)
    ask = Asking(inference, Snapshot(folder, None, PICTURES), Places([images]))
    try:
        assert ask("classify_one", image=str(images / "04.png"), look=False)["predictions"] and not entered
        assert ask("classify_many", [f"{images}/04.png"])["classifications"] and entered == ["held", "free"]
    finally:
        inference.stop()


def test_a_look_inside(ask: Asking, images: Path, folder: Path) -> None:
    found = ask("classify_one", image=str(images / "04.png"), look=True)
    seen = found["visualizations"]
    assert [(each["id"], each["name"], each["vis_type"]) for each in seen] == [
        (0, "data", "Activation"), (1, "scale1", "Activation"), (2, "linear1", "Weights"), (3, "linear1", "Activation"),
        (4, "softmax", "Activation"),
    ]  # fmt: skip
    assert found["total_parameters"] == 3 * 256 + 3 == seen[2]["param_count"]
    assert found["image"].startswith("data:image/png;base64,") and "image_html" not in seen[2]
    assert seen[0]["image_html"].startswith("data:image/png;base64,")
    counts, centres, ticks = seen[0]["data_stats"]["histogram"]
    assert (len(counts), len(centres), len(ticks), sum(counts)) == (20, 20, 3, 256)


def test_a_list_with_its_accuracies(ask: Asking, folder: Path, source: Arrays, images: Path) -> None:
    wrong = {0: 1, 7: 9}  # another class, and one that does not exist
    truth = {number: wrong.get(number, number % 3) for number in range(30)}
    lines = [f"{images}/{number:02d}.png {label}" for number, label in truth.items()]
    lines += [f"{images}/00.png 2", "", f"{images}/none.png 1", "/etc/hostname", "x.png", f"{images} 2"]
    found = ask("classify_many", lines)
    expected = scores(folder, source)
    assert found["classifications"] == {f"{images}/{n:02d}.png": pairs(expected[n]) for n in range(30)}
    predicted, known = expected.argmax(1), [n for n in range(30) if n != 7]
    right = [n for n in known if predicted[n] == truth[n]]
    assert found["top1_accuracy"] == round(100 * len(right) / 29, 2) and found["top5_accuracy"] == 100.0
    matrix = np.zeros((3, 3), int)
    for n in known:
        matrix[truth[n], predicted[n]] += 1
    assert found["confusion_matrix"] == matrix.tolist() and found["labels"] == LABELS
    each = [round(100 * matrix[k, k] / matrix[k].sum(), 2) for k in range(3)]
    assert found["per_class_accuracy"] == each
    assert found["ground_truths"][f"{images}/00.png"] == LABELS[1]
    assert found["ground_truths"][f"{images}/07.png"] is None
    assert [each["path"] for each in found["skipped"]] == [f"{images}/none.png", "/etc/hostname", "x.png", str(images)]
    assert all(each["reason"] for each in found["skipped"])


def test_a_list_without_classes_has_no_accuracies(ask: Asking, images: Path) -> None:
    found = ask("classify_many", ["05.png", "06.png", "07.png"], folder=str(images), most=2)
    assert set(found) == {"classifications", "skipped"}
    assert list(found["classifications"]) == [f"{images}/05.png", f"{images}/06.png"]


@pytest.mark.parametrize("kind", ["classify_many", "infer_many", "top_n"])
def test_a_list_without_any_readable_image_is_refused(ask: Asking, kind: str) -> None:
    more = {"infer_many": {"resize": True}, "top_n": {"count": 2}}.get(kind, {})
    with pytest.raises(BadInput, match="None of the 2 images"):
        ask(kind, ["/etc/passwd", "../../x"], **more)
    with pytest.raises(BadInput, match="None of the 0 images"):
        ask(kind, [" "], **more)


def test_the_best_images_of_each_class(ask: Asking, folder: Path, source: Arrays, images: Path) -> None:
    found = ask("top_n", [f"{images}/{n:02d}.png" for n in range(30)], count=4)
    expected = scores(folder, source)
    assert found["top_n"] == 4
    for label, result in enumerate(found["results"]):
        order = sorted(range(30), key=lambda n: -expected[n, label])[:4]
        assert result["category"] == LABELS[label]
        assert [each["path"] for each in result["images"]] == [f"{images}/{n:02d}.png" for n in order]
        assert result["images"][0]["confidence"] == pytest.approx(100 * expected[order[0], label], abs=0.006)
        assert result["image"].startswith("data:image/png;base64,")
    assert all(
        len(each["images"]) == 30
        for each in ask("top_n", [f"{images}/{n:02d}.png" for n in range(30)], count=99)["results"]
    )


def test_names_that_are_no_text_are_shown_all_the_same(ask: Asking, images: Path) -> None:
    odd = os.fsdecode(os.fsencode(images) + b"/\xff.png")
    Path(odd).write_bytes((images / "00.png").read_bytes())
    (name,) = ask("classify_many", [odd])["classifications"]
    assert name == f"{images}/�.png"
    Path(odd).unlink()


def test_outputs_with_and_without_a_batch_axis(ask: Asking, folder: Path, source: Arrays, images: Path) -> None:
    expected = scores(folder, source)
    one = ask("infer_one", image=str(images / "03.png"), look=False, resize=True)
    assert np.allclose(one["outputs"]["softmax"], expected[3:4], atol=1e-6)
    many = ask("infer_many", [f"{images}/03.png 2"], resize=True)
    assert np.allclose(many["outputs"][f"{images}/03.png"]["softmax"], expected[3], atol=1e-6)


def test_an_unreadable_image_says_why(ask: Asking, images: Path, inference: Inference) -> None:
    with pytest.raises(BadInput, match="cannot be read: there is no such file"):
        ask("classify_one", image="/etc/passwd", look=False)
    with inference.room() as room:
        (room / "sent").write_bytes(b"no picture")
        with pytest.raises(BadInput, match="not an image"):
            inference.predict("classify_one", ask.snapshot, room, ask.places, image=str(room / "sent"), look=False)
    assert not room.exists()


def test_a_snapshot_that_was_written_anew_is_loaded_anew(
    ask: Asking, folder: Path, images: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("network.json", "solver.json", "labels.txt", "mean.npy"):
        (own / name).write_bytes((folder / name).read_bytes())
    asking = Asking(ask.inference, Snapshot(own, None, PICTURES), ask.places)
    answers = []
    for factor in (1.0, -1.0):
        state = {name: factor * each for name, each in read_snapshot(folder / "snapshot_epoch_2.safetensors").items()}
        write_snapshot(own, 2.0, state, {})
        answers.append(asking("classify_one", image=str(images / "00.png"), look=False)["predictions"])
    assert answers[0][0][0] == answers[1][-1][0] != answers[1][0][0]


def test_pictures_of_their_own_size(inference: Inference, tmp_path: Path, images: Path) -> None:
    text = '{"output": "map", "loss": "mse", "layers": [{"type": "conv2d", "out_channels": 2, "kernel_size": 3}]}'
    pixels, _ = shades(8).batch(np.arange(8))
    arrays = Arrays(pixels, np.zeros((8, 2, 14, 14), np.float32), None)
    plan = make_plan(Options(epochs=1, seed=1), read_definition(text, classification=False), arrays)
    write_model(tmp_path, plan, None)
    write_snapshot(tmp_path, 1.0, plan.build().state_dict(), {})
    Image.new("RGB", (30, 20), (90, 90, 90)).save(images / "wide.png")
    asking = Asking(inference, Snapshot(tmp_path, None, PICTURES), Places([images]))
    wide = asking("infer_one", image=str(images / "wide.png"), look=False, resize=False)
    assert np.shape(wide["outputs"]["map"]) == (1, 2, 18, 28)
    found = asking("infer_many", ["00.png", "wide.png", "01.png"], folder=str(images), resize=False)["outputs"]
    assert [np.shape(each["map"]) for each in found.values()] == [(2, 14, 14), (2, 18, 28), (2, 14, 14)]
    (images / "wide.png").unlink()


@pytest.fixture(scope="module")
def slopes(jobs: Jobs) -> TrainingJob:
    """A finished dataset of gradients."""
    return jobs.done(jobs.make_gradients())


@pytest.fixture(scope="module")
def generic(jobs: Jobs, slopes: TrainingJob) -> TrainingJob:
    """A finished model on them."""
    return jobs.done(jobs.make_model(slopes, JobType.GENERIC_MODEL, train_epochs="1", learning_rate="0.00001"))


def test_stored_sets_and_made_gradients(inference: Inference, slopes: TrainingJob, generic: TrainingJob) -> None:
    pictures = pictures_of_model(generic.folder, slopes.folder)
    assert (pictures.width, pictures.height, pictures.channels) == (32, 32, 1)
    asking = Asking(inference, Snapshot(generic.folder, None, pictures), Places([]))
    stored = asking("infer_stored", dataset=str(slopes.folder), set="val", resize=True)["outputs"]
    source = TrainingDataset(slopes.folder).source("val")
    expected = open_model(generic.folder).run(source.batch(np.arange(10))[0])
    assert list(stored) == [f"{n:09d}" for n in range(10)]
    assert np.allclose([each["output"] for each in stored.values()], expected, atol=1e-5)
    one = asking("infer_gradients", slopes=[0.25, -0.5], count=0, look=False)["outputs"]
    x, y = np.meshgrid(np.arange(32) - 16, np.arange(32) - 16)
    pixels = np.trunc(127.5 + 0.25 * 255 / 32 * x - 0.5 * 255 / 32 * y).astype(np.uint8)[None, :, :, None]
    assert np.allclose(one["000000000"]["output"], open_model(generic.folder).run(pixels)[0], atol=1e-5)
    drawn = asking("infer_gradients", slopes=None, count=3, look=True)
    assert list(drawn["outputs"]) == ["000000000", "000000001", "000000002"] and drawn["visualizations"]
    with pytest.raises(BadInput, match="no finished set"):
        asking("infer_stored", dataset=str(slopes.folder), set="test", resize=True)


def test_networks_are_described(inference: Inference) -> None:
    found = inference.describe(STANDARD["lenet"].definition().for_data((1, 28, 28), 10, None))
    assert found["total_parameters"] == 431_080
    with pytest.raises(BadInput, match="VGG"):
        inference.describe(STANDARD["vgg16"].definition().for_data((3, 8, 8), 10, None))


def test_one_image_does_not_wait_for_a_list(ask: Asking, images: Path) -> None:
    lines = [f"{images}/{'../' + images.name + '/'}{'./' * n}00.png" for n in range(3000)]
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(ask("classify_many", lines)))
    ask("classify_one", image=str(images / "00.png"), look=False)  # both processes are warm
    ask("classify_many", lines[:1])
    thread.start()
    time.sleep(0.1)
    begin = time.monotonic()
    ask("classify_one", image=str(images / "00.png"), look=False)
    waited, still = time.monotonic() - begin, thread.is_alive()
    thread.join()
    assert still and waited < 2 and len(answers[0]["classifications"]) == 3000


@pytest.mark.slow
def test_what_takes_too_much_ends_and_the_next_goes_on(tmp_path: Path, folder: Path, images: Path) -> None:
    made = started(tmp_path, prediction_list_seconds=1, max_result_bytes=20_000)
    ask = Asking(made, Snapshot(folder, None, PICTURES), Places([images]))
    lines = [f"{images}/{'./' * n}00.png" for n in range(1500)]
    try:
        with pytest.raises(LimitExceeded, match="EXPLORER_MAX_RESULT_BYTES"):
            ask("classify_many", lines[:300])
        Image.new("L", (9000, 9000)).save(images / "large.png")
        many = [f"{images}/{'./' * n}large.png" for n in range(100)]
        with pytest.raises(LimitExceeded, match="EXPLORER_PREDICTION_LIST_SECONDS"):
            ask("classify_many", many)
        assert ask("classify_many", lines[:3])["classifications"]
    finally:
        (images / "large.png").unlink(missing_ok=True)
        made.stop()


@pytest.mark.slow
def test_a_killed_process_is_replaced_and_an_idle_one_ends(
    tmp_path: Path, folder: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = started(tmp_path)
    ask = Asking(made, Snapshot(folder, None, PICTURES), Places([images]))
    wanted = {"image": str(images / "00.png"), "look": False}
    try:
        first = ask("classify_one", **wanted)
        worker = made._one._worker
        assert worker is not None and worker.client.pid
        os.kill(worker.client.pid, 9)
        try:
            again = ask("classify_one", **wanted)
        except WorkerDied:
            again = ask("classify_one", **wanted)
        assert first == again
        monkeypatch.setattr(service, "IDLE_SECONDS", 0.1)
        pid = worker.client.pid
        assert ask("classify_one", **wanted) == first
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{pid}").exists() and made._one._worker is None
        assert ask("classify_one", **wanted) == first
    finally:
        made.stop()
    with pytest.raises(ExplorerError):
        ask("classify_one", **wanted)


def test_leftovers_of_the_last_run_go(tmp_path: Path) -> None:
    left = tmp_path / "staging" / "prediction-abc"
    left.mkdir(parents=True)
    (left / "file-1").write_bytes(b"x")
    started(tmp_path).start()
    assert not left.exists()


class Doors:
    """Workers that let nobody go before they are told to; `lanes` are those that were asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.open = threading.Semaphore(0), threading.Event()
        self.lanes: list[str] = []
        monkeypatch.setattr(BoundedWorker, "call", lambda worker, *_: self.call(worker))

    def call(self, worker: BoundedWorker) -> dict[str, Any]:
        self.lanes.append(worker.client._name)
        self.entered.release()
        assert self.open.wait(30)
        return {}


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    return Doors(monkeypatch)


def ask_for(made: Inference, kind: str, room: Path, **wanted: Any) -> None:
    made.predict(kind, Snapshot(room, None, PICTURES), room, Places([]), **wanted)


def test_waiting_leaves_threads_to_others(tmp_path: Path, doors: Doors) -> None:
    made = started(tmp_path, web_threads=8)
    waiting: list[threading.Thread] = []

    def wait_for(kind: str) -> None:
        waiting.append(threading.Thread(target=ask_for, args=(made, kind, tmp_path)))
        waiting[-1].start()
        assert doors.entered.acquire(timeout=10)

    for kind in ("classify_many", "infer_many") * 2:
        wait_for(kind)
    for kind in ("top_n", "classify_many"):
        with pytest.raises(TooManyTasks):
            ask_for(made, kind, tmp_path)
    wait_for("classify_one")
    wait_for("infer_one")
    with pytest.raises(TooManyTasks):
        ask_for(made, "classify_one", tmp_path)
    doors.open.set()
    for thread in waiting:
        thread.join()
    for kind in ("classify_many", "infer_many", "classify_one", "infer_one"):
        ask_for(made, kind, tmp_path)


def test_what_takes_long_keeps_no_single_picture_waiting(tmp_path: Path, doors: Doors) -> None:
    made = started(tmp_path)
    doors.open.set()
    ask_for(made, "infer_gradients", tmp_path, slopes=None, count=2)
    made.import_model({})
    ask_for(made, "infer_gradients", tmp_path, slopes=[0.0, 0.1], count=0)
    assert ["lists" in lane for lane in doors.lanes] == [True, True, False]
