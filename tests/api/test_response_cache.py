import gzip
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from embedding_explorer.api.wire import JSON, REVALIDATE, ResponseCache, section_answer
from embedding_explorer.errors import StorageFull


@pytest.fixture
def app() -> Flask:
    return Flask("test")


def answer(app: Flask, cache: ResponseCache, key: str, body: bytes, calls: list[str], **headers: str):  # type: ignore[no-untyped-def]
    def make() -> bytes:
        calls.append(key)
        time.sleep(0.02)
        return body

    with app.test_request_context(headers=headers):
        response = cache.answer((key,), JSON, make, REVALIDATE)
        response.direct_passthrough = False
        return response.status_code, response.get_data(), dict(response.headers)


def test_a_body_is_made_once_however_many_ask_at_the_same_time(app: Flask, tmp_path: Path) -> None:
    cache, calls, got = ResponseCache(tmp_path / "c", 10**6), [], []
    threads = [threading.Thread(target=lambda: got.append(answer(app, cache, "k", b"[1]", calls)[1])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["k"] and got == [b"[1]"] * 8


def test_the_gzipped_form_has_a_tag_of_its_own_and_the_same_content(app: Flask, tmp_path: Path) -> None:
    cache, body = ResponseCache(tmp_path / "c", 10**6), b"[0.5]" * 9999
    _, plain, plain_headers = answer(app, cache, "k", body, [])
    _, packed, headers = answer(app, cache, "k", body, [], **{"Accept-Encoding": "gzip"})
    assert plain == body and gzip.decompress(packed) == body
    assert headers["Content-Encoding"] == "gzip" and headers["ETag"] != plain_headers["ETag"]


def test_a_known_tag_is_answered_without_making_the_body(app: Flask, tmp_path: Path) -> None:
    cache, calls = ResponseCache(tmp_path / "c", 10**6), []
    _, _, headers = answer(app, cache, "k", b"[1]", calls)
    (tmp_path / "c" / headers["ETag"].strip('"')).unlink()
    status, body, _ = answer(app, cache, "k", b"[1]", calls, **{"If-None-Match": headers["ETag"]})
    assert (status, body, calls) == (304, b"", ["k"])


def test_the_folder_stays_within_its_bound_and_the_least_used_goes_first(app: Flask, tmp_path: Path) -> None:
    cache, calls = ResponseCache(tmp_path / "c", 3000), []
    for number, key in enumerate("abc"):
        answer(app, cache, key, b"x" * 1000, calls)
        for file in (tmp_path / "c").iterdir():
            if file.stat().st_mtime > 10**9:
                os.utime(file, (number, number))
    answer(app, cache, "a", b"x" * 1000, calls)  # used again
    answer(app, cache, "d", b"x" * 1000, calls)
    assert sum(file.stat().st_size for file in (tmp_path / "c").iterdir()) <= 3000
    calls.clear()
    answer(app, cache, "a", b"x" * 1000, calls)
    assert calls == []
    answer(app, cache, "b", b"x" * 1000, calls)
    assert calls == ["b"]


@pytest.mark.parametrize("size", [0, 10, 300_000, 1_000_000])
def test_a_section_of_a_file_is_sent_exactly(app: Flask, tmp_path: Path, size: int) -> None:
    content = os.urandom(size + 30)
    (tmp_path / "f").write_bytes(content)
    response = section_answer(tmp_path / "f", 10, size, "application/octet-stream")
    response.direct_passthrough = False
    assert response.get_data() == content[10 : 10 + size] and int(response.headers["Content-Length"]) == size


def test_a_failure_while_making_leaves_nothing_behind(app: Flask, tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "c", 10**6)

    def fail() -> bytes:
        raise OSError(28, "No space left on device")

    with app.test_request_context(), pytest.raises(StorageFull, match="No space"):
        cache.answer(("k",), JSON, fail, REVALIDATE)
    assert not list((tmp_path / "c").iterdir())


def test_what_one_dataset_owns_lies_in_its_folder_and_counts_with_the_rest(app: Flask, tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "c", 2500)
    for number, owner in enumerate(("one", "two", "two")):
        path = cache.kept_file(f"tag{number}", lambda file: file.write_bytes(b"x" * 1000) and None, owner)
        os.utime(path, (number, number))
        assert path == tmp_path / "c" / owner / f"tag{number}" and cache.has(f"tag{number}", owner)
    assert not cache.has("tag0", "one") and cache.has("tag1", "two") and not cache.has("tag1", "one")


def test_a_file_that_had_to_make_room_at_once_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, made = ResponseCache(tmp_path / "c", 10**6), []

    def write(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"x")

    keep = cache.keep

    def keep_and_lose(etag: str, write: Callable[[Path], None], owner: str = "") -> None:
        keep(etag, write, owner)
        if len(made) == 1:
            (cache.folder / owner / etag).unlink()

    monkeypatch.setattr(cache, "keep", keep_and_lose)
    assert cache.kept_file("tag", write).read_bytes() == b"x" and len(made) == 2


@pytest.mark.parametrize("makers", [1, 2])
def test_only_so_many_bodies_are_made_at_a_time(tmp_path: Path, makers: int) -> None:
    cache, now, most, lock = ResponseCache(tmp_path / "c", 10**6, makers), 0, 0, threading.Lock()

    def write(path: Path) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        path.write_bytes(b"x")
        with lock:
            now -= 1

    threads = [threading.Thread(target=cache.kept_file, args=(f"tag{n}", write)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= makers
