import time
from typing import Any

import pytest
from flask import Flask

from embedding_explorer.api.networks.pages import MAX_OFFSET, Page
from embedding_explorer.errors import InvalidFields


def page(query: str, count: int = 5, base: str = "http://example.org:8000") -> dict[str, Any]:
    with Flask("test").test_request_context(f"/v0.7/networks/?{query}", base_url=base):
        return Page.asked_for().to_json(count, [])


def links(query: str, count: int = 5) -> tuple[str | None, str | None]:
    made = page(query, count)
    assert made["prev"] == made["previous"] and made["count"] == count
    return made["next"], made["previous"]


AT = "http://example.org:8000/v0.7/networks/?"


@pytest.mark.parametrize(
    ("query", "following", "previous"),
    [
        ("", None, None),
        ("limit=2", "limit=2&offset=2", None),
        ("limit=2&offset=2", "limit=2&offset=4", "limit=2&offset=0"),
        ("offset=4&limit=2", None, "limit=2&offset=2"),
        ("offset=1&limit=2", "limit=2&offset=3", "limit=2&offset=0"),
        ("offset=5", None, "limit=100&offset=0"),
        ("offset=900&limit=3", None, "limit=3&offset=897"),
        ("limit=5", None, None),
        ("public=1&x=a&x=b&limit=2&offset=0", "public=1&x=a&x=b&limit=2&offset=2", None),
        ("task_ids=1&task_ids=2&limit=1", "task_ids=1&task_ids=2&limit=1&offset=1", None),
        ("q=%C3%BC%26%20b&limit=4", "q=%C3%BC%26+b&limit=4&offset=4", None),
    ],
)
def test_links_are_absolute_and_keep_the_rest_of_the_query(
    query: str, following: str | None, previous: str | None
) -> None:
    assert links(query) == (following and AT + following, previous and AT + previous)


def test_scheme_and_host_are_those_of_the_request() -> None:
    assert page("limit=1", base="https://maps.example")["next"].startswith("https://maps.example/v0.7/networks/?")


@pytest.mark.parametrize("host", ["wwzd_api:5000", "wwzd_api", "a~b.c:1", "[::1]:5000", "MAPS.example"])
def test_every_plain_host_is_kept(host: str) -> None:
    assert next_at(host) == f"http://{host}/v0.7/networks/?limit=1&offset=1"


@pytest.mark.parametrize(
    "host", ['a_"b', "a_b'", "a_b/c", "a_b\r\nX: y", "a_b\0", "a b", "_" * 300, "a_b:123456", "u@a_b", "\xfc_", ""]
)
def test_other_hosts_do_not_go_into_an_address(host: str) -> None:
    assert next_at(host) == "http://own.example:8000/v0.7/networks/?limit=1&offset=1"


def next_at(host: str) -> Any:
    """The next page for a request with that header."""
    environ = {"HTTP_HOST": host, "SERVER_NAME": "own.example", "SERVER_PORT": "8000"}
    with Flask("test").test_request_context("/v0.7/networks/?limit=1", environ_overrides=environ):
        return Page.asked_for().to_json(5, [])["next"]


def test_a_page_has_at_most_a_thousand_entries() -> None:
    assert "limit=1000&offset=1000" in str(links("limit=5000", 3000)[0])


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=1.5", "limit"), ("limit=", "limit"),
     ("offset=-1", "offset"), ("offset=1e3", "offset"), ("offset=٣", "offset"), ("offset=+1", "offset"),
     (f"limit={'0' * 5000}", "limit"), (f"offset={'9' * 5000}x", "offset")],
)  # fmt: skip
def test_what_is_no_number_is_refused(query: str, field: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        page(query)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("digits", [19, 20, 30, 31, 5000])
def test_an_offset_beyond_all_lists_is_an_empty_page(digits: int) -> None:
    following, previous = links(f"limit=1&offset={'9' * digits}")
    assert following is None and previous == f"{AT}limit=1&offset={MAX_OFFSET - 1}"


@pytest.mark.parametrize("limit", ["1001", "9" * 31, "9" * 5000])
def test_a_limit_above_a_thousand_counts_as_a_thousand_however_long(limit: str) -> None:
    assert links(f"limit={limit}", 3000)[0] == f"{AT}limit=1000&offset=1000"


def test_noughts_in_front_change_nothing() -> None:
    assert links(f"limit={'0' * 40}2")[0] == f"{AT}limit=2&offset=2"


def test_a_number_of_many_noughts_is_refused_at_once() -> None:
    before = time.process_time()
    with pytest.raises(InvalidFields):
        page(f"limit={'0' * 100_000}x")
    assert time.process_time() - before < 2
