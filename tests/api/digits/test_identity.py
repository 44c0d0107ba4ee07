"""Names of users, and where a login may lead."""

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest, Unauthorized

from embedding_explorer.api.digits.fields import Form
from embedding_explorer.api.digits.identity import inside, is_name, user_of

APP = Flask("test")


@pytest.mark.parametrize("name", ["a", "alice", "a1._-", "z" * 200])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "A", "1a", "a b", "a\n", "-a", "ä", "z" * 201, "a/../b"])
def test_no_names(name: str) -> None:
    assert not is_name(name)


def test_the_query_wins_then_the_form_then_the_cookie() -> None:
    cookie = {"Cookie": "username=cookie"}
    with APP.test_request_context("/?username=query", headers=cookie):
        assert user_of(Form({"username": ["form"]})) == "query"
    with APP.test_request_context("/", headers=cookie):
        assert user_of(Form({"username": ["form"]})) == "form"
        assert user_of(Form({"username": [""]})) == user_of(Form()) == "cookie"
    with APP.test_request_context("/"), pytest.raises(Unauthorized):
        user_of(Form())
    with APP.test_request_context("/", headers={"Cookie": "username=BAD"}), pytest.raises(BadRequest):
        user_of(Form())


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/a/b?c=d", "/a/b?c=d"),
        ("/", "/"),
        ("http://here:5000/a?b", "/a?b"),
        ("http://here:5000", "/"),
        (None, None),
        ("", None),
        ("a", None),
        ("//there/a", None),
        ("///there/a", "/there/a"),
        ("http://there/a", None),
        ("http://here:5000//there", None),
        ("http:/a", None),
        ("ftp://here:5000/a", None),
        ("javascript:alert(1)", None),
        ("/\\there", None),
        ("/a\nb", None),
        ("http://[", None),
    ],
)
def test_only_addresses_of_this_host_are_followed(address: str | None, found: str | None) -> None:
    with APP.test_request_context("/", base_url="http://here:5000"):
        assert inside(address) == found
