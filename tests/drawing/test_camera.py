"""The camera means the same here and in the page: each case is computed by both."""

from typing import Any

import numpy as np
import pytest

from embedding_explorer.drawing.camera import Camera, home, world
from embedding_explorer.errors import BadInput
from tests.drawing.page import in_page

STRINGS = [
    "3d,0,0,0,2.9,-25,18",
    "3d,0.12,-0.4,0.03,0.7,170.5,-89.9",
    "3d,0.1,0.2,0.3,1,10,95",
    "3d,9,-9,0,99,0,0",
    "2d,0.12,-0.4,1.5",
    "2d,0,0,0.0001",
]
WRONG = ["", "x", "3d", "3d,0,0,0,2.9,-25", "3d,0,0,0,2.9,-25,18,1", "2d,0,0", "2d,0,0,1e3", "3d,a,0,0,1,0,0"]
ODD = ["2d,0,0,NaN", "2d, 0,0,1", "2d,0,0,+1", "2d,0,0,٣", "2d,0,0,1\n", "4d,0,0,0,1,0,0", "2d,0,0,.5", "2d,0,0,123456"]


def cloud(count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, 3)) * (3, 1, 2) + random.choice([0, 7], (count, 1))).astype(np.float32)


def page_space(points: np.ndarray) -> dict[str, Any]:
    box = [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]
    x, y, z = points.T.tolist()
    return {"points": {"n": len(points), "x": x, "y": y, "z": z, "box": box}}


@pytest.mark.parametrize("text", STRINGS)
@pytest.mark.parametrize("size", [(800, 600), (300, 500)])
def test_a_camera_string_puts_each_image_at_the_same_pixel(text: str, size: tuple[int, int]) -> None:
    points = cloud(60)
    script = """
        const view = camera.Camera.fromString(text), space = positions.spaceOf(points), m = view.matrix(size);
        return Array.from(points.x, (_, n) => {
          const [x, y, , w] = matrix.transformPoint(m, positions.worldPoint(points, space, n));
          return [(x / w + 1) / 2 * size.width, (1 - y / w) / 2 * size.height, w];
        });
    """
    viewport = {"width": size[0], "height": size[1]}
    expected = np.array(
        in_page(script, "camera", "matrix", "positions", text=text, size=viewport, **page_space(points))
    )
    pixels, depth = Camera.parse(text).project(world(points), *size)
    in_front = depth > 0.1 * Camera.parse(text).distance
    np.testing.assert_allclose(depth, expected[:, 2], atol=1e-4)
    np.testing.assert_allclose(pixels[in_front], expected[in_front, :2], rtol=2e-3, atol=0.1)


@pytest.mark.parametrize("text", WRONG + ODD)
def test_what_is_no_camera_there_is_refused_here(text: str) -> None:
    assert in_page("return camera.Camera.fromString(text) === null", "camera", text=text)
    with pytest.raises(BadInput, match="camera is not 3d"):
        Camera.parse(text)


def test_a_long_text_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(BadInput):
        Camera.parse("3d," + "0," * 100_000)


@pytest.mark.parametrize("size", [(800, 600), (1200, 400), (200, 300)])
@pytest.mark.parametrize("mode", ["3d", "2d"])
def test_a_map_opens_in_the_same_view(mode: str, size: tuple[int, int]) -> None:
    points = cloud(2500, seed=4)
    script = "return home.framing(points, positions.spaceOf(points), size, {mode})"
    viewport = {"width": size[0], "height": size[1]}
    found = in_page(script, "home", "positions", size=viewport, mode=mode, **page_space(points))
    camera = home(world(points), *size, flat=mode == "2d")
    np.testing.assert_allclose(camera.target, found["target"], atol=2e-3)
    assert camera.distance == pytest.approx(found["distance"], rel=2e-3)
    assert np.radians([camera.yaw, camera.pitch]) == pytest.approx([found["yaw"], found["pitch"]])
    assert camera.flat == (found["flat"] == 1)


def test_nearly_all_of_a_map_is_in_the_picture_it_opens_with() -> None:
    placed = world(cloud(5000, seed=2))
    pixels, _ = home(placed, 640, 480).project(placed, 640, 480)
    inside = ((pixels > 0) & (pixels < (640, 480))).all(axis=1)
    assert inside.mean() > 0.99
    assert np.ptp(pixels[:, 0]) > 400 or np.ptp(pixels[:, 1]) > 300


@pytest.mark.parametrize("count", [1, 2])
def test_one_image_alone_or_several_at_one_place_can_be_seen(count: int) -> None:
    placed = world(np.full((count, 3), 7, np.float32))
    pixels, depth = home(placed, 100, 100).project(placed, 100, 100)
    np.testing.assert_allclose(pixels, 50)
    assert (depth > 0).all()
