"""Cutting out regions, 11.2, against loops over pixels."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.networks.preprocessing import Region
from embedding_explorer.networks.preprocessing.regions import box_of, cut, inside
from tests.networks.preprocessing.reference import noise

Polygon = tuple[tuple[float, float], ...]


def cut_out(pixels: NDArray[np.uint8], **region: object) -> NDArray[np.uint8]:
    return np.asarray(cut(Image.fromarray(pixels), Region(**region)))


def is_inside(polygon: Polygon, x: Fraction, y: Fraction) -> bool:
    """Even-odd: crossings of the edges by a ray to the right, in fractions."""
    odd = False
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        x1, y1, x2, y2 = map(Fraction, (x1, y1, x2, y2))
        if (y1 > y) != (y2 > y) and x < x1 + (x2 - x1) * (y - y1) / (y2 - y1):
            odd = not odd
    return odd


def whitened(pixels: NDArray[np.uint8], polygon: Polygon) -> NDArray[np.uint8]:
    (height, width, _), result = pixels.shape, pixels.copy()
    for y in range(height):
        for x in range(width):
            if not is_inside(polygon, Fraction(2 * x + 1, 2 * width), Fraction(2 * y + 1, 2 * height)):
                result[y, x] = 255
    return result


def bounds(low: float, high: float, side: int) -> tuple[int, int]:
    begin, end = math.floor(low * side + 0.5), math.floor(high * side + 0.5)
    if begin == end:
        begin = side - 1 if begin == side else begin
        end = begin + 1
    return begin, end


@pytest.mark.parametrize(
    ("bbox", "box"),
    [
        ((0.0, 0.0, 1.0, 1.0), (0, 0, 10, 8)),
        ((0.2, 0.0, 0.7, 0.85), (2, 0, 7, 7)),  # 6.8 to 7
        ((0.25, 0.25, 0.35, 0.5), (3, 2, 4, 4)),  # 2.5 and 3.5: halves up
        ((0.24, 0.31, 0.34, 0.32), (2, 2, 3, 3)),  # 2.48 to 2.56 is empty: one row
        ((0.0, 0.0, 0.01, 0.01), (0, 0, 1, 1)),
        ((0.99, 0.99, 1.0, 1.0), (9, 7, 10, 8)),  # begins at the far edge: widened inward
        ((0.0, 0.999, 1.0, 1.0), (0, 7, 10, 8)),
    ],
)
def test_bbox_rounds_halves_up_and_keeps_a_pixel(bbox, box) -> None:
    assert box_of(bbox, (10, 8)) == box
    pixels = noise(10, 8)
    assert (cut_out(pixels, bbox=bbox) == pixels[box[1] : box[3], box[0] : box[2]]).all()


def test_any_bbox_is_inside_the_image_and_not_empty() -> None:
    chance = random.Random(4)
    for _ in range(5000):
        width, height = chance.randint(1, 40), chance.randint(1, 40)
        (xmin, xmax), (ymin, ymax) = (sorted((chance.random(), chance.random() ** 4)) for _ in range(2))
        left, top, right, bottom = box_of((xmin, ymin, xmax, ymax), (width, height))
        assert ((left, right), (top, bottom)) == (bounds(xmin, xmax, width), bounds(ymin, ymax, height))
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


TRIANGLE: Polygon = ((0.1, 0.1), (0.9, 0.3), (0.4, 0.95))
STAR: Polygon = ((0.5, 0.02), (0.8, 0.97), (0.03, 0.37), (0.98, 0.38), (0.21, 0.96))  # its middle is outside
BOW: Polygon = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize("polygon", [TRIANGLE, STAR, BOW, TRIANGLE[::-1], STAR + STAR])
def test_a_polygon_whitens_its_outside_and_cuts_to_its_bounds(polygon: Polygon) -> None:
    pixels = noise(41, 33) // 2  # nothing in it is white
    xs, ys = zip(*polygon, strict=True)
    left, right = bounds(min(xs), max(xs), 41)
    top, bottom = bounds(min(ys), max(ys), 33)
    assert (cut_out(pixels, polygon=polygon) == whitened(pixels, polygon)[top:bottom, left:right]).all()


def test_random_polygons_follow_the_even_odd_rule() -> None:
    chance = random.Random(5)
    for seed in range(60):
        width, height = chance.randint(1, 25), chance.randint(1, 25)
        polygon = tuple((chance.random(), chance.random()) for _ in range(chance.randint(3, 9)))
        xs, ys = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
        found = inside(polygon, xs, ys)
        exact = [
            [is_inside(polygon, Fraction(2 * x + 1, 2 * width), Fraction(2 * y + 1, 2 * height)) for x in range(width)]
            for y in range(height)
        ]
        assert (found == exact).all(), (seed, polygon)


def test_the_middle_of_a_star_is_outside() -> None:
    assert (cut_out(np.zeros((100, 100, 3), np.uint8), polygon=STAR)[55, 48] == 255).all()


def test_neighbouring_polygons_share_no_pixel_and_leave_none_out() -> None:
    # An edge through the centres of pixels belongs to one side of it.
    xs, ys = (np.arange(8) + 0.5) / 8, (np.arange(6) + 0.5) / 6
    x, y = xs[3], ys[2]
    quarters = [((a, c), (b, c), (b, d), (a, d)) for a, b in ((0, x), (x, 1)) for c, d in ((0, y), (y, 1))]
    assert (sum(inside(quarter, xs, ys).astype(int) for quarter in quarters) == 1).all()


def test_with_both_the_polygon_whitens_and_the_bbox_cuts() -> None:
    pixels = noise(40, 30) // 2
    found = cut_out(pixels, polygon=TRIANGLE, bbox=(0.05, 0.2, 0.5, 0.8))
    assert (found == whitened(pixels, TRIANGLE)[6:24, 2:20]).all()
    outside = cut_out(pixels, polygon=TRIANGLE, bbox=(0.95, 0.95, 1.0, 1.0))
    assert (outside == 255).all()


@pytest.mark.parametrize("line", [((0.5, 0.2),) * 3, ((0.5, 0.2), (0.5, 0.8), (0.5, 0.5)), ((1.0, 1.0),) * 3])
def test_a_polygon_without_area_gives_white_of_a_pixel_at_least(line: Polygon) -> None:
    found = cut_out(noise(9, 10) // 2, polygon=line)
    assert found.size
    assert (found == 255).all()


def test_masks_of_tall_images_are_made_in_parts() -> None:
    pixels = noise(3, 1500) // 2
    assert (cut_out(pixels, polygon=TRIANGLE) == whitened(pixels, TRIANGLE)[150:1425, 0:3]).all()


def test_the_given_picture_stays_as_it_was() -> None:
    picture = Image.fromarray(noise(10, 10))
    before = picture.tobytes()
    cut(picture, Region(polygon=BOW, bbox=(0.0, 0.0, 1.0, 1.0), crop_uniform_background=True))
    assert picture.tobytes() == before


def uniform(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The smallest rectangle of what differs, pixel by pixel."""
    height, width, _ = pixels.shape
    places = [
        (x, y)
        for y in range(height)
        for x in range(width)
        if any(abs(int(a) - int(b)) > 8 for a, b in zip(pixels[y, x], pixels[0, 0], strict=True))
    ]
    if not places:
        return pixels
    xs, ys = zip(*places, strict=True)
    return pixels[min(ys) : max(ys) + 1, min(xs) : max(xs) + 1]


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize(("difference", "kept"), [(9, (2, 3)), (-9, (2, 3)), (8, (12, 10)), (-8, (12, 10))])
def test_a_border_is_what_differs_by_at_most_eight(channel: int, difference: int, kept: tuple[int, int]) -> None:
    pixels = np.full((10, 12, 3), 100, np.uint8)
    pixels[4:7, 5:7, channel] += np.int8(difference).astype(np.uint8)
    found = cut_out(pixels, crop_uniform_background=True)
    assert (found == uniform(pixels)).all()
    assert found.shape == (kept[1], kept[0], 3)


