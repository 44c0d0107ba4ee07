"""The page's colours (`web/core/palette.js`), for pictures drawn by the server."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.datasets.column import NONE, Column

Colours = NDArray[np.uint8]

CLASSES = 255
GOLDEN_ANGLE = 137.50776405
VIRIDIS = (
    (0.2777273272234177, 0.005407344544966578, 0.3340998053353061),
    (0.1050930431085774, 1.404613529898575, 1.384590162594685),
    (-0.3308618287255563, 0.214847559468213, 0.09509516302823659),
    (-4.634230498983486, -5.799100973351585, -19.33244095627987),
    (6.228269936347081, 14.17993336680509, 56.69055260068105),
    (4.776384997670288, -13.74514537774601, -65.35303263337234),
    (-5.435455854935631, 4.645852612178535, 26.3124352495832),
)


@dataclass(frozen=True)
class Theme:
    """What colours are to be seen on; `rings` are lightness and chroma of those that are made; `scale` a part of viridis."""

    background: str
    plain: str
    grey: tuple[int, int, int]
    picked: tuple[str, ...]
    rings: tuple[tuple[float, float], ...]
    scale: tuple[float, float]


THEMES = {
    "dark": Theme(
        "#121316",
        "#98a6ff",
        (122, 128, 140),
        ("#5ea8ff", "#ffa24a", "#4fd39a", "#ff6f7d", "#b592ff", "#ffd94f", "#43d3e4", "#ff92d1", "#a9db59", "#d6a06c"),
        ((0.78, 0.13), (0.64, 0.16), (0.88, 0.09)),
        (0.14, 1.0),
    ),
    "light": Theme(
        "#f4f4f1",
        "#3346d3",
        (150, 155, 165),
        ("#1d6fd8", "#e0760b", "#0e9560", "#d6304c", "#7a4cd3", "#b58a00", "#0890a6", "#cb459d", "#649210", "#8a5a2c"),
        ((0.55, 0.16), (0.68, 0.14), (0.42, 0.12)),
        (0.0, 0.92),
    ),
}


def colours_of(column: Column | None, total: int, theme: Theme) -> Colours:
    """The colour (N, 3) of each image."""
    if column is None:
        return np.tile(np.array(rgb(theme.plain), np.uint8), (total, 1))
    if column.kind == "category":
        palette = categorical(min(CLASSES, len(column.names)), theme)
        return np.asarray(palette[np.where(column.values == NONE, len(palette) - 1, column.values % CLASSES)])
    return np.asarray(continuous(theme)[steps(column.values.astype(np.float64))])


def categorical(count: int, theme: Theme) -> Colours:
    """Colours (count + 1, 3) of classes, the last for what has none."""
    made = [class_colour(n, theme) for n in range(count)]
    return np.array([*made, theme.grey], np.uint8)


def class_colour(number: int, theme: Theme) -> tuple[int, int, int]:
    """The colour of a class: one of the picked ones, then hues by the golden angle."""
    if number < len(theme.picked):
        return rgb(theme.picked[number])
    lightness, chroma = theme.rings[(number + number // 5) % len(theme.rings)]
    return oklch(lightness, chroma, number * GOLDEN_ANGLE)


def continuous(theme: Theme) -> Colours:
    """A scale (256, 3) from dark to bright, the last for what has no value (viridis, as polynomials by Matt Zucker)."""
    low, high = theme.scale
    t = (low + (high - low) * np.arange(255) / 254)[:, None]
    values = sum((np.array(factors) * t**power for power, factors in enumerate(VIRIDIS)), np.zeros((255, 3)))
    return np.vstack([np.rint(255 * values.clip(0, 1)), theme.grey]).astype(np.uint8)


def steps(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers of the scale's steps (N,), 255 for NaN."""
    known = np.isfinite(values)
    low, high = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 1.0)
    scaled = np.rint((np.where(known, values, low) - low) * (254 / (high - low or 1.0)))
    return np.where(known, scaled, 255).astype(np.int64)


def rgb(text: str) -> tuple[int, int, int]:
    """`#rrggbb` as three bytes."""
    red, green, blue = (int(text[n : n + 2], 16) for n in (1, 3, 5))
    return red, green, blue


def oklch(lightness: float, chroma: float, hue: float) -> tuple[int, int, int]:
    """OKLCH to sRGB, with less chroma where the colour does not exist on a screen (Ottosson, 2020). Hue in degrees."""
    angle = math.radians(hue)
    while True:
        linear = linear_rgb(lightness, chroma * math.cos(angle), chroma * math.sin(angle))
        if chroma <= 0 or all(-1e-4 <= value <= 1.0001 for value in linear):
            red, green, blue = (round(255 * min(1.0, max(0.0, gamma(value)))) for value in linear)
            return red, green, blue
        chroma -= 0.005


def linear_rgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """OKLab to linear sRGB."""
    p = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    q = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    r = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
    return (
        4.0767416621 * p - 3.3077115913 * q + 0.2309699292 * r,
        -1.2684380046 * p + 2.6097574011 * q - 0.3413193965 * r,
        -0.0041960863 * p - 0.7034186147 * q + 1.707614701 * r,
    )


def gamma(value: float) -> float:
    """Linear to sRGB."""
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
