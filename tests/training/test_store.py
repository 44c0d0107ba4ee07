import http.server
import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from embedding_explorer.errors import FetchFailed, LimitExceeded, NotFound, TooManyTasks
from embedding_explorer.training import store as room
from embedding_explorer.training.store import Store

INFO = {"name": "lenet", "framework": "pytorch", "snapshot file": "w.safetensors", "model file": "network.json"}
MOST = 10_000_000


def shelf(folder: Path, master: bool = True, **models: dict[str, Any]) -> Path:
    for name, info in models.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "info.json").write_text(json.dumps(info))
        (folder / name / "w.safetensors").write_bytes(b"w" * 300_000)
        (folder / name / "network.json").write_text("{}")
    if master:
        (folder / "master.json").write_text(json.dumps({"msg": "Welcome", "children": list(models)}))
    return folder


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a web server over the test's folder."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_web_folder_is_listed(tmp_path: Path, web: str) -> None:
    folder = shelf(tmp_path / "shop", lenet=INFO, other=INFO | {"name": "other"})
    (folder / "lenet" / "aux.json").write_text('{"license": "free"}')
    found = Store(f"{web}/shop", MOST).models()
    assert list(found) == [f"{web}/shop/"]
    listed = found[f"{web}/shop/"]
    assert (listed["base_url"], listed["welcome_msg"]) == (f"{web}/shop/", "Welcome")
    first, second = listed["model_list"]
    assert first["info"] == INFO and first["aux"] == {"license": "free"} and second["aux"] == {}
    assert first["dir_name"] == "lenet" and UUID(first["id"]) != UUID(second["id"])


def test_a_plain_listing_will_do(tmp_path: Path, web: str) -> None:
    shelf(tmp_path / "shop", master=False, **{"le net": INFO})
    (tmp_path / "shop" / "empty").mkdir()
    ((listed,)) = Store(f"{web}/shop/", MOST).models().values()
    assert [model["dir_name"] for model in listed["model_list"]] == ["le net"]


@pytest.mark.parametrize("address", ["{folder}", "{folder}/", "{folder}/master.json", "file://{folder}"])
def test_the_operator_may_name_a_folder(tmp_path: Path, address: str) -> None:
    shelf(tmp_path / "shop", lenet=INFO)
    store = Store(address.format(folder=tmp_path / "shop"), MOST)
    ((base, listed),) = store.models().items()
    assert base == f"{tmp_path}/shop/" and listed["welcome_msg"] == "Welcome"
    target = tmp_path / "new"
    target.mkdir()
    store.fetch(listed["model_list"][0]["id"], target)
    assert {path.name for path in target.iterdir()} == {"info.json", "w.safetensors", "network.json"}


def test_an_index_of_another_name(tmp_path: Path, web: str) -> None:
    shelf(tmp_path / "shop", lenet=INFO)
    (tmp_path / "shop" / "master.json").rename(tmp_path / "shop" / "list.json")
    assert Store(f"{web}/shop/list.json", MOST).models()[f"{web}/shop/"]["welcome_msg"] == "Welcome"


def test_stores_that_cannot_be_reached_are_left_out(tmp_path: Path, web: str) -> None:
    shelf(tmp_path / "shop", lenet=INFO)
    store = Store(f"http://127.0.0.1:9/, {web}/shop, /nowhere, ftp://x/, {web}/gone", MOST)
    assert list(store.models()) == [f"{web}/shop/"]
    assert Store("", MOST).models() == {}


def test_the_list_is_kept_for_a_day_and_refreshed_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shelf(tmp_path / "shop", lenet=INFO)
    store = Store(str(folder), MOST)
    before = store.models()
    shelf(folder, lenet2=INFO, master=True)
    assert store.models() == before
    ids = {model["id"] for model in store.models(refresh=True)[f"{folder}/"]["model_list"]}
    old = before[f"{folder}/"]["model_list"][0]["id"]
    assert ids and old not in ids
    with pytest.raises(NotFound):
        store.fetch(old, tmp_path)
    monkeypatch.setattr(room, "DAY", -1.0)
    short = Store(str(folder), MOST)
    assert short.models() != short.models()


