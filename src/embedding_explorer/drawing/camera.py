"""The page's camera: the same string, the same view. What it means is told in `web/core/camera.js` and `web/core/home.js`."""

import math
import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.errors import BadInput

Floats = NDArray[np.float64]

FIELD_OF_VIEW = math.radians(40)
LEAST_DISTANCE, MOST_DISTANCE = 0.005, 50.0
NEAR = 0.15
# In 2-D a trace of depth remains, to tell which of two images at one place lies in front.
FLAT_DEPTH = 1e-4
MOST_TARGET = 4.0
MOST_PITCH = 89.9
MAX_TEXT = 200
NUMBER = re.compile(r"-?\d{1,5}(\.\d{1,9})?", re.ASCII)

HOME_YAW, HOME_PITCH = -24.0, 16.0
MARGIN = 36, 68  # pixels left free beside, and above and below, the home view
SAMPLE = 20_000
INNER, STRAY = 0.995, 1.125


@dataclass(frozen=True, eq=False)
class Camera:
    """Looks at `target` (3,) in world coordinates, -1 to 1 on the longest side; yaw and pitch are degrees."""

    target: Floats
    distance: float
    yaw: float = 0.0
    pitch: float = 0.0
    flat: bool = False

    @classmethod
    def parse(cls, text: str) -> "Camera":
        """The camera of `3d,x,y,z,distance,yaw,pitch` or `2d,x,y,distance`; raises BadInput."""
        mode, *fields = text[:MAX_TEXT].split(",")
        wanted = {"3d": 6, "2d": 3}.get(mode)
        if len(text) > MAX_TEXT or len(fields) != wanted or not all(map(NUMBER.fullmatch, fields)):
            raise BadInput("camera is not 3d,<x>,<y>,<z>,<distance>,<yaw>,<pitch> or 2d,<x>,<y>,<distance>.")
        numbers = [float(field) for field in fields]
        if mode == "2d":
            x, y, distance = numbers
            return cls(bounded([x, y, 0.0]), held(distance), flat=True)
        x, y, z, distance, yaw, pitch = numbers
        return cls(bounded([x, y, z]), held(distance), yaw, max(-MOST_PITCH, min(MOST_PITCH, pitch)))

    def axes(self) -> Floats:
        """Right, up and back (3, 3): unit vectors of the screen in world coordinates, by row."""
        yaw, pitch = math.radians(self.yaw), math.radians(self.pitch)
        sy, cy, sp, cp = math.sin(yaw), math.cos(yaw), math.sin(pitch), math.cos(pitch)
        return np.array([[cy, 0, -sy], [-sy * sp, cp, -cy * sp], [sy * cp, sp, cy * cp]])

    def seen(self, points: Floats) -> Floats:
        """Camera coordinates (N, 3) of world points (N, 3): right, up, and the depth in front of the eye."""
        placed = points * (1, 1, FLAT_DEPTH * self.distance) if self.flat else points
        right, up, back = ((placed - self.target) @ self.axes().T).T
        return np.stack([right, up, self.distance - back], axis=1)

    def project(self, points: Floats, width: int, height: int) -> tuple[Floats, Floats]:
        """Pixels (N, 2) of world points and their depths (N,); behind `nearest` a point is not to be drawn."""
        right, up, depth = self.seen(points).T
        scale = focal_length(width, height) / np.maximum(depth, 1e-9)
        return np.stack([width / 2 + right * scale, height / 2 - up * scale], axis=1), depth

    @property
    def nearest(self) -> float:
        """What is less deep hides what is looked at."""
        return NEAR * self.distance


def world(points: NDArray[np.float32]) -> Floats:
    """World coordinates of a reduction (N, 3): centred, the longest side of its box from -1 to 1."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    return np.asarray((points - (low + high) / 2) * (2 / (float((high - low).max()) or 1.0)))


def home(points: Floats, width: int, height: int, *, flat: bool = False) -> Camera:
    """The view in which the page opens a map of world points (N, 3)."""
    yaw, pitch = (0.0, 0.0) if flat else (HOME_YAW, HOME_PITCH)
    step = max(1.0, len(points) / SAMPLE)
    some = points[np.arange(0, len(points), step).astype(np.int64)] * (1, 1, 0 if flat else 1)
    camera = Camera(middle(some), 2.9, yaw, pitch, flat)
    for _ in range(3):
        camera = fitted(camera, some, width, height)
    return camera


def fitted(camera: Camera, points: Floats, width: int, height: int) -> Camera:
    """The camera at the distance from which points fill the picture, moved so that they are in its middle."""
    half = np.maximum(np.array([width, height]) / 4, np.array([width, height]) / 2 - np.array(MARGIN))
    half /= focal_length(width, height)
    right, up, back = seen = ((points - camera.target) @ camera.axes().T).T
    needed = np.sort(back + np.maximum(abs(right) / half[0], abs(up) / half[1]))
    inner = needed[int((len(needed) - 1) * INNER)]
    distance = float(np.clip(min(needed[-1], STRAY * inner), 0.02, MOST_DISTANCE))
    shift = middle((seen[:2] / np.maximum(0.1, 1 - back / distance)).T)
    return replace(camera, distance=distance, target=camera.target + shift @ camera.axes()[:2])


def middle(values: Floats) -> Floats:
    """Half way between the ends of nearly all values (N, K), by column: (K,)."""
    ordered, last = np.sort(values, axis=0), len(values) - 1
    return np.asarray((ordered[math.ceil(last * (1 - INNER))] + ordered[math.floor(last * INNER)]) / 2)


def focal_length(width: int, height: int) -> float:
    """Pixels of a world unit at depth 1."""
    return min(width, height) / 2 / math.tan(FIELD_OF_VIEW / 2)


def bounded(point: list[float]) -> Floats:
    """A target within reach of the map."""
    return np.clip(point, -MOST_TARGET, MOST_TARGET)


def held(distance: float) -> float:
    """A distance within bounds."""
    return max(LEAST_DISTANCE, min(MOST_DISTANCE, distance))
