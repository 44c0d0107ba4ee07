import warnings
from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.networks.frameworks.pytorch.check import check
from embedding_explorer.networks.frameworks.pytorch.load import load
from embedding_explorer.networks.preprocessing import Faults, parse_preprocessing
from embedding_explorer.training.models.publishing import PROGRAM, publish
from tests.training.models.test_predictor import SOURCE, predictor


@pytest.mark.parametrize(
    ("network", "layer"),
    [("lenet", "ip1"), pytest.param("resnet18", "layer1.0.conv1", marks=pytest.mark.slow)],
)
def test_a_snapshot_becomes_a_network_that_computes_the_same(tmp_path: Path, network: str, layer: str) -> None:
    pixels, _ = SOURCE.batch(np.arange(3))
    expected = predictor(tmp_path, network).run(pixels)
    with warnings.catch_warnings(action="ignore"):
        description = publish(predictor(tmp_path, network), (20, 20), "squash", tmp_path)
    faults = Faults()
    files = {PROGRAM: tmp_path / PROGRAM}
    check(files, faults)
    preprocessing = parse_preprocessing(description, faults)
    assert not faults and preprocessing is not None
    opened = load(files, preprocessing, "cpu")
    assert layer in {each.name for each in opened.layers}
    feed = pixels.transpose(0, 3, 1, 2).astype(np.float32)
    ((_, logits),) = opened.run([feed], None)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.allclose(shares, expected, atol=1e-5)
