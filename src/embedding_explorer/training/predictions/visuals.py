"""Pictures in answers, as data addresses (contract, 6.2 and 6.4)."""

import base64
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

from embedding_explorer.training.datasets.encoding import png_of
from embedding_explorer.training.models.visualising import Visualization, visualise
from embedding_explorer.training.predictions.model import Model
from embedding_explorer.training.source import Pixels
from embedding_explorer.training.tiles import MAX_WIDTH

MAX_TILE = 96  # pixels of the sides of a picture in a grid


def data_address(pixels: Pixels) -> str:
    """A PNG of pixels (H, W, C) as an address."""
    return f"data:image/png;base64,{base64.b64encode(png_of(pixels)).decode()}"


class Look:
    """What happens in a network for one picture."""

    def __init__(self, model: Model, pixels: Pixels) -> None:
        """`pixels`: uint8 (H, W, C); raises BadInput where the network cannot take them."""
        self.pixels = pixels
        self.output, self._seen, self.total = visualise(model.predictor, pixels)

    def entries(self) -> Iterator[dict[str, Any]]:
        """The list `visualizations`, one by one, for their pictures are large."""
        for number, each in enumerate(self._seen):
            yield _entry(number, each)


def _entry(number: int, seen: Visualization) -> dict[str, Any]:
    entry = seen.to_json(number)
    if seen.picture is not None:
        entry["image_html"] = data_address(seen.picture)
    return entry


def tile_of(pixels: Pixels) -> Pixels:
    """Pixels (H, W, C) as a small RGB picture."""
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    picture.thumbnail((MAX_TILE, MAX_TILE))
    return np.asarray(picture)


def grid_of(tiles: Sequence[Pixels]) -> Pixels:
    """Tiles of one size, row by row on a sheet that is about square and at most 1200 pixels wide, a pixel apart."""
    height, width = tiles[0].shape[:2]
    columns = max(1, min(math.ceil(math.sqrt(len(tiles))), MAX_WIDTH // (width + 1)))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return sheet
