from typing import Any

import numpy as np
import pytest

from embedding_explorer.database import MAX_ID
from embedding_explorer.errors import BadInput
from embedding_explorer.networks.base import Pooling
from embedding_explorer.networks.registered.extraction import choose, first_of, key_of, pooled
from embedding_explorer.networks.registered.records import Network
from tests.contracts.networks_api import IMAGE

MAPS = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)  # (B, C, H, W)


@pytest.mark.parametrize(
    ("name", "key"),
    [(None, None), ("resnet50", "imagenet-resnet-50"), ("embedded", "embedded"), ("googlenet", None), ("auto", None), ("7", 7), ("007", 7), ("9" * 40, MAX_ID),
     ("imagenet-inception-v1", "imagenet-inception-v1"), ("nothing", None), ("-1", None), ("٣", None)],
)  # fmt: skip
def test_digits_and_slugs_are_registered_and_public_networks(name: str | None, key: Any) -> None:
    assert key_of(name) == key


@pytest.mark.parametrize("axes", ["CHW", "CWH", "HWC", "WHC"])
@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_maps_are_pooled_over_their_spatial_axes_wherever_these_are(axes: str, pooling: Pooling) -> None:
    output = MAPS.transpose(0, *(1 + "CHW".index(axis) for axis in axes))
    expected = [[getattr(MAPS[b, c], {"avg": "mean", "max": "max"}[pooling])() for c in range(3)] for b in range(2)]
    found = pooled(output, 2, axes, pooling)
    assert found.dtype == np.float32 and found.shape == (2, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_flatten_keeps_all_values_in_row_major_order_and_others_are_flattened_anyway() -> None:
    assert pooled(MAPS, 2, "CHW", "flatten").tolist() == [MAPS[0].ravel().tolist(), MAPS[1].ravel().tolist()]
    for shape in ((2, 7), (2, 3, 4), (2, 2, 2, 2, 2), (2,)):
        values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        assert pooled(values, 2, "CHW", "avg").tolist() == values.reshape(2, -1).tolist()


@pytest.mark.parametrize("shape", [(1, 6), (6,), (1, 2, 3), (2, 3)])
def test_one_image_may_give_an_output_without_a_batch_axis(shape: tuple[int, ...]) -> None:
    values = np.arange(6, dtype=np.float32).reshape(shape)
    assert pooled(values, 1, "CHW", "avg").tolist() == [[0, 1, 2, 3, 4, 5]]


@pytest.mark.parametrize(
    "output", [np.zeros((3, 4)), np.float32(1).reshape(()), np.array(["a", "b"]), np.array([1j, 2])]
)
def test_what_gives_no_row_for_each_image_is_refused(output: Any) -> None:
    with pytest.raises(BadInput):
        pooled(output, 2, "CHW", "avg")


def test_integers_and_booleans_become_floats() -> None:
    assert pooled(np.array([[True, False]]), 1, "CHW", "max").tolist() == [[1.0, 0.0]]
    with pytest.raises(BadInput):
        first_of([])


def test_networks_of_several_images_make_no_dataset() -> None:
    inputs = [{"tensor_name": name, "image": IMAGE} for name in ("a", "b")]
    network = Network("n", "", {}, "onnx", {"inputs": inputs}, [], 1, "", "", 1, "")
    with pytest.raises(BadInput, match="several"):
        choose(network, "x")
