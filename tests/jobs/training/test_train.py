"""One training as the worker does it, without the worker: what it says in its log, and what it leaves alone."""

from pathlib import Path
from typing import Any

import pytest

from embedding_explorer.errors import BadInput, JobAborted
from embedding_explorer.jobs.training.folders import LOG, Request
from embedding_explorer.jobs.training.tasks import Context, train
from embedding_explorer.settings import Settings
from embedding_explorer.training.datasets import Places, Site, build_classification, parse_classification_form
from embedding_explorer.training.definitions.reading import read_definition
from embedding_explorer.training.options import Options
from embedding_explorer.training.snapshots import RESUME, list_snapshots
from tests.jobs.training.helpers import ONE_LAYER, shade_folder

FORM = {
    "dataset_name": "shades",
    "method": "folder",
    "resize_channels": "1",
    "resize_width": "16",
    "resize_height": "16",
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    places = Places([folder])
    form = FORM | {"folder_train": str(shade_folder(folder / "pictures"))}
    build_classification(parse_classification_form(form, {}, places), Site(folder, places, 1, lambda *_: None))
    return folder


class Model:
    """A model's folder and its run, and what the worker does with them."""

    def __init__(self, folder: Path, dataset: Path) -> None:
        self.folder, self.run, self._dataset = folder / "model", folder / "run", dataset
        self.folder.mkdir()
        self.request(learning_rate=0.001)

    def request(self, **options: Any) -> None:
        Request(Options(epochs=3, batch_size=8, **options), read_definition(ONE_LAYER)).save(self.folder)

    def train(self, reports: int = 1000) -> None:
        """Train, and be aborted at the report of that number: the first comes before, the second at the begin."""
        left = iter(range(reports - 1))

        def report(stage: str, done: int, total: int) -> None:
            if next(left, None) is None:
                raise JobAborted("enough")

        context = Context(Settings(data=self.folder, device="cpu"))
        train(context, report, folder=str(self.folder), dataset=str(self._dataset), run=str(self.run))

    def log(self) -> str:
        return (self.folder / LOG).read_text()

    def content(self) -> dict[Path, bytes]:
        """All files but the log."""
        files = [path for place in (self.folder, self.run) for path in place.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in files if path.name != LOG}


@pytest.fixture
def model(tmp_path: Path, dataset: Path) -> Model:
    return Model(tmp_path, dataset)


def test_a_training_whose_state_is_damaged_ends_and_destroys_nothing(model: Model) -> None:
    model.train()
    (model.folder / RESUME).write_bytes(b"damaged")
    before = model.content()
    with pytest.raises(BadInput, match="cannot go on"):
        model.train()
    assert model.content() == before
    assert "ended: The training cannot go on from its last snapshot: resume.pt cannot be read" in model.log()


def test_a_training_that_another_program_began_ends_and_destroys_nothing(model: Model) -> None:
    model.train()
    (model.folder / "solver.json").unlink()  # so that the options are those of the request
    model.request(learning_rate=0.002)
    before = model.content()
    with pytest.raises(BadInput, match="other options"):
        model.train()
    assert model.content() == before


def test_a_disk_that_fails_destroys_nothing(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    model.train()
    before, opened = model.content(), Path.open

    def failing(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == RESUME:
            raise OSError(5, "Input/output error")
        return opened(path, *arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="Input/output error"):
        patch.setattr(Path, "open", failing)
        model.train()
    assert model.content() == before
    model.train()
    assert "goes on from the last snapshot" in model.log()


def test_a_training_that_begins_anew_says_so(model: Model) -> None:
    for reports in (1, 2):
        with pytest.raises(JobAborted):
            model.train(reports)
        assert "begins anew" not in model.log()
    model.run.mkdir(exist_ok=True)
    (stale := model.run / "stale").touch()
    model.train()
    assert "begins anew: the attempt before ended without a snapshot" in model.log()
    assert not stale.exists() and list(list_snapshots(model.folder)) == [1, 2, 3]
