"""The bilinear filter: by its definition, and for sizes that Pillow should not be asked for."""

import random

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.networks.preprocessing import geometry, prepare, resizing
from embedding_explorer.networks.preprocessing.resizing import resize, resize_window
from tests.networks.preprocessing.reference import bilinear, grid, noise, spec

BILINEAR = Image.Resampling.BILINEAR


def two_passes(picture: Image.Image, width: int, height: int, columns_first: bool) -> np.ndarray:
    between = (picture.width, height) if columns_first else (width, picture.height)
    return np.asarray(picture.resize(between, BILINEAR).resize((width, height), BILINEAR))


@pytest.mark.parametrize(
    ("image", "to"), [((9, 7), (4, 3)), ((9, 7), (4, 11)), ((3, 5), (8, 9)), ((13, 2), (2, 2)), ((1, 6), (3, 4))]
)
def test_the_filter_is_a_triangle_that_widens_when_shrinking(image: tuple[int, int], to: tuple[int, int]) -> None:
    pixels = noise(*image)
    found = resize(Image.fromarray(pixels), to, (0, 0), to).astype(int)
    # Pillow's weights have 22 bits, and it may do columns first: a value beside a half may fall on its other side.
    assert np.abs(found - np.array(bilinear(grid(pixels), *to))).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_windows_have_the_very_pixels_of_the_whole(mode: str) -> None:
    chance = random.Random(3)
    for seed in range(150):
        width, height, to_width, to_height = (chance.randint(1, chance.choice((4, 40, 300))) for _ in range(4))
        picture = Image.fromarray(noise(width, height, seed)).convert(mode)
        kept = chance.randint(1, to_width), chance.randint(1, to_height)
        left, top = chance.randint(0, to_width - kept[0]), chance.randint(0, to_height - kept[1])
        found = resize_window(picture, (to_width, to_height), (left, top), kept)
        whole = [two_passes(picture, to_width, to_height, order).reshape(to_height, to_width, -1) for order in (0, 1)]
        wanted = [each[top : top + kept[1], left : left + kept[0]] for each in whole]
        assert any((found == each).all() for each in wanted)
        usual = resize(picture, (to_width, to_height), (left, top), kept).astype(int)
        assert np.abs(found - usual).max() <= 1  # Pillow chooses the order by its own rule


def test_what_is_large_on_the_way_is_resized_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.fromarray(noise(40, 200))
    ways = []
    for most_pixels, most_side in ((1 << 27, 1 << 20), (300 * 150, 1 << 20), (1, 1 << 20), (1 << 27, 100)):
        monkeypatch.setattr(resizing, "MOST_PIXELS", most_pixels)
        monkeypatch.setattr(resizing, "_MOST_SIDE", most_side)
        ways.append(resize(picture, (300, 150), (20, 10), (50, 60)).astype(int))
    assert all(np.abs(way - ways[0]).max() <= 1 for way in ways)


@pytest.mark.parametrize("size", [(1, 90_000_000), (2, 40_000_000), (20_000_000, 1)])
def test_cropping_a_picture_of_one_line_takes_neither_gigabytes_nor_minutes(size: tuple[int, int]) -> None:
    prepared = prepare(Image.new("RGB", size, (10, 20, 30)), spec(resize_type="CROP", target_size="8x8"))
    assert prepared.shape == (1, 8, 8, 3)
    assert (prepared == [10, 20, 30]).all()


@pytest.mark.parametrize("size", [(1, 3_000_000), (3_000_000, 1)])
@pytest.mark.parametrize("kind", ["SQUASH", "FILL", "NETWORK"])
def test_a_picture_of_one_line_is_shrunk_like_any_other(size: tuple[int, int], kind: str) -> None:
    wanted = spec(resize_type=kind, target_size="8x8")
    prepared = prepare(Image.new("RGB", size, (10, 20, 30)), wanted)
    width, height = geometry(wanted, *size).output
    assert prepared.shape == (1, height, width, 3)
    # 22 bits of weight for some 750000 pixels: their rounding, which is Pillow's, shifts the sum.
    near = np.abs(prepared - [10, 20, 30]).max(-1) <= 2
    assert near.sum() == {"SQUASH": 64, "FILL": 8, "NETWORK": 8}[kind]


def test_a_line_cropped_shows_its_middle() -> None:
    line = np.zeros((1, 2_000_001, 3), np.uint8)
    line[0, 1_000_000] = 200, 100, 50
    prepared = prepare(Image.fromarray(line), spec(resize_type="CROP", target_size="3x3"))
    # Three times as large, the middle pixel fills the crop but for what bilinear mixes in beside it.
    assert prepared[0, :, 1].tolist() == [[200, 100, 50]] * 3
    assert prepared[0, :, 0].tolist() == prepared[0, :, 2].tolist() == [[133, 67, 33]] * 3
