"""Answers of any model, with a network that only counts what it is asked."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from embedding_explorer.training.datasets import Pictures, Places
from embedding_explorer.training.predictions.answer import Answer
from embedding_explorer.training.predictions.inferring import infer_gradients
from embedding_explorer.training.predictions.reading import MAX_BATCH, Reader
from embedding_explorer.training.source import Pixels

PICTURES = Pictures(8, 6, 1, "squash")


def test_drawn_pictures_are_looked_at_in_batches(tmp_path: Path) -> None:
    sizes: list[int] = []

    def run(pixels: Pixels) -> Any:
        sizes.append(len(pixels))
        return pixels.reshape(len(pixels), -1)[:, :1].astype(np.float32)

    model: Any = SimpleNamespace(predictor=SimpleNamespace(run=run), pictures=PICTURES, output="out")
    with Answer(tmp_path / "answer", 10**6) as answer:
        infer_gradients(model, None, 2 * MAX_BATCH + 3, Reader(Places([]), PICTURES, 10**6), answer, look=False)
    outputs = json.loads((tmp_path / "answer").read_bytes())["outputs"]
    assert sizes == [MAX_BATCH, MAX_BATCH, 3]
    assert list(outputs) == [f"{n:09d}" for n in range(2 * MAX_BATCH + 3)]
    assert len({each["out"][0] for each in outputs.values()}) > 10