def test_a_model_is_fetched_with_its_progress(tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf(tmp_path / "shop", lenet=INFO)
    store = Store(f"{web}/shop", MOST)
    id = store.models()[f"{web}/shop/"]["model_list"][0]["id"]
    seen: list[int | None] = []
    original = room.WebShelf.copy

    def copy(self: Any, name: str, target: Path, most: int, tell: room.Tell) -> None:
        original(self, name, target, most, lambda done, total: (tell(done, total), seen.append(store.progress(id)))[0])

    monkeypatch.setattr(room.WebShelf, "copy", copy)
    target = tmp_path / "new"
    target.mkdir()
    store.fetch(id, target)
    assert (target / "w.safetensors").read_bytes() == b"w" * 300_000
    assert json.loads((target / "info.json").read_text()) == INFO
    assert seen == sorted(seen, key=lambda value: value or 0) and 90 in seen and len(set(seen)) > 2
    assert store.progress(id) is None


def test_more_bytes_than_allowed_are_not_fetched(tmp_path: Path, web: str) -> None:
    shelf(tmp_path / "shop", lenet=INFO)
    for address in (f"{web}/shop", str(tmp_path / "shop")):
        store = Store(address, 100_000)
        ((listed,)) = store.models().values()
        target = tmp_path / f"new-{len(address)}"
        target.mkdir()
        with pytest.raises((FetchFailed, LimitExceeded)):
            store.fetch(listed["model_list"][0]["id"], target)


@pytest.mark.parametrize("labels", [b"", b"a\nb\n"])
@pytest.mark.parametrize("web_folder", [True, False])
def test_a_model_may_have_exactly_as_many_bytes_as_allowed(
    tmp_path: Path, web: str, labels: bytes, web_folder: bool
) -> None:
    """The last file may be empty, and one that is not finds room for itself."""
    folder = shelf(tmp_path / "shop", lenet=INFO | {"labels file": "labels.txt"})
    (folder / "lenet" / "labels.txt").write_bytes(labels)
    size = 300_000 + len("{}") + len(labels)
    for most in (size, size - 1):
        store = Store(f"{web}/shop" if web_folder else str(folder), most)
        ((listed,)) = store.models().values()
        id, target = listed["model_list"][0]["id"], tmp_path / str(most)
        target.mkdir()
        if most == size:
            store.fetch(id, target)
            assert (target / "labels.txt").read_bytes() == labels
        else:
            with pytest.raises(LimitExceeded, match=f"more than {most} bytes .EXPLORER_MAX_NETWORK_BYTES"):
                store.fetch(id, target)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "..", ""])
def test_files_elsewhere_are_neither_listed_nor_fetched(tmp_path: Path, name: str) -> None:
    folder = shelf(tmp_path / "shop", lenet=INFO | {"labels file": name} if name else {})
    (tmp_path / "secret").write_text("secret")
    (folder / "master.json").write_text(
        json.dumps({"children": [name, "../shop/lenet", 7, None, *(["lenet"] if name else [])]})
    )
    ((listed,)) = Store(str(folder), MOST).models().values()
    assert listed["model_list"] == []


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = shelf(tmp_path / "shop", lenet=INFO)
    (folder / "lenet" / "network.json").unlink()
    (folder / "lenet" / "network.json").symlink_to("/etc/passwd")
    store = Store(str(folder), MOST)
    ((listed,)) = store.models().values()
    target = tmp_path / "new"
    target.mkdir()
    with pytest.raises(FetchFailed):
        store.fetch(listed["model_list"][0]["id"], target)


