"""Where the page must draw what: the camera string's arithmetic as web/core/camera.js documents it, again in Python."""

import numpy as np
from numpy.typing import NDArray

FIELD_OF_VIEW = np.radians(40)

Points = NDArray[np.floating]


def decode(answer: bytes) -> tuple[Points, Points]:
    """The float32 positions (N, 3) of an answer of /maps/…/positions/…?type=f32, and their box (2, 3)."""
    box = np.frombuffer(answer, "<f4", 6, 16).reshape(2, 3)
    return np.frombuffer(answer, "<f4", offset=40).reshape(3, -1).T, box


def pixels(points: Points, box: Points, camera: str, width: float, height: float) -> tuple[Points, Points]:
    """CSS pixels (N, 2) in a canvas of that size, and depths (N,)."""
    mode, *fields = camera.split(",")
    numbers = [float(field) for field in fields]
    x, y, z, distance, yaw, pitch = numbers if mode == "3d" else (*numbers[:2], 0, numbers[2], 0, 0)
    world = (points - box.mean(axis=0)) * 2 / (box[1] - box[0]).max() * (1, 1, mode == "3d")
    sy, cy = np.sin(np.radians(yaw)), np.cos(np.radians(yaw))
    sp, cp = np.sin(np.radians(pitch)), np.cos(np.radians(pitch))
    right, up, back = np.array([cy, 0, -sy]), np.array([-sy * sp, cp, -cy * sp]), np.array([sy * cp, sp, cy * cp])
    seen = world - (np.array([x, y, z]) + distance * back)
    depth = -seen @ back
    scale = min(width, height) / 2 / np.tan(FIELD_OF_VIEW / 2) / depth
    return np.stack([width / 2 + seen @ right * scale, height / 2 - seen @ up * scale], axis=1), depth


def inside(points: Points, polygon: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in a polygon: (N,), by the even-odd rule."""
    found = np.zeros(len(points), bool)
    for (ax, ay), (bx, by) in edges(polygon):
        crosses = (ay > points[:, 1]) != (by > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            found ^= crosses & (points[:, 0] < (bx - ax) * (points[:, 1] - ay) / (by - ay) + ax)
    return found


def near_edge(points: Points, polygon: list[tuple[float, float]], reach: float) -> NDArray[np.bool_]:
    """Which points (N, 2) lie so near to a polygon's edges that either answer is right: (N,)."""
    found = np.zeros(len(points), bool)
    for a, b in edges(polygon):
        start, way = np.array(a), np.subtract(b, a)
        share = np.clip((points - start) @ way / (way @ way), 0, 1)
        found |= np.linalg.norm(points - start - share[:, None] * way, axis=1) < reach
    return found


def edges(polygon: list[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Pairs of corners."""
    return list(zip(polygon, [*polygon[1:], polygon[0]], strict=True))
