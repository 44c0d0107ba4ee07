"""The training API: the model store (contract, 7.5), with a real server and a real web folder."""

import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.contracts.digits_api import ID, Digits, check_error
from tests.contracts.test_digits_pretrained import content_of, downloaded, first_class
from tests.servers import QuickServer


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, digits_server: QuickServer, classifier: str) -> Iterator[str]:
    """The address of a store with a good model and a bad one."""
    folder = tmp_path_factory.mktemp("shop")
    for name in ("good", "bad"):
        (folder / name).mkdir()
        for file, data in content_of(downloaded(Digits(digits_server), classifier), "tar.gz").items():
            (folder / name / file).write_bytes(data)
    (folder / "good" / "aux.json").write_text('{"license": "free"}')
    (folder / "bad" / "labels.txt").unlink()
    (folder / "master.json").write_text(json.dumps({"msg": "Hello", "children": ["good", "bad", "gone"]}))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def customer(tmp_path_factory: pytest.TempPathFactory, shop: str, pictures: Path) -> Iterator[Digits]:
    """Somebody at a server that knows the store, and another one that does not answer."""
    stores = f"http://127.0.0.1:9/,{shop}"
    data = tmp_path_factory.mktemp("customer") / "data"
    running = QuickServer(data, model_store_url=stores, data_roots=str(pictures))
    yield Digits(running)
    running.kill()


def test_the_list(customer: Digits, shop: str) -> None:
    found = customer.json("/store/models")
    assert list(found) == [shop]
    assert (found[shop]["base_url"], found[shop]["welcome_msg"]) == (shop, "Hello")
    good, bad = found[shop]["model_list"]
    assert (good["dir_name"], bad["dir_name"]) == ("good", "bad")
    assert good["info"]["name"] == "Classes" and good["aux"] == {"license": "free"} and bad["aux"] == {}
    assert customer.json("/store/models") == found
    fresh = customer.json("/store/models?refresh=1")
    assert fresh[shop]["model_list"][0]["id"] != good["id"]
    assert "Classes" in customer.get("/store/list").text


def test_a_model_is_fetched(customer: Digits, shop: str, pictures: Path, digits: Digits, classifier: str) -> None:
    good = customer.json("/store/models")[shop]["model_list"][0]["id"]
    answer = customer.get(f"/store/push?id={good}")
    assert answer.status_code == 200 and ID.fullmatch(answer.text) and "text/plain" in answer.headers["Content-Type"]
    rows = customer.json("/pretrained_models.json")["pretrained_models"]
    assert [(row["id"], row["name"], row["username"]) for row in rows] == [(answer.text, "Classes", customer.user)]
    assert first_class(customer, answer.text, pictures) == first_class(digits, classifier, pictures)
    assert customer.json(f"/store/progress.json?id={good}") == {"model_id": good, "progress": None}


def test_what_cannot_be_fetched(customer: Digits, shop: str) -> None:
    bad = customer.json("/store/models")[shop]["model_list"][1]["id"]
    accept = {"headers": {"Accept": "application/json"}}
    before = customer.json("/pretrained_models.json")
    check_error(customer.get(f"/store/push?id={bad}", **accept), 400, "BadRequest")
    check_error(customer.get("/store/push?id=11111111-2222-3333-4444-555555555555", **accept), 404, "NotFound")
    check_error(customer.get("/store/push", **accept), 400, "BadRequest")
    nobody = Digits(customer.server, None)
    check_error(nobody.get(f"/store/push?id={bad}", **accept), 401, "Unauthorized")
    assert nobody.get("/store/models").status_code == 200
    assert customer.json("/pretrained_models.json") == before


def test_without_a_store_there_is_nothing(digits: Digits) -> None:
    assert digits.json("/store/models") == {}