def test_a_store_of_the_internet_may_not_lead_into_the_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "is_private", lambda url: False)
    shelf_, _ = room.shelf_of("http://localhost:9/shop", private=False)
    with pytest.raises(FetchFailed, match="private address"):
        shelf_.read("master.json", 5)


@pytest.mark.parametrize("text", ["[]", "{", "7", '{"children": 3}', '{"children": ["a", {"b": 1}]}'])
def test_odd_indexes_do_no_harm(tmp_path: Path, text: str) -> None:
    (tmp_path / "master.json").write_text(text)
    for listed in Store(str(tmp_path), MOST).models().values():
        assert listed["model_list"] == []


LONELY = "lone \ud800 surrogate"


@pytest.mark.parametrize("value", [1 << 64, LONELY, json.loads("[" * 300 + "]" * 300)])
def test_offers_that_no_answer_can_hold_are_left_out(tmp_path: Path, value: Any) -> None:
    folder = shelf(tmp_path / "shop", good=INFO, bad=INFO | {"x": value}, aux=INFO)
    (folder / "aux" / "aux.json").write_text(json.dumps({"x": value}))
    found = Store(str(folder), MOST).models()
    assert orjson.dumps(found)
    assert [model["dir_name"] for model in found[f"{folder}/"]["model_list"]] == ["good"]


def test_texts_of_an_index_can_be_told(tmp_path: Path) -> None:
    folder = shelf(tmp_path / "shop", good=INFO)
    (folder / "master.json").write_text(json.dumps({"msg": LONELY, "children": [LONELY, "good", "a\0b"]}))
    found = Store(str(folder), MOST).models()
    assert b"lone ? surrogate" in orjson.dumps(found) and len(found[f"{folder}/"]["model_list"]) == 1


def test_files_that_may_not_be_read_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, original = shelf(tmp_path / "shop", good=INFO, secret=INFO), Path.open

    def opened(path: Path, *arguments: Any, **more: Any) -> Any:
        if "secret" in path.parts:
            raise PermissionError(13, "Permission denied")
        return original(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", opened)
    ((listed,)) = Store(str(folder), MOST).models().values()
    assert [model["dir_name"] for model in listed["model_list"]] == ["good"]


class SlowReading:
    """Readings of the stores, each of which goes on until it is let go."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go, self.count = threading.Semaphore(0), threading.Event(), 0
        original = store._read

        def read() -> Any:
            self.count += 1
            found = original()
            self.begun.release()
            assert self.go.wait(30)
            return found

        monkeypatch.setattr(store, "_read", read)


def test_refreshes_share_what_was_read_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(shelf(tmp_path / "shop", lenet=INFO)), MOST, seats=4)
    before = store.models()
    slow = SlowReading(store, monkeypatch)
    threads = [threading.Thread(target=store.models, args=(True,)) for _ in range(4)]
    threads[0].start()
    assert slow.begun.acquire(timeout=10)
    for thread in threads[1:]:
        thread.start()
    while store._readers._value:
        time.sleep(0.01)
    assert store.models() is before  # who wants no refresh waits for none
    with pytest.raises(TooManyTasks):
        store.models(refresh=True)
    slow.go.set()
    for thread in threads:
        thread.join()
    assert slow.count == 2 and store.models() is not before


def test_only_so_many_models_are_fetched_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(shelf(tmp_path / "shop", lenet=INFO)), MOST, seats=1)
    ((listed,)) = store.models().values()
    id = listed["model_list"][0]["id"]
    begun, go = threading.Event(), threading.Event()

    def slowly(*_: object) -> None:
        begun.set()
        assert go.wait(30)

    monkeypatch.setattr(store, "_fetch", slowly)
    first = threading.Thread(target=store.fetch, args=(id, tmp_path))
    first.start()
    assert begun.wait(10)
    with pytest.raises(TooManyTasks):
        store.fetch(id, tmp_path)
    assert store.progress(id) == 0  # of the first one, still
    go.set()
    first.join()
    store.fetch(id, tmp_path)
