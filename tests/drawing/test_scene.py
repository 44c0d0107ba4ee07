from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from PIL import Image

from embedding_explorer.drawing import scene
from embedding_explorer.drawing.camera import Camera, world
from embedding_explorer.drawing.palette import THEMES, rgb
from embedding_explorer.drawing.scene import Frame, draw, sprite_sizes
from tests.drawing.page import in_page

DARK = THEMES["dark"]
FRAME = Frame(400, 300, DARK)
FRONT = Camera.parse("3d,0,0,0,3,0,0")
RED, GREEN, BLUE = (250, 0, 0), (0, 250, 0), (0, 0, 250)
BACKGROUND = rgb(DARK.background)


def nothing(rows: Sequence[int]) -> Mapping[int, np.ndarray]:
    return {}


def pixel(sheet: Image.Image, camera: Camera, points: np.ndarray, row: int) -> tuple[int, ...]:
    pixels, _ = camera.project(world(points), *sheet.size)
    return sheet.getpixel((int(pixels[row, 0]), int(pixels[row, 1])))


def near(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """The same hue, but for the fading."""
    return int(np.argmax(found)) == int(np.argmax(wanted)) and max(found) > 90


def test_dots_are_where_the_camera_puts_them_in_their_colours() -> None:
    points = np.array([[0, 0, 0], [4, 0, 0], [0, 3, 0], [4, 3, 1]], np.float32)
    colours = np.array([RED, GREEN, BLUE, RED], np.uint8)
    sheet = draw(points, colours, nothing, FRONT, FRAME)
    assert (sheet.mode, sheet.size) == ("RGB", (400, 300))
    for row in range(4):
        assert near(pixel(sheet, FRONT, points, row), tuple(colours[row])), row
    assert sheet.getpixel((2, 2)) == BACKGROUND
    inked = (np.asarray(sheet) != BACKGROUND).any(axis=2).sum()
    assert 4 * 30 < inked < 4 * 110, "four dots of nine pixels across"


def test_the_nearer_hides_the_farther_whatever_their_order() -> None:
    points = np.array([[0, 0, 0], [0, 0, 1], [2, 2, 1], [-2, -2, 0]], np.float32)
    for order in ([0, 1, 2, 3], [1, 0, 2, 3]):
        colours = np.array([RED, GREEN, BLUE, BLUE], np.uint8)[order]
        sheet = draw(points[order], colours, nothing, FRONT, FRAME)
        assert near(pixel(sheet, FRONT, points, 1), GREEN)


def test_what_lies_behind_the_camera_or_outside_is_not_drawn() -> None:
    points = np.array([[-1, 0, 0], [1, 0, 0]], np.float32)
    sheet = draw(points, np.array([RED, GREEN], np.uint8), nothing, Camera.parse("3d,4,4,0,0.5,180,0"), FRAME)
    assert sheet.getcolors() == [(400 * 300, BACKGROUND)]


def test_pictures_take_the_place_of_large_dots_with_a_frame_in_their_colour() -> None:
    points = np.array([[0, 0, 0], [4, 0, 0], [0, 3, 0], [4, 3, 1]], np.float32)
    asked: list[int] = []

    def tiles(rows: Sequence[int]) -> Mapping[int, np.ndarray]:
        asked.extend(rows)
        return {row: np.full((24, 48, 3), 90 + row, np.uint8) for row in rows if row != 1}

    colours = np.array([RED, GREEN, BLUE, RED], np.uint8)
    sheet = draw(points, colours, tiles, FRONT, FRAME)
    assert asked == [3, 0, 1, 2], "the nearest first"
    assert pixel(sheet, FRONT, points, 0) == (90, 90, 90) and pixel(sheet, FRONT, points, 3) == (93, 93, 93)
    assert near(pixel(sheet, FRONT, points, 1), GREEN), "what has no picture stays a dot"
    assert (np.asarray(sheet) == BLUE).all(axis=2).any()
    plain = np.asarray(draw(points, colours, tiles, FRONT, Frame(400, 300, DARK, framed=False)))
    assert not (plain == BLUE).all(axis=2).any()


def test_only_so_many_pictures_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "MOST_PICTURES", 3)
    points = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    asked: list[int] = []
    draw(points, np.zeros((50, 3), np.uint8), lambda rows: asked.extend(rows) or {}, None, FRAME)
    assert len(asked) == 3


def test_a_flat_map_does_not_fade() -> None:
    points = np.array([[0, 0, 0], [2, 2, 9]], np.float32)
    sheet = draw(points, np.array([RED, GREEN], np.uint8), nothing, Camera.parse("2d,0,0,3"), FRAME)
    found = {colour for _, colour in sheet.getcolors(10**6)}
    assert RED in found and GREEN in found


def test_without_a_camera_all_is_in_sight() -> None:
    points = np.random.default_rng(1).uniform(size=(200_000, 3)).astype(np.float32)
    sheet = np.asarray(draw(points, np.tile(np.array(RED, np.uint8), (200_000, 1)), nothing, None, FRAME))
    inked = (sheet != BACKGROUND).any(axis=2)
    assert inked.mean() > 0.2 and not inked[:10].any() and not inked[:, :10].any()


@pytest.mark.parametrize("count", [1, 50, 1800, 200_000])
@pytest.mark.parametrize("distance", [0.1, 1.0, 2.5, 20.0])
def test_sizes_are_those_of_the_page(count: int, distance: float) -> None:
    depth = np.linspace(0.2, 3, 7) * distance
    script = """
        const { unit, low, high } = sizing.spriteSizes({ n, viewport: { width: 400, height: 300 }, distance, home: 2.5 });
        return depth.map((each) => Math.min(high, Math.max(low, unit / each)));
    """
    expected = in_page(script, "sizing", n=count, distance=distance, depth=depth.tolist())
    padded = np.concatenate([depth, np.ones(max(0, count - 7))])[: max(count, 7)]
    if count >= 7:
        np.testing.assert_allclose(sprite_sizes(padded, distance, 2.5, FRAME)[:7], expected)
    else:
        found = [sprite_sizes(depth[n : n + 1], distance, 2.5, FRAME)[0] for n in range(7)]
        np.testing.assert_allclose(found, expected)
