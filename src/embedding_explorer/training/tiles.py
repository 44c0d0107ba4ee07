"""Pictures of activations and weights: one tile per channel (contract, 6.2). No torch."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.training.source import Pixels

MAX_WIDTH, MIN_SIDE = 1200, 100
BINS = 20
# Blue, cyan, yellow, red, at equal distances.
_STOPS = np.array([[0, 0, 255], [0, 255, 255], [255, 255, 0], [255, 0, 0]], np.float64)


def statistics(values: NDArray[Any]) -> dict[str, Any]:
    """Shape, mean, deviation and histogram of an array of any shape, as JSON types.

    The histogram has 20 counts, 20 bin centres, and the first, the eleventh and the last edge. What is not finite is
    left out of the numbers.
    """
    flat = np.asarray(values, np.float64).ravel()
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        flat = np.zeros(1)
    low, high = float(flat.min()), float(flat.max())
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):  # even values, which numpy cannot divide into bins
        low, high = low - 0.5 * max(1.0, abs(low)), high + 0.5 * max(1.0, abs(high))
    counts, edges = np.histogram(flat, BINS, (low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    return {
        "shape": list(np.shape(values)),
        "mean": float(flat.mean()),
        "stddev": float(flat.std()),
        "histogram": [counts.tolist(), centres.tolist(), [float(edges[0]), float(edges[10]), float(edges[-1])]],
    }


def tiled(values: NDArray[Any], colour: bool = False, rescale: bool = True) -> Pixels | None:
    """One tile per channel or filter in a grid that is about square, a pixel apart.

    Args:
        values: (F,), (C, H, W), or weights (O, I, H, W).
        colour: channels that are a picture's own: three are shown as colours, one as gray.
        rescale: to the full range over all tiles; else values are taken to be from 0 to 1.

    Returns:
        uint8 (H, W, 3), at most about 1200 pixels wide; None for what has no picture.
    """
    tiles = _tiles(np.asarray(values, np.float64), colour)
    if tiles is None or not tiles.size:
        return None
    tiles = np.nan_to_num(tiles, posinf=0.0, neginf=0.0)
    low, high = (tiles.min(), tiles.max()) if rescale else (0.0, 1.0)
    shares = np.clip((tiles - low) / (high - low), 0, 1) if high > low else np.zeros_like(tiles)
    painted = _gray(shares) if colour or shares.shape[-1] == 3 else heat(shares[..., 0])
    return _enlarged(_grid(painted))


def heat(shares: NDArray[np.float64]) -> Pixels:
    """Shares from 0 to 1, of any shape (…), as colours uint8 (…, 3) from blue over cyan and yellow to red."""
    at = np.linspace(0, 1, len(_STOPS))
    return np.stack([np.interp(shares, at, _STOPS[:, c]) for c in range(3)], -1).round().astype(np.uint8)


def _gray(shares: NDArray[np.float64]) -> Pixels:
    pixels = (255 * shares).round().astype(np.uint8)
    return pixels if pixels.shape[-1] == 3 else pixels.repeat(3, -1)


def _tiles(values: NDArray[np.float64], colour: bool) -> NDArray[np.float64] | None:
    """(N, h, w, 1), or (N, h, w, 3) for colours; N is kept to what can be seen."""
    most = (MAX_WIDTH // 2) ** 2
    if values.ndim == 1:
        return values[:most, None, None, None]
    if values.ndim == 3 and colour:
        return values.transpose(1, 2, 0)[None]
    if values.ndim == 3:
        return values[: _fitting(values.shape[1:]), :, :, None]
    if values.ndim != 4:
        return None
    if values.shape[1] == 3:  # filters of the first layer, over colours
        return values[: _fitting(values.shape[2:])].transpose(0, 2, 3, 1)
    flat = values.reshape(-1, *values.shape[2:])
    return flat[: _fitting(values.shape[2:]), :, :, None]


def _fitting(sides: tuple[int, ...]) -> int:
    """How many tiles of that height and width a picture can hold."""
    return max(1, MAX_WIDTH // (sides[1] + 1)) * max(1, MAX_WIDTH // (sides[0] + 1))


def _grid(tiles: Pixels) -> Pixels:
    count, height, width, _ = tiles.shape
    columns = max(1, min(math.ceil(math.sqrt(count)), MAX_WIDTH // (width + 1) or 1))
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), np.uint8)
    for position, tile in enumerate(tiles):
        top, left = position // columns * (height + 1), position % columns * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _enlarged(sheet: Pixels) -> Pixels:
    factor = max(1, min(-(-MIN_SIDE // min(sheet.shape[:2])), MAX_WIDTH // max(sheet.shape[:2])))
    return sheet.repeat(factor, 0).repeat(factor, 1)
