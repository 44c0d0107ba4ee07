from urllib.parse import urlencode

import pytest
from flask import Flask

from embedding_explorer.api.networks.tasks import MAX_IDS, wanted_ids
from embedding_explorer.errors import InvalidFields


def ids(*texts: str) -> list[int] | None:
    with Flask("test").test_request_context(f"/?{urlencode([('task_ids', text) for text in texts])}"):
        return wanted_ids()


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ([], None),
        ([""], []),
        (["3", "1", "3"], [3, 1]),
        (["3, 1,,3"], [3, 1]),
        (['[3, "1"]', "2"], [3, 1, 2]),
        (["007", "7"], [7]),
        (["0" * 5000 + "7"], [7]),
    ],
)
def test_ids_come_in_three_forms_each_once(texts: list[str], wanted: list[int] | None) -> None:
    assert ids(*texts) == wanted


@pytest.mark.parametrize("number", ["-1", "-0", "9" * 20, "9" * 31, "9" * 5000, "-" + "9" * 5000])
def test_numbers_that_no_task_can_have_are_left_out(number: str) -> None:
    assert ids("5", number, "6") == ids(f"5,{number},6") == ids(f"[5, {number.replace('-0', '-1')}, 6]") == [5, 6]
    assert ids(f'["5", "{number}", "6"]') == [5, 6]


@pytest.mark.parametrize(
    "text", ["x", "1,y", "[1", '["a"]', "[[1]]", "[1.5]", "[true]", "1.0", "+1", "--1", "1e3", "\u0663", "[" * 5000]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        ids(text)
    assert list(refused.value.fields) == ["task_ids"]


def test_so_are_too_many() -> None:
    assert ids(",".join(map(str, range(MAX_IDS)))) == list(range(MAX_IDS))
    with pytest.raises(InvalidFields):
        ids(",".join(["1"] * (MAX_IDS + 1)))
