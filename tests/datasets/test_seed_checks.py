import io
import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.datasets import seed_checks
from embedding_explorer.datasets.seed_checks import check_tilemap, coordinates
from embedding_explorer.datasets.unpickle import unpickle
from embedding_explorer.errors import BadInput, LimitExceeded

ROWS = np.random.default_rng(1).normal(size=(7, 3))


def read(value: Any) -> np.ndarray:
    return coordinates(unpickle(pickle.dumps(value), "a.pickle"), "a.pickle")


@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        ROWS.astype(np.float32),
        ROWS.astype(">f8"),
        np.asfortranarray(ROWS),
        ROWS.tolist(),
        tuple(map(tuple, ROWS.tolist())),
        list(ROWS),
        [ROWS[:4], ROWS[4:]],
        (ROWS[:1], ROWS[1:3], ROWS[3:].astype(np.float32)),
    ],
)
def test_coordinates_are_float32_rows_of_three_however_they_were_kept(value: Any) -> None:
    found = read(value)
    assert (found.shape, found.dtype, found.flags.c_contiguous) == ((7, 3), np.float32, True)
    np.testing.assert_array_equal(found, ROWS.astype(np.float32))


def test_whole_numbers_are_coordinates_too() -> None:
    np.testing.assert_array_equal(read([[1, 2, 3], [4.5, 5, 6]]), [[1, 2, 3], [4.5, 5, 6]])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (ROWS[:, :2], r"an array of shape \(7, 2\) and type float64"),
        (ROWS[0], r"an array of shape \(3,\)"),
        (ROWS[:0], r"an array of shape \(0, 3\)"),
        (ROWS[None], r"an array of shape \(1, 7, 3\)"),
        ([[1, 2], [3, 4]], "a list of 2 items, the first being a list"),
        ([1.0, 2.0, 3.0], "a list of 3 items, the first being a float"),
        ([[1, 2, 3], [4, 5]], "a list of 2 items"),
        ([ROWS, ROWS[:, :2]], "a list of 2 items, the first being an array"),
        ([[1, 2, "3"]], "a list of 1 items"),
        ([[1, 2, True]], "a list of 1 items"),
        ([], "a list"),
        ({"pca": ROWS}, "a dict of 1 keys"),
        (None, "None"),
        ("text", "a text"),
        (5, "a int"),
    ],
)
def test_what_was_found_instead_is_said(value: Any, found: str) -> None:
    with pytest.raises(BadInput, match=rf"^a\.pickle holds {found}.*wanted is an array \(N, 3\)"):
        read(value)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e39])
def test_a_row_that_is_not_finite_is_named(wrong: float) -> None:
    rows = ROWS.copy()
    rows[4, 1] = wrong
    for value in (rows, rows.tolist(), [rows[:3], rows[3:]]):
        with pytest.raises(BadInput, match=r"a\.pickle .* row 4"):
            read(value)


def test_a_number_beyond_all_floats_is_named() -> None:
    with pytest.raises(BadInput, match="row 1"):
        read([[1, 2, 3], [1, 10**400, 3]])


def test_an_array_named_many_times_over_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_checks, "MAX_ROWS", 69)
    with pytest.raises(LimitExceeded, match="70 rows"):
        read([ROWS] * 10)


def jpeg(width: int, height: int, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(("count", "height"), [(1, 50), (10, 50), (11, 100), (599, 3000), (1000, 5000)])
def test_a_tilemap_has_the_height_of_its_images(count: int, height: int) -> None:
    check_tilemap(jpeg(500, height), "t.jpg", count)
    check_tilemap(jpeg(500, height) + b"some bytes of a camera", "t.jpg", count)
    for wrong in ((500, height + 50), (499, height), (height, 500)):
        if wrong != (500, height):
            with pytest.raises(BadInput, match=rf"t\.jpg has {wrong[0]} x {wrong[1]} px.*500 x {height}"):
                check_tilemap(jpeg(*wrong), "t.jpg", count)


@pytest.mark.parametrize("data", [b"", b"hello", jpeg(500, 50, "PNG"), jpeg(500, 50)[:20], b"\xff\xd8\xff\xd9"])
def test_what_is_no_jpeg_is_told(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"t\.jpg is no JPEG"):
        check_tilemap(data, "t.jpg", 10)


def test_a_jpeg_that_is_cut_off_is_told() -> None:
    with pytest.raises(BadInput, match=r"t\.jpg is cut off"):
        check_tilemap(jpeg(500, 5000)[:-2000], "t.jpg", 1000)


def test_a_declared_size_beyond_reason_is_refused_without_decoding() -> None:
    data = bytearray(jpeg(500, 50))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = b"\xff\xdc\xff\xdc"
    with pytest.raises(BadInput, match=r"t\.jpg"):
        check_tilemap(bytes(data), "t.jpg", 10)
