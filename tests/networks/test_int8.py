"""int8 networks: calibrated once on given pictures, and honest about their agreement."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embedding_explorer.errors import BadInput
from embedding_explorer.networks import devices, int8
from embedding_explorer.networks.base import Extractor, NetworkInfo, Pixels
from embedding_explorer.networks.int8 import compare
from embedding_explorer.networks.registry import open_network, reopen
from tests.networks.conftest import compute, cosines, pictures


@pytest.fixture(scope="module")
def sample() -> Pixels:
    return pictures(30, 32, seed=5)


@pytest.fixture(scope="module")
def quantised(data: Path, sample: Pixels) -> Iterator[Extractor]:
    opened = open_network("embedded", precision="int8", device="cpu", calibration=sample, data=data)
    yield opened
    opened.close()


def test_int8_is_near_float32_and_not_the_same(quantised: Extractor, network: Extractor, sample: Pixels) -> None:
    exact, coarse = compute(network, sample), compute(quantised, sample)
    assert not np.allclose(exact, coarse, rtol=1e-3)
    assert cosines(exact, coarse).mean() > 0.98


def test_agreement_is_reported_in_the_info_and_survives_json(quantised: Extractor) -> None:
    calibration = quantised.info.calibration
    assert calibration and calibration.images == 30
    assert 0.98 < calibration.cosine < 1
    assert 0 < calibration.recall_at_10 <= 1
    assert NetworkInfo.from_json(json.loads(json.dumps(quantised.info.to_json()))) == quantised.info


def test_same_sample_is_not_calibrated_again(
    quantised: Extractor, sample: Pixels, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8.child, "run", lambda *arguments: pytest.fail("calibrated again"))
    again = open_network("embedded", precision="int8", device="cpu", calibration=sample, data=data)
    assert again.info == quantised.info
    assert reopen(quantised.info, device="cpu", data=data).info == quantised.info


def test_int8_runs_on_the_processor_also_where_there_is_a_gpu(
    quantised: Extractor, sample: Pixels, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "cuda_available", lambda: True)
    assert open_network("embedded", precision="int8", calibration=sample, data=data).info == quantised.info


def test_lost_calibration_reopens_in_the_best_precision(quantised: Extractor, data: Path) -> None:
    from dataclasses import replace

    assert quantised.info.calibration
    lost = replace(quantised.info, calibration=replace(quantised.info.calibration, digest="gone"))
    reopened = reopen(lost, device="cpu", data=data)
    assert reopened.info.precision in ("bfloat16", "float32")
    assert reopened.info.space == quantised.info.space


@pytest.mark.parametrize("sample", [None, np.zeros((0, 32, 32, 3), np.uint8), np.zeros((5, 16, 16, 3), np.uint8)])
def test_int8_without_fitting_pictures_is_refused(sample: Pixels | None, data: Path) -> None:
    with pytest.raises(BadInput):
        open_network("embedded", precision="int8", device="cpu", calibration=sample, data=data)


def test_recall_counts_the_true_neighbours_that_are_found() -> None:
    rng = np.random.default_rng(0)
    exact = rng.standard_normal((40, 8)).astype(np.float32)
    assert compare(exact, exact) == {"cosine": pytest.approx(1), "recall_at_10": 1.0}
    assert compare(exact, 3 * exact)["recall_at_10"] == 1.0
    unrelated = compare(exact, rng.standard_normal((40, 8)).astype(np.float32))
    assert unrelated["recall_at_10"] < 0.5 and abs(unrelated["cosine"]) < 0.3


@pytest.mark.parametrize("count", [1, 2, 5])
def test_recall_is_defined_for_few_pictures(count: int) -> None:
    rows = np.eye(count, 8, dtype=np.float32)
    assert compare(rows, rows)["recall_at_10"] == 1.0
