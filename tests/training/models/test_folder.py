from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import BadInput, NotFound
from embedding_explorer.training.definitions.standard import STANDARD
from embedding_explorer.training.models.describing import describe
from embedding_explorer.training.models.folder import open_model, read_model, write_model
from embedding_explorer.training.models.plan import make_plan
from embedding_explorer.training.models.trainer import Trainer
from embedding_explorer.training.options import Options
from embedding_explorer.training.snapshots import list_snapshots
from tests.training.full_disk import limit_files
from tests.training.sources import shades


def test_a_model_is_used_from_its_folder(tmp_path: Path) -> None:
    source = shades(16)
    plan = make_plan(Options(epochs=2, seed=None, learning_rate=0.001), STANDARD["lenet"].definition(), source)
    write_model(tmp_path, plan, source.labels)
    with pytest.raises(NotFound, match="no snapshot yet"):
        open_model(tmp_path)
    Trainer(plan, plan.build(), source, None, tmp_path).run()
    assert (tmp_path / "labels.txt").read_text() == "shade 0\nshade 1\n"
    definition, options, mean = read_model(tmp_path)
    assert (definition, options) == (plan.definition, plan.options)
    assert mean is not None and np.array_equal(mean, plan.mean)  # type: ignore[arg-type]
    assert make_plan(options, definition, source, mean).key() == plan.key()
    pixels, _ = source.batch(np.arange(4))
    first, last = open_model(tmp_path, 1.0).run(pixels), open_model(tmp_path).run(pixels)
    assert first.shape == last.shape == (4, 2) and not np.array_equal(first, last)
    with pytest.raises(NotFound, match="there are 1, 2"):
        open_model(tmp_path, 1.5)
    assert list(list_snapshots(tmp_path)) == [1, 2]
    (tmp_path / "solver.json").write_text("{")
    with pytest.raises(BadInput):
        open_model(tmp_path)


def test_a_full_disk_leaves_the_options_with_their_seed(tmp_path: Path) -> None:
    source = shades(16)
    plan = make_plan(Options(), STANDARD["lenet"].definition(), source)
    write_model(tmp_path, plan, source.labels)
    limit_files(10)
    try:
        with pytest.raises(OSError, match="File too large"):
            write_model(tmp_path, plan, source.labels)
    finally:
        limit_files(None)
    assert read_model(tmp_path)[1].seed == plan.seed


def test_networks_are_described() -> None:
    lenet = describe(STANDARD["lenet"].definition().for_data((1, 28, 28), 10, None))
    assert lenet["layers"][1] == {"name": "conv1", "type": "conv2d", "output_shape": [20, 24, 24], "parameters": 520}
    assert lenet["total_parameters"] == 431_080
    small = describe(STANDARD["squeezenet1_1"].definition().for_data((3, 64, 64), 10, None))
    assert small["layers"][0]["output_shape"] == [64, 31, 31]
    assert small["total_parameters"] > 700_000
