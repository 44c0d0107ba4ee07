import json

import numpy as np

from embedding_explorer.training.tiles import heat, statistics, tiled


def test_statistics_have_the_shape_of_the_contract() -> None:
    values = np.arange(40, dtype=np.float32).reshape(2, 4, 5)
    found = statistics(values)
    counts, centres, ticks = found["histogram"]
    assert found["shape"] == [2, 4, 5]
    assert found["mean"] == 19.5
    assert sum(counts) == 40 and len(counts) == len(centres) == 20
    assert ticks == [0.0, 19.5, 39.0]


def test_statistics_of_even_and_broken_values_are_json() -> None:
    for values in (np.zeros((3, 3)), np.full(4, np.nan), np.full(2, 1e30), np.zeros(0)):
        json.dumps(statistics(values), allow_nan=False)


def test_colours_run_from_blue_to_red() -> None:
    assert heat(np.array([0.0, 1 / 3, 2 / 3, 1.0])).tolist() == [[0, 0, 255], [0, 255, 255], [255, 255, 0], [255, 0, 0]]


def test_pictures_have_a_tile_per_channel_and_are_large_enough() -> None:
    found = tiled(np.random.default_rng(0).normal(size=(20, 12, 12)))
    assert found is not None
    assert found.dtype == np.uint8 and found.shape[2] == 3
    assert min(found.shape[:2]) >= 50 and max(found.shape) <= 1200
    colour = tiled(np.random.default_rng(0).normal(size=(3, 30, 30)), colour=True)
    assert colour is not None and colour.shape == (120, 120, 3)
    vector = tiled(np.arange(10.0))
    assert vector is not None and min(vector.shape[:2]) >= 100


def test_huge_maps_stay_bounded() -> None:
    found = tiled(np.zeros((4096, 56, 56)))
    assert found is not None and max(found.shape) <= 1300
    assert tiled(np.zeros((2, 2))) is None
