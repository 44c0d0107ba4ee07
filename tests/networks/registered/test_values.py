import json
import time
from typing import Any

import pytest

from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.networks.registered import values


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "value", [{}, {"a": [1, 2.5, None, True, "x"]}, nested(62), {"\ud800\0": "\ud800\0"}, {"n": 10**400}]
)
def test_any_json_object_is_metadata(value: dict[str, Any]) -> None:
    faults = Faults()
    assert values.read_metadata(value, faults) == value and not faults
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize("value", [None, [], "x", 1, {"a": float("nan")}, {"a": [{"b": float("inf")}]}, nested(64)])
def test_but_not_what_cannot_be_given_back(value: Any) -> None:
    faults = Faults()
    values.read_metadata(value, faults)
    assert list(faults) == ["metadata"]


def test_metadata_may_be_as_long_as_the_text_of_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    assert values.MAX_TEXT >= 64 << 20
    monkeypatch.setattr(values, "MAX_TEXT", 1000)
    for length, fine in ((1000 - len('{"a":""}'), True), (1000, False)):
        faults = Faults()
        values.read_metadata({"a": "\u00e9" * length}, faults)
        assert list(faults) == ([] if fine else ["metadata"])


def test_so_may_a_description_and_it_is_read_in_no_time() -> None:
    faults, text = Faults(), "\u00e9x" * (8 << 20)
    before = time.process_time()
    assert values.read_text(text, faults, "description") == text and not faults
    assert time.process_time() - before < 1
    values.read_text("x" * (values.MAX_TEXT + 1), faults, "description")
    assert list(faults) == ["description"]


@pytest.mark.parametrize("value", ["", "  \n", None, 5, "x" * 257, "a\0", "\ud800"])
def test_names_that_are_none(value: Any) -> None:
    faults = Faults()
    values.read_name(value, faults)
    assert list(faults) == ["name"]


@pytest.mark.parametrize("value", ["x", "123", "x" * 256, "Ünïcode 🐕", " padded "])
def test_names_are_kept_letter_for_letter(value: str) -> None:
    faults = Faults()
    assert values.read_name(value, faults) == value and not faults


@pytest.mark.parametrize(
    ("value", "at"), [({}, "postprocessings"), (None, "postprocessings"), ([{}, 1], "postprocessings[1]")]
)
def test_postprocessings_are_a_list_of_objects(value: Any, at: str) -> None:
    faults = Faults()
    values.read_postprocessings(value, faults)
    assert list(faults) == [at]
    assert values.read_postprocessings([{"classification": {"x": 1}}], Faults()) == [{"classification": {"x": 1}}]


def test_the_depth_of_a_value_is_counted_without_recursion() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert values.depth(deep) == values.MAX_DEPTH + 1
    assert (values.depth(1), values.depth({}), values.depth({"a": [1]})) == (1, 1, 3)
    while deep:  # or its end would recurse
        deep = deep[0]
