"""The region fields of 9.2, as JSON and as the text of a form."""

import json
from typing import Any

import pytest

from embedding_explorer.networks.preprocessing import Faults, Region, parse_region
from embedding_explorer.networks.preprocessing.region_parsing import MAX_POINTS

AT = "inputs[0].image"
BBOX = {"xmin": 0.2, "ymin": 0.0, "xmax": 0.7, "ymax": 0.85}
POLYGON = [{"x": 0.0, "y": 0.1}, {"x": 1.0, "y": 0.1}, {"x": 0.5, "y": 1}]


def parsed(image: dict[str, Any], text: bool = True) -> Region:
    faults = Faults()
    region = parse_region(image, faults, AT, text=text)
    assert not faults
    assert region is not None
    return region


def refused(image: dict[str, Any], text: bool = True) -> list[str]:
    faults = Faults()
    assert parse_region(image, faults, AT, text=text) is None
    return list(faults)


def test_nothing_given_is_the_whole_image() -> None:
    for image in ({}, {"source": "http://…"}, {"bbox": None, "polygon": None}, {"crop_uniform_background": "False"}):
        assert parsed(image) == Region()


@pytest.mark.parametrize("text", [True, False])
def test_json_values(text: bool) -> None:
    image = {"bbox": BBOX, "polygon": POLYGON, "crop_uniform_background": True}
    assert parsed(image, text) == Region((0.2, 0.0, 0.7, 0.85), ((0.0, 0.1), (1.0, 0.1), (0.5, 1.0)), True)


def test_leaves_of_a_form_and_json_in_one_leaf() -> None:
    leaves = {
        "bbox": {key: str(value) for key, value in BBOX.items()},
        "polygon": [{"x": "0", "y": "1e-1"}, {"x": "1", "y": ".1"}, {"x": "0.5", "y": "1"}],
        "crop_uniform_background": "TRUE",
    }
    texts = leaves | {"bbox": json.dumps(BBOX), "polygon": json.dumps(POLYGON)}
    expected = parsed({"bbox": BBOX, "polygon": POLYGON, "crop_uniform_background": True})
    assert parsed(leaves) == parsed(texts) == expected
    assert set(refused(leaves, text=False)) == {
        *(f"{AT}.bbox.{side}" for side in BBOX),
        *(f"{AT}.polygon[{i}].{axis}" for i in range(3) for axis in "xy"),
        f"{AT}.crop_uniform_background",
    }
    assert set(refused(texts, text=False)) == {f"{AT}.{key}" for key in texts}


@pytest.mark.parametrize(
    "value", [-0.01, 1.01, 1e300, float("nan"), float("inf"), None, True, "a", "", [], {}, 10**400]
)
def test_every_number_is_a_share(value: object) -> None:
    for side in BBOX:
        assert refused({"bbox": BBOX | {side: value}}) == [f"{AT}.bbox.{side}"]
    for axis in "xy":
        points = [*POLYGON, {"x": 0.5, "y": 0.5} | {axis: value}]
        assert refused({"polygon": points}) == [f"{AT}.polygon[3].{axis}"]


@pytest.mark.parametrize(
    ("sides", "paths"),
    [
        ({"xmin": 0.7}, ["xmin"]),
        ({"xmin": 0.8}, ["xmin"]),
        ({"ymin": 0.85}, ["ymin"]),
        ({"xmin": 1, "xmax": 0, "ymin": 1, "ymax": 0}, ["xmin", "ymin"]),
    ],
)
def test_the_first_corner_is_before_the_second(sides: dict[str, float], paths: list[str]) -> None:
    assert refused({"bbox": BBOX | sides}) == [f"{AT}.bbox.{path}" for path in paths]


def test_missing_and_unknown_keys() -> None:
    assert refused({"bbox": {"xmin": 0.1, "width": 1}}) == [
        f"{AT}.bbox.{key}" for key in ("width", "ymin", "xmax", "ymax")
    ]
    assert refused({"bbox": {}}) == [f"{AT}.bbox.{side}" for side in BBOX]
    assert refused({"polygon": [{"x": 0}, {"x": 0, "y": 0, "z": 0}, 3]}) == [
        *(f"{AT}.polygon[0].y", f"{AT}.polygon[1].z", f"{AT}.polygon[2]")
    ]


@pytest.mark.parametrize("value", [[], [0.1, 0.2], 3, True, "text", "[", "null", "3", "[" * 100_000])
def test_a_bbox_is_an_object(value: object) -> None:
    assert refused({"bbox": value}) == [f"{AT}.bbox"]


@pytest.mark.parametrize("value", [[], POLYGON[:2], {}, 3, False, "text", "{}", [POLYGON[0]] * (MAX_POINTS + 1)])
def test_a_polygon_is_a_list_of_three_points_or_more(value: object) -> None:
    assert refused({"polygon": value}) == [f"{AT}.polygon"]


@pytest.mark.parametrize("value", ["maybe", "", 2, "2", [], {}])
def test_cropping_is_a_boolean(value: object) -> None:
    assert refused({"crop_uniform_background": value}) == [f"{AT}.crop_uniform_background"]


def test_all_faults_are_found_together() -> None:
    image = {"bbox": BBOX | {"xmin": 2}, "polygon": POLYGON[:1], "crop_uniform_background": "no"}
    assert refused(image) == [f"{AT}.bbox.xmin", f"{AT}.polygon", f"{AT}.crop_uniform_background"]


def test_json_of_more_values_than_any_region_has_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "embedding_explorer.networks.preprocessing.region_parsing.json.loads", lambda _: pytest.fail("it was")
    )
    assert refused({"polygon": "[" + "[]," * 20 * MAX_POINTS + "[]]"}) == [f"{AT}.polygon"]
