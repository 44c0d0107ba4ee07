import struct

import numpy as np
import pytest

from embedding_explorer.datasets.positions import HEADER, box_of, positions
from embedding_explorer.errors import Conflict

POINTS = np.array([[-1.5, 0, 7], [2.5, 10, 7], [0.5, 2.5, 7]], np.float32)


def test_the_header_has_forty_bytes_and_says_what_follows() -> None:
    data = positions(POINTS, "u16")
    assert HEADER.size == 40
    assert struct.unpack_from("<4s4B2I", data) == (b"EEXP", 1, 1, 3, 0, 3, 0)
    assert struct.unpack_from("<6f", data, 16) == (-1.5, 0, 7, 2.5, 10, 7)
    assert positions(POINTS, "f32")[5] == 2


def test_uint16_are_steps_of_the_box_axis_by_axis() -> None:
    columns = np.frombuffer(positions(POINTS, "u16"), "<u2", offset=40).reshape(3, 3)
    assert columns.tolist() == [[0, 65535, 32768], [0, 65535, 16384], [0, 0, 0]]


def test_steps_are_half_a_step_from_the_truth_at_most() -> None:
    points = (np.random.default_rng(0).normal(size=(5000, 3)) * (1, 100, 1e-3)).astype(np.float32)
    box = box_of(points).astype(np.float64)
    steps = np.frombuffer(positions(points, "u16"), "<u2", offset=40).reshape(3, -1).T
    step = (box[1] - box[0]) / 65535
    assert (np.abs(box[0] + steps * step - points) <= 0.5001 * step).all()
    assert steps.min(axis=0).tolist() == [0] * 3 and steps.max(axis=0).tolist() == [65535] * 3


def test_float32_are_the_numbers_themselves() -> None:
    columns = np.frombuffer(positions(POINTS, "f32"), "<f4", offset=40).reshape(3, 3)
    np.testing.assert_array_equal(columns, POINTS.T)


def test_one_point_and_points_without_extent_are_zero() -> None:
    assert not np.frombuffer(positions(POINTS[:1], "u16"), "<u2", offset=40).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_no_place(wrong: float) -> None:
    points = POINTS.copy()
    points[1, 2] = wrong
    with pytest.raises(Conflict, match="infinite or undefined"):
        positions(points, "u16")
