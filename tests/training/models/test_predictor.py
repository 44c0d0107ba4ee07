from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.models.plan import Plan, make_plan
from embedding_explorer.training.models.predictor import Predictor
from embedding_explorer.training.models.visualising import visualise
from embedding_explorer.training.options import Options
from embedding_explorer.training.snapshots import write_snapshot
from tests.training.sources import shades

SOURCE = shades(12, side=20, classes=3)


def plan_of(network: str = "lenet") -> Plan:
    return make_plan(Options(seed=1, crop_size=18), STANDARD[network].definition(), SOURCE)


def predictor(folder: Path, network: str = "lenet") -> Predictor:
    plan = plan_of(network)
    path = write_snapshot(folder, 1.0, plan.build().state_dict(), {})
    return Predictor(plan.definition, plan.options, plan.mean, path)


def test_scores_are_shares(tmp_path: Path) -> None:
    pixels, _ = SOURCE.batch(np.arange(5))
    scores = predictor(tmp_path).run(pixels)
    assert scores.shape == (5, 3) and scores.dtype == np.float32
    assert np.allclose(scores.sum(1), 1, atol=1e-5)


def test_snapshots_of_other_networks_are_refused(tmp_path: Path) -> None:
    plan = plan_of("resnet18")
    path = write_snapshot(tmp_path, 2.5, plan_of().build().state_dict(), {})
    with pytest.raises(BadInput, match="not of this network"):
        Predictor(plan.definition, plan.options, None, path)
    path.write_bytes(b"damaged")
    with pytest.raises(BadInput, match="damaged"):
        Predictor(plan.definition, plan.options, None, path)


def test_pictures_that_do_not_fit_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot take"):
        predictor(tmp_path).run(np.zeros((1, 40, 20, 3), np.uint8))


def test_visualizations_in_network_order(tmp_path: Path) -> None:
    pixels, _ = SOURCE.batch(np.arange(1))
    output, seen, total = visualise(predictor(tmp_path), pixels[0])
    assert output.shape == (3,)
    names = [(each.name, each.vis_type) for each in seen]
    assert names[:5] == [
        ("data", "Activation"), ("scaled", "Activation"), ("conv1", "Weights"), ("conv1", "Activation"),
        ("pool1", "Activation"),
    ]  # fmt: skip
    assert names[-1] == ("softmax", "Activation")
    by_name = {(each.name, each.vis_type): each for each in seen}
    conv, linear = by_name["conv1", "Weights"], by_name["ip1", "Weights"]
    assert conv.param_count == 520 and conv.stats["shape"] == [20, 1, 5, 5] and conv.picture is not None
    assert linear.picture is None
    assert by_name["conv1", "Activation"].stats["shape"] == [20, 14, 14]
    assert total == sum(each.param_count or 0 for each in seen) == 520 + 25050 + 51 * 500 + 501 * 3
    assert set(conv.to_json(2)) == {"id", "name", "vis_type", "layer_type", "param_count", "data_stats"}


def test_torchvisions_networks_can_be_looked_into(tmp_path: Path) -> None:
    pixels, _ = SOURCE.batch(np.arange(1))
    _, seen, total = visualise(predictor(tmp_path, "resnet18"), pixels[0])
    assert total > 11_000_000
    assert "layer4.1.conv2" in {each.name for each in seen}
