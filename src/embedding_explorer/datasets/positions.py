"""The positions of a map on the wire: a header, then one column for each axis, little-endian.

    magic 4 s "EEXP" | version u8 | type u8 (1: uint16, 2: float32) | axes u8 | flags u8 | n u32 | 0 u32
    x0 y0 z0 x1 y1 z1 float32 | x[n] y[n] z[n]

A uint16 v stands for x0 + v / 65535 * (x1 - x0): half the bytes of float32, and finer than any screen until the box is
drawn thirty times as large as it.
"""

import struct
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import Conflict

HEADER = struct.Struct("<4s4B2I6f")
MAGIC, VERSION, AXES = b"EEXP", 1, 3
STEPS = 65535
Type = Literal["u16", "f32"]
TYPES: dict[Type, int] = {"u16": 1, "f32": 2}


def box_of(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The least and the greatest coordinates (2, 3) of points (N, 3); raises Conflict where one is not finite."""
    # Axis by axis: for rows as short as these numpy takes a hundred times as long by `axis=0`.
    box = np.array([[end(axis) for axis in points.T] for end in (np.min, np.max)], np.float32)
    if not np.isfinite(box).all():
        raise Conflict("Some coordinates are infinite or undefined, so there is no map. Build the dataset again.")
    return box


def positions(points: NDArray[np.float32], kind: Type) -> bytes:
    """Points (N, 3) as the module's text says; raises Conflict as `box_of` does."""
    box = box_of(points)
    columns = quantised(points, box) if kind == "u16" else points.T.astype("<f4")
    head = HEADER.pack(MAGIC, VERSION, TYPES[kind], AXES, 0, len(points), 0, *box.ravel().tolist())
    return head + columns.tobytes()


def quantised(points: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Points (N, 3) as steps of the box, by column: (3, N). An axis without extent is 0."""
    low, high = box.astype(np.float64)
    scale = np.divide(STEPS, high - low, out=np.zeros(AXES), where=high > low)
    steps: NDArray[np.uint16] = np.rint((points - low) * scale).astype("<u2")
    return np.ascontiguousarray(steps.T)
