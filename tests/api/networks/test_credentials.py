import pytest
from flask import Flask
from flask.testing import FlaskClient

from embedding_explorer.api import networks
from embedding_explorer.api.networks import credentials
from embedding_explorer.errors import StartError
from embedding_explorer.server import check_keys
from embedding_explorer.settings import Settings


def client(keys: str) -> FlaskClient:
    app = Flask("test")
    networks.install(app, keys)
    for path in ("/v0.7/networks", "/status", "/v0.70"):
        app.add_url_rule(path, path, lambda: "ok")
    return app.test_client()


@pytest.mark.parametrize("keys", ["", " ", ",", " , "])
def test_without_keys_everybody_is_let_in(keys: str) -> None:
    assert client(keys).get("/v0.7/networks").status_code == 200
    assert client(keys).get("/v0.7/networks", headers={"X-API-KEY": "any"}).status_code == 200


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (None, 401),
        ("", 401),
        ("wrong", 401),
        ("one", 200),
        ("two", 200),
        ("one,two", 401),
        ("on", 401),
        ("onee", 401),
        ("\u00fc", 401),
    ],
)
def test_any_of_several_keys_opens(key: str | None, status: int) -> None:
    headers = {"X-APP-ID": "ignored"} | ({} if key is None else {"X-API-KEY": key})
    assert client("one, two ,").get("/v0.7/networks", headers=headers).status_code == status


def test_an_address_that_does_not_exist_asks_for_a_key_too_and_others_do_not() -> None:
    asked = client("k")
    assert [asked.get(path).status_code for path in ("/v0.7/nothing", "/v0.7", "/v0.7/")] == [401] * 3
    assert [asked.get(path).status_code for path in ("/status", "/v0.70")] == [200] * 2


def test_a_preflight_needs_no_key_and_other_options_do() -> None:
    asked, preflight = client("k"), {"Origin": "http://localhost", "Access-Control-Request-Method": "GET"}
    assert asked.options("/v0.7/networks", headers=preflight).status_code == 200
    assert asked.options("/v0.7/networks").status_code == 401
    assert asked.options("/v0.7/networks", headers={"X-API-KEY": "k"}).status_code == 200
    assert asked.get("/v0.7/networks", headers=preflight).status_code == 401


def test_all_keys_are_compared_whatever_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = credentials.hmac.compare_digest

    def noting(a: bytes, b: bytes) -> bool:
        compared.append(b)
        return real(a, b)

    monkeypatch.setattr(credentials.hmac, "compare_digest", noting)
    assert client("one,two,three").get("/v0.7/networks", headers={"X-API-KEY": "one"}).status_code == 200
    assert len(compared) == 3 and len({len(each) for each in compared}) == 1


@pytest.mark.parametrize("keys", ["schlüssel", "one, 鍵", "a\tb", "\x7f"])
def test_keys_that_no_header_carries_stop_the_start(keys: str) -> None:
    with pytest.raises(StartError, match="EXPLORER_API_KEY"):
        check_keys(Settings(api_key=keys))
    check_keys(Settings(api_key="one, two-$%&,"))
