"""A map as a picture: dots, and where they are large enough, the images themselves."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_explorer.drawing.camera import Camera, Floats, home, world
from embedding_explorer.drawing.palette import Colours, Theme, rgb

Ints = NDArray[np.int64]
Tile = NDArray[np.uint8]
# Gives the tiles (h, w, 3) of some rows, without what surrounds a picture; those that it has not stay dots.
Tiles = Callable[[Sequence[int]], Mapping[int, Tile]]

# Sizes as of `web/core/sizing.js`, in pixels.
COVER = 1.9
SMALLEST, LARGEST, LARGEST_AT_HOME, LARGEST_DOT = 2.0, 64.0, 48.0, 9.0
GROWTH, FRONT = 0.6, 1.7
PICTURE_FROM = 7.0
# Images that are drawn as pictures, the nearest ones: cutting and drawing them takes a second.
MOST_PICTURES = 3000
# Dots are drawn at twice the size and reduced, so that their edges are smooth.
FINE = 2
# What is farthest has so much of the background's colour.
FADE = 0.55


@dataclass(frozen=True)
class Frame:
    """The size of the picture in pixels, and what it is seen on."""

    width: int
    height: int
    theme: Theme
    framed: bool = True  # each picture in its colour; else they are only kept apart


def draw(
    points: NDArray[np.float32], colours: Colours, tiles: Tiles, camera: Camera | None, frame: Frame
) -> Image.Image:
    """Draw a reduction (N, 3) with a colour (N, 3) for each image, as `camera` sees it, or all of it from the front."""
    placed = world(points)
    origin = home(placed, frame.width, frame.height, flat=camera is not None and camera.flat)
    camera = camera or origin
    pixels, depth = camera.project(placed, frame.width, frame.height)
    sizes = sprite_sizes(depth, camera.distance, origin.distance, frame)
    shown = visible(pixels, depth, sizes, camera, frame)
    pictured = nearest_pictures(shown, sizes)
    found = tiles(pictured.tolist()) if len(pictured) else {}
    sheet = draw_dots(pixels, depth, sizes, faded(colours, depth, camera, frame.theme), shown, frame)
    ground = rgb(frame.theme.background)
    for row in reversed([n for n in pictured.tolist() if n in found]):
        paste(sheet, found[row], pixels[row], sizes[row], tuple(colours[row].tolist()) if frame.framed else ground)
    return sheet


def sprite_sizes(depth: Floats, distance: float, at_home: float, frame: Frame) -> Floats:
    """How many pixels the longer side of each image has (N,)."""
    count = max(1, len(depth))
    whole = min(LARGEST_AT_HOME, math.sqrt(COVER * frame.width * frame.height / count))
    centre = min(LARGEST, max(SMALLEST, whole * max(0.5, at_home / distance) ** GROWTH))
    return np.asarray(np.clip(centre * distance / np.maximum(depth, 1e-9), SMALLEST, min(LARGEST, centre * FRONT)))


def visible(pixels: Floats, depth: Floats, sizes: Floats, camera: Camera, frame: Frame) -> Ints:
    """Rows that reach into the picture, the nearest first."""
    reach = sizes[:, None] / 2
    inside = ((pixels + reach > 0) & (pixels - reach < (frame.width, frame.height))).all(axis=1)
    rows = np.flatnonzero(inside & (depth >= camera.nearest))
    return np.asarray(rows[np.argsort(depth[rows], kind="stable")])


def nearest_pictures(shown: Ints, sizes: Floats) -> Ints:
    """Those of the visible rows that are large enough to be a picture, the nearest first."""
    return shown[sizes[shown] >= PICTURE_FROM][:MOST_PICTURES]


def faded(colours: Colours, depth: Floats, camera: Camera, theme: Theme) -> Colours:
    """Colours (N, 3) that go over into the background with the depth; a flat map has none."""
    if camera.flat:
        return colours
    share = FADE * np.clip((depth / camera.distance - 0.7) / 0.8, 0, 1)[:, None]
    return np.asarray(colours * (1 - share) + np.array(rgb(theme.background)) * share).astype(np.uint8)


def draw_dots(pixels: Floats, depth: Floats, sizes: Floats, colours: Colours, shown: Ints, frame: Frame) -> Image.Image:
    """Discs of the visible rows, the nearest on top."""
    width, height = frame.width * FINE, frame.height * FINE
    # Each pixel holds the rank of the nearest row that covers it; ranks are by depth.
    ranks = np.full(height * width, len(shown), np.int32)
    diameters = np.rint(np.minimum(sizes[shown], LARGEST_DOT) * FINE).astype(np.int64)
    for diameter in np.unique(diameters):
        own = np.flatnonzero(diameters == diameter)
        corners = np.floor(pixels[shown[own]] * FINE - diameter / 2 + 0.5).astype(np.int64)
        for dx, dy in disc(int(diameter)):
            x, y = corners[:, 0] + dx, corners[:, 1] + dy
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            np.minimum.at(ranks, y[inside] * width + x[inside], own[inside].astype(np.int32))
    table = np.vstack([colours[shown], np.array([rgb(frame.theme.background)], np.uint8)])
    return Image.fromarray(table[ranks].reshape(height, width, 3)).reduce(FINE)


def disc(diameter: int) -> list[tuple[int, int]]:
    """Pixels of a disc from its corner."""
    middle = (diameter - 1) / 2
    reach = (diameter / 2) ** 2 if diameter > 4 else math.inf
    span = range(diameter)
    return [(x, y) for x in span for y in span if (x - middle) ** 2 + (y - middle) ** 2 <= reach]


def paste(sheet: Image.Image, tile: Tile, centre: Floats, size: float, colour: tuple[int, ...]) -> None:
    """A picture with a frame around it."""
    longer = max(tile.shape[:2])
    height, width = (max(1, round(size * side / longer)) for side in tile.shape[:2])
    edge = 1 if size < 24 else 2
    left, top = round(float(centre[0]) - width / 2), round(float(centre[1]) - height / 2)
    framed = Image.new("RGB", (width + 2 * edge, height + 2 * edge), colour)
    framed.paste(Image.fromarray(tile).resize((width, height), Image.Resampling.BILINEAR), (edge, edge))
    sheet.paste(framed, (left - edge, top - edge))
