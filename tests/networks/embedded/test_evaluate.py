"""The evaluation's measure, and the weights that ship."""

from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.networks.definitions import define
from embedding_explorer.networks.embedded import evaluate
from embedding_explorer.networks.layers import load_module

SHIPPED = Path(evaluate.__file__).parent / "embedded.safetensors"


def test_neighbours_of_separate_classes_agree_and_of_none_do_not() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 50)
    apart = np.eye(4, 16, dtype=np.float32)[labels] + 0.05 * rng.standard_normal((200, 16)).astype(np.float32)
    assert evaluate.neighbour_accuracy(apart, labels) == 1
    assert evaluate.neighbour_accuracy(rng.standard_normal((200, 16)).astype(np.float32), labels) < 0.5


def test_digits_fill_the_networks_input() -> None:
    pictures, labels = evaluate.digits()
    assert pictures.shape == (1797, 3, 32, 32) and len(labels) == 1797
    assert int(pictures.max()) == 255 and int(pictures.min()) == 0


@pytest.mark.skipif(not SHIPPED.exists(), reason="the weights are not trained yet")
def test_shipped_weights_are_small_and_separate_what_they_never_saw() -> None:
    assert SHIPPED.stat().st_size <= 8 * 10**6
    model = load_module(define("embedded"), SHIPPED)
    pictures, labels = evaluate.digits()
    trained = evaluate.neighbour_accuracy(evaluate.features(model, pictures), labels)
    untrained = evaluate.neighbour_accuracy(evaluate.features(evaluate.random_model(0), pictures), labels)
    assert trained > max(0.9, untrained)
