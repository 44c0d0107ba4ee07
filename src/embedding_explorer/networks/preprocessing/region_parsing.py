"""The region of an image in an inference request, checked (networks contract, 9.2)."""

import json
from collections.abc import Mapping

from embedding_explorer.json_bounds import values_in
from embedding_explorer.networks.preprocessing.faults import Faults
from embedding_explorer.networks.preprocessing.leaves import (
    is_object,
    read_boolean,
    read_number,
    refuse_unknown,
    require,
    shown,
)
from embedding_explorer.networks.preprocessing.regions import Point, Region

REGION_FIELDS = ("bbox", "polygon", "crop_uniform_background")
# An outline followed pixel by pixel has some thousands; drawing takes time in proportion.
MAX_POINTS = 10_000
_MAX_VALUES = 10 * MAX_POINTS  # of JSON; a point takes three
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_LEAST_POINTS = 3


def parse_region(image: Mapping[str, object], faults: Faults, path: str, *, text: bool = True) -> Region | None:
    """The region that an image input asks for; None after adding a fault for everything that is wrong with it.

    Args:
        image: the image input; keys that are not `REGION_FIELDS` are left to the caller, null is as good as absent.
        faults: where faults are added.
        path: where the image input is in the request, such as "inputs[0].image".
        text: whether strings may stand for numbers and booleans, and for whole objects as JSON, as in a form.
    """
    before = faults.noted
    given = {key: image[key] for key in REGION_FIELDS if image.get(key) is not None}
    bbox = _bbox(given["bbox"], faults, f"{path}.bbox", text) if "bbox" in given else None
    polygon = _polygon(given["polygon"], faults, f"{path}.polygon", text) if "polygon" in given else None
    where, uniform = f"{path}.crop_uniform_background", given.get("crop_uniform_background", False)
    crop = read_boolean(uniform, faults, where, text=text)
    return Region(bbox, polygon, bool(crop)) if faults.noted == before else None


def _bbox(value: object, faults: Faults, path: str, text: bool) -> tuple[float, float, float, float] | None:
    value = _from_json(value, faults, path) if text else value
    if value is None or not is_object(value, faults, path):
        return None
    sides = _shares(value, _SIDES, faults, path, text)
    if sides is None:
        return None
    for low, high in (("xmin", "xmax"), ("ymin", "ymax")):
        if sides[low] >= sides[high]:
            faults.add(f"{path}.{low}", f"must be less than {high}")
    return sides["xmin"], sides["ymin"], sides["xmax"], sides["ymax"]


def _polygon(value: object, faults: Faults, path: str, text: bool) -> tuple[Point, ...] | None:
    value = _from_json(value, faults, path) if text else value
    if value is None:
        return None
    if not isinstance(value, list) or not _LEAST_POINTS <= len(value) <= MAX_POINTS:
        found = f"a list of {len(value)}" if isinstance(value, list) else shown(value)
        faults.add(path, f"must be a list of {_LEAST_POINTS} to {MAX_POINTS} points, not {found}")
        return None
    points = [_point(point, faults, f"{path}[{i}]", text) for i, point in enumerate(value)]
    return tuple(point for point in points if point is not None)


def _point(value: object, faults: Faults, path: str, text: bool) -> Point | None:
    if not is_object(value, faults, path):
        return None
    shares = _shares(value, ("x", "y"), faults, path, text)
    return None if shares is None else (shares["x"], shares["y"])


def _shares(
    value: Mapping[str, object], keys: tuple[str, ...], faults: Faults, path: str, text: bool
) -> dict[str, float] | None:
    """Exactly these keys, each a number from 0 to 1."""
    before = faults.noted
    refuse_unknown(value, keys, faults, path)
    read = {key: _share(value[key], faults, f"{path}.{key}", text) for key in keys if require(value, key, faults, path)}
    return read if faults.noted == before else None


def _share(value: object, faults: Faults, path: str, text: bool) -> float:
    number = read_number(value, faults, path, text=text)
    if number is not None and not 0 <= number <= 1:
        faults.add(path, f"must be between 0 and 1, not {shown(number)}")
    return number or 0.0


def _from_json(value: object, faults: Faults, path: str) -> object:
    """An object or list that came as one text of JSON; None after a fault. Anything but a text is returned as it is."""
    if not isinstance(value, str):
        return value
    try:
        parsed: object = json.loads(value) if values_in(value) <= _MAX_VALUES else None
    except (ValueError, RecursionError):
        parsed = None
    if parsed is None:
        faults.add(path, f"must be an object or list, or the JSON of one, not {shown(value)}")
    return parsed
