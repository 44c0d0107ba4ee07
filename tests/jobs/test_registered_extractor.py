"""Failures of a network that makes a dataset: what is one picture's fault, and what is not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_explorer.errors import ExplorerError, JobFailed, LimitExceeded, NetworkUnusable, StorageFull, WorkerDied
from embedding_explorer.jobs import registered_extractor
from embedding_explorer.jobs.registered_extractor import BATCH, BATCH_BYTES, RegisteredExtractor, batch_size
from embedding_explorer.networks.base import NetworkInfo
from embedding_explorer.networks.preprocessing import Faults, parse_preprocessing
from embedding_explorer.networks.registered.extraction import Chosen
from embedding_explorer.settings import Settings
from tests.contracts.networks_api import PREPROCESSING

Fails = Callable[[Any], ExplorerError | None]


class FakeWorker:
    """Gives the mean of each image, unless `fails` has an error for the batch; notes how many images each call had."""

    def __init__(self, *_: Any) -> None:
        self.fails: Fails = lambda batch: None
        self.calls: list[int] = []

    def call(self, task: str, arguments: dict[str, Any]) -> str:
        batch = np.load(arguments["batch"])
        self.calls.append(len(batch))
        if error := self.fails(batch):
            raise error
        np.save(arguments["result"], batch.mean((1, 2, 3), keepdims=False)[:, None].astype(np.float32))
        return "mean"

    def stop(self) -> None:
        """Nothing runs."""


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RegisteredExtractor]:
    monkeypatch.setattr(registered_extractor, "BoundedWorker", FakeWorker)
    preprocessing = parse_preprocessing(PREPROCESSING | {"batched_output": False}, Faults(), text=False)
    assert preprocessing is not None
    chosen = Chosen(1, "mine", str(tmp_path / "networks" / "1"), preprocessing)
    (tmp_path / "networks" / "1" / "files").mkdir(parents=True)
    made = RegisteredExtractor(chosen, None, Settings(data=tmp_path))
    made.begin(NetworkInfo("mine", "", "avg", 0, registered_extractor.spec_of(chosen), "d", "float32", "cpu", "registered"))  # fmt: skip
    made._worker.calls.clear()  # type: ignore[attr-defined]
    yield made
    made.close()


def images(*levels: float) -> Any:
    """One image of each level."""
    return np.stack([np.full((3, 8, 8), level, np.float32) for level in levels])


def attempt(extractor: RegisteredExtractor, fails: Fails, *batches: Any) -> tuple[list[Any], list[int]]:
    """Levels that came back, or words of errors; and the sizes of the calls."""
    worker: Any = extractor._worker
    worker.fails = fails
    found = [entry for entries in extractor.attempts(iter(batches)) for entry in entries]
    return [each.message if isinstance(each, ExplorerError) else float(each[0]) for each in found], worker.calls


def on(level: float, error: ExplorerError, alone: bool = True) -> Fails:
    """A network that fails where there is an image of that level; with `alone` also where it is the only one."""
    return lambda batch: error if (batch == level).any() and (alone or len(batch) > 1) else None


def test_one_picture_costs_nobody_else_a_place(extractor: RegisteredExtractor) -> None:
    found, calls = attempt(extractor, on(2, NetworkUnusable("bad")), images(1, 2, 3), images(4, 5))
    assert found == [1, "bad", 3, 4, 5]
    assert calls == [3, 1, 1, 1, 1, 2]  # the third of the single ones is the blank image


def test_a_network_that_fails_on_a_blank_image_too_ends_it(extractor: RegisteredExtractor) -> None:
    with pytest.raises(NetworkUnusable, match="gone"):
        attempt(extractor, lambda batch: NetworkUnusable("gone"), images(1, 2))


@pytest.mark.parametrize("error", [LimitExceeded("too much"), WorkerDied("it died")])
def test_what_is_too_much_together_is_done_one_by_one_from_then_on(
    extractor: RegisteredExtractor, error: ExplorerError
) -> None:
    found, calls = attempt(extractor, on(2, error, alone=False), images(1, 2), images(3, 4))
    assert (found, calls) == ([1, 2, 3, 4], [2, 1, 1, 1, 1])


def test_a_full_disk_is_nobodys_picture(extractor: RegisteredExtractor) -> None:
    for batch in (images(1, 2), images(2)):
        with pytest.raises(StorageFull):
            attempt(extractor, on(2, StorageFull("full")), batch)


def test_reasons_show_no_paths(extractor: RegisteredExtractor, tmp_path: Path) -> None:
    error = JobFailed(f"[Errno 2] No such file: '{tmp_path}/networks/1/files/model.onnx'")
    found, _ = attempt(extractor, on(2, error), images(2))
    assert found == ["[Errno 2] No such file: 'model.onnx'"]
    with pytest.raises(JobFailed) as caught:
        list(extractor.features(iter([images(2)])))
    assert str(tmp_path) not in caught.value.message


def test_batches_are_bounded_in_bytes() -> None:
    assert batch_size(224 * 224 * 3 * 4) == batch_size(1) == BATCH
    assert batch_size(BATCH_BYTES) == batch_size(100 * BATCH_BYTES) == 1 and batch_size(BATCH_BYTES // 3) == 3
