"""Networks that stay loaded in the inference worker, and what becomes of their errors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_explorer.errors import JobFailed, LimitExceeded, NetworkUnusable
from embedding_explorer.jobs import inference_worker
from embedding_explorer.jobs.inference_worker import InferenceContext, deploy, infer, one_line_errors
from embedding_explorer.networks.frameworks.base import Layer
from embedding_explorer.networks.preprocessing import Faults, parse_preprocessing, read_constants
from embedding_explorer.settings import Settings
from tests.contracts.networks_api import PREPROCESSING, RED

Report = Callable[[str, int, int], None]


class Fake:
    """A network of so many bytes that gives its input back."""

    layers = (Layer("data", "Input", (None, 3, 8, 8), "float32", True, True),)

    def __init__(self, size: int) -> None:
        self.size, self.closed = size, False

    def run(self, feeds: Any, names: Any) -> Any:
        return [(name, feeds[0]) for name in names or ["data"]]

    def memory(self) -> int:
        return self.size

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Fake]]:
    """What was loaded, in order; a network's size is the number in its folder's name."""
    loaded: list[tuple[str, Fake]] = []

    def load(where: str, settings: Settings) -> Any:
        preprocessing = parse_preprocessing(PREPROCESSING, Faults(), text=False)
        assert preprocessing is not None
        loaded.append((Path(where).name, Fake(int(Path(where).name.split("-")[1]))))
        return loaded[-1][1], preprocessing, read_constants(preprocessing, {}, Faults())

    monkeypatch.setattr(inference_worker, "load_network", load)
    return loaded


def run(context: InferenceContext, tmp_path: Path, name: str) -> Any:
    """One inference; the tensors."""
    folder, picture, result = tmp_path / name, tmp_path / "red.png", tmp_path / "result.json"
    folder.mkdir(exist_ok=True)
    picture.write_bytes(RED)
    given = {"file": str(picture), "bbox": None, "polygon": None, "crop_uniform_background": False}
    infer(context, lambda *_: None, network=str(folder), inputs=[given], names=None, result=str(result))
    return json.loads(result.read_text())["tensors"]


def test_a_network_is_loaded_once_and_the_least_used_goes_first(loads: Any, tmp_path: Path) -> None:
    context = InferenceContext(Settings(data=tmp_path, inference_warm_bytes=100))
    for name in ("a-40", "b-40", "a-40", "a-40", "c-40", "a-40", "b-40"):
        assert np.asarray(run(context, tmp_path, name)[0]["data"])[:64].tolist() == [255.0] * 64
    assert [name for name, _ in loads] == ["a-40", "b-40", "c-40", "b-40"]
    assert [network.closed for _, network in loads] == [False, True, True, False]


def test_a_network_over_the_bound_does_not_stay(loads: Any, tmp_path: Path) -> None:
    context = InferenceContext(Settings(data=tmp_path, inference_warm_bytes=100))
    for _ in range(2):
        run(context, tmp_path, "big-101")
    assert len(loads) == 2 and all(network.closed for _, network in loads)


def test_deleted_networks_go_when_another_is_loaded(loads: Any, tmp_path: Path) -> None:
    context = InferenceContext(Settings(data=tmp_path, inference_warm_bytes=100))
    run(context, tmp_path, "a-1")
    (tmp_path / "a-1").rmdir()
    run(context, tmp_path, "b-1")
    assert [network.closed for _, network in loads] == [True, False]


def test_a_deployment_writes_what_layers_there_are(loads: Any, tmp_path: Path) -> None:
    context, layers = InferenceContext(Settings(data=tmp_path)), tmp_path / "layers.json"
    (tmp_path / "a-1").mkdir()
    deploy(context, lambda *_: None, network=str(tmp_path / "a-1"), layers=str(layers))
    shown = {
        "name": "data",
        "type": "Input",
        "shape": [None, 3, 8, 8],
        "dtype": "float32",
        "input": True,
        "output": True,
    }
    assert json.loads(layers.read_text()) == [shown]


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (MemoryError(), LimitExceeded, "EXPLORER_INFERENCE_MEMORY"),
        (RuntimeError("Failed to allocate memory for 1 bytes"), LimitExceeded, "EXPLORER_INFERENCE_MEMORY"),
        (RuntimeError("OOM when allocating tensor"), LimitExceeded, "EXPLORER_INFERENCE_MEMORY"),
        (RuntimeError("/srv/classroom/model.onnx failed:bedroom"), JobFailed, "classroom"),
        (NetworkUnusable("std::bad_alloc"), LimitExceeded, "EXPLORER_INFERENCE_MEMORY"),
        (NetworkUnusable("It is broken."), NetworkUnusable, "It is broken."),
        (ZeroDivisionError("oops"), JobFailed, "ZeroDivisionError: oops"),
    ],
)
def test_whatever_is_raised_becomes_one_of_ours(error: Exception, kind: type[Exception], word: str) -> None:
    with pytest.raises(kind, match=word), one_line_errors():
        raise error
