import math

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.training.datasets.resizing import RESIZE_MODES, ResizeMode, geometry, resize_picture
from tests.images.pictures import noise

SIZES = [
    (64, 48),
    (48, 64),
    (100, 30),
    (31, 97),
    (33, 32),
    (7, 500),
    (500, 7),
    (1, 1000),
    (1000, 1),
    (28, 28),
    (56, 56),
]
TARGETS = [(28, 28), (32, 20), (20, 33)]


def up(value: float) -> int:
    return math.floor(value + 0.5)


def expected(source: tuple[int, int], target: tuple[int, int], mode: str) -> np.ndarray:
    """The contract's table with floats; bands of noise are -1."""
    picture = noise(source)
    (w, h), (to_w, to_h) = source, target
    rw, rh = w / to_w, h / to_h
    if mode == "squash" or rw == rh:
        new = target
    elif mode == "crop":
        new = (up(w / rh), to_h) if rw > rh else (to_w, up(h / rw))
    elif mode == "fill":
        new = (to_w, up(h / rw)) if rw > rh else (up(w / rh), to_h)
    else:
        new = (up(w / ((rw + rh) / 2)), up(h / ((rw + rh) / 2)))
    width, height = max(1, new[0]), max(1, new[1])
    if mode in ("fill", "half_crop"):
        if rw > rh:
            height += (to_h - height) % 2
        elif rw < rh:
            width += (to_w - width) % 2
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR)).astype(int)
    left, top = up((width - to_w) / 2) if width > to_w else 0, up((height - to_h) / 2) if height > to_h else 0
    pixels = pixels[top : top + to_h, left : left + to_w]
    band = ((to_h - pixels.shape[0]) // 2,) * 2, ((to_w - pixels.shape[1]) // 2,) * 2, (0, 0)
    return np.pad(pixels, band, constant_values=-1)


@pytest.mark.parametrize("mode", RESIZE_MODES)
@pytest.mark.parametrize("source", SIZES)
def test_pixels_and_places_are_those_of_the_contract(source: tuple[int, int], mode: ResizeMode) -> None:
    for target in TARGETS:
        wanted, got = expected(source, target, mode), resize_picture(noise(source), target, mode, (3, 4))
        assert got.shape == (target[1], target[0], 3)
        assert got.dtype == np.uint8
        picture = wanted >= 0
        assert np.array_equal(got[picture], wanted[picture])


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    picture = noise((30, 20))
    for mode in RESIZE_MODES:
        assert np.array_equal(resize_picture(picture, (30, 20), mode), np.asarray(picture))


def test_bands_are_noise_from_0_to_254_the_same_at_both_ends_and_the_same_again_with_the_same_seed() -> None:
    picture = noise((200, 100), "L")
    first, again, other = (resize_picture(picture, (200, 200), "fill", seed) for seed in ((1,), (1,), (2,)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    band = first[:50]
    assert np.array_equal(band, first[150:])
    assert (band.min(), band.max()) == (0, 254)
    assert abs(band.mean() - 127) < 3


@pytest.mark.parametrize("mode", RESIZE_MODES)
def test_extreme_shapes_take_no_time_and_no_memory(mode: ResizeMode) -> None:
    picture = Image.new("L", (1_000_000, 1), 200)
    assert resize_picture(picture, (4096, 4096), mode).shape == (4096, 4096, 1)


def test_geometry_of_sides_that_floats_would_round_wrongly() -> None:
    # 3 * 35 / 70 = 1.5 exactly, and halves go up.
    assert geometry((70, 3), (35, 9), "fill").resized == (35, 3)  # 2, and one more for equal bands
    assert geometry((70, 5), (35, 9), "fill").resized == (35, 3)  # 2.5