def test_random_borders_are_cut_as_by_a_loop() -> None:
    for seed in range(50):
        chance = np.random.default_rng(seed)
        pixels = chance.integers(0, 12, (9, 11, 3)).astype(np.uint8)
        pixels[chance.integers(9), chance.integers(11)] = chance.integers(0, 256, 3)
        assert (cut_out(pixels, crop_uniform_background=True) == uniform(pixels)).all()


def test_differences_are_not_taken_modulo_256() -> None:
    pixels = np.full((4, 4, 3), 2, np.uint8)
    pixels[1, 2] = 254  # 252 apart, but 4 modulo 256
    assert cut_out(pixels, crop_uniform_background=True).shape == (1, 1, 3)


def test_the_background_is_that_of_the_region() -> None:
    pixels = np.full((20, 20, 3), 50, np.uint8)
    pixels[5:15, 5:15] = 200
    pixels[8:11, 9:13] = 10
    half = (0.25, 0.25, 0.75, 0.75)
    assert cut_out(pixels, bbox=half, crop_uniform_background=True).shape == (3, 4, 3)
    assert cut_out(pixels, bbox=half).shape == (10, 10, 3)
    # White outside of the polygon is the background then: the triangle's own bounds remain.
    found = cut_out(pixels, polygon=TRIANGLE, bbox=(0.0, 0.0, 1.0, 1.0), crop_uniform_background=True)
    assert (found == uniform(whitened(pixels, TRIANGLE))).all()


def test_an_empty_region_changes_nothing() -> None:
    pixels = noise(5, 4)
    assert (cut_out(pixels) == pixels).all()
