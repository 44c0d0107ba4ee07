"""The page's files: what is served, how, and what never is."""

import gzip
import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embedding_explorer.api import errors, page

FILES = {
    "index.html": "<!doctype html><title>Map</title>",
    "main.js": "export const answer = 42;\n" * 50,
    "style/base.css": "body { margin: 0 }",
    "icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "app.webmanifest": "{}",
    "notes.md": "not for anybody",
    "tool.py": "print('no')",
    "plain": "no ending",
    ".hidden.js": "no",
    ".git/config.js": "no",
}
MIMETYPES = {
    "main.js": "text/javascript; charset=utf-8",
    "style/base.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "app.webmanifest": "application/manifest+json",
    "index.html": "text/html; charset=utf-8",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    for name, text in FILES.items():
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(text)
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "web-other").mkdir()
    (tmp_path / "web-other" / "x.js").write_text("secret")
    return web


@pytest.fixture
def client(folder: Path) -> FlaskClient:
    app = Flask("test")
    errors.install(app, 1000)
    app.register_blueprint(page.make(folder))
    return app.test_client()


def test_the_page_is_at_the_root_whatever_the_query(client: FlaskClient) -> None:
    for path in ("/", "/?dataset=x&camera=3d,0,0,0,1,0,0"):
        answer = client.get(path)
        assert answer.status_code == 200 and answer.text == FILES["index.html"]
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", MIMETYPES)
def test_files_have_their_types(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/web/{name}")
    assert answer.status_code == 200 and answer.text == FILES[name]
    assert answer.headers["Content-Type"] == MIMETYPES[name]


@pytest.mark.parametrize("path", ["/", "/web/main.js", "/web/icon.svg"])
def test_every_answer_forbids_what_the_page_does_not_need(client: FlaskClient, path: str) -> None:
    for answer in (client.get(path), client.head(path)):
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'" and policy["base-uri"] == "'none'"
        assert policy["form-action"] == "'none'" and policy["frame-ancestors"] == "'self'"
        for kind in ("script-src", "style-src", "connect-src", "worker-src", "manifest-src"):
            assert policy[kind] == "'self'"
        assert policy["img-src"] == "'self' blob: data:"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_files_are_asked_for_again_each_time_and_sent_when_they_changed(client: FlaskClient, folder: Path) -> None:
    first = client.get("/web/main.js")
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache" and not etag.startswith("W/")
    again = client.get("/web/main.js", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag and "Content-Security-Policy" in again.headers
    (folder / "main.js").write_text("export const answer = 43;")
    os.utime(folder / "main.js", ns=(5, 5))
    changed = client.get("/web/main.js", headers={"If-None-Match": etag})
    assert changed.status_code == 200 and "43" in changed.text and changed.headers["ETag"] != etag


def test_texts_come_compressed_under_another_tag(client: FlaskClient) -> None:
    plain = client.get("/web/main.js")
    packed = client.get("/web/main.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) and packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_the_head_of_a_file_is_that_of_its_answer(client: FlaskClient) -> None:
    head, answer = client.head("/web/main.js"), client.get("/web/main.js")
    assert head.data == b"" and head.headers["Content-Length"] == str(len(answer.data))
    assert head.headers["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize(
    "path",
    [
        "/web/nothing.js",
        "/web/",
        "/web/style",
        "/web/style/",
        "/web/main.js/",
        "/web/main.js/x.js",
        "/web/../secret.js",
        "/web/%2e%2e/secret.js",
        "/web/..%2fsecret.js",
        "/web/style/../../secret.js",
        "/web/style/..%2f..%2fsecret.js",
        "/web/..%5csecret.js",
        "/web//etc/passwd.js",
        "/web/%2fetc/passwd",
        "/web/../web-other/x.js",
        "/web/%00.js",
        "/web/main.js%00.css",
        "/web/main.js%0a",
        "/web/.hidden.js",
        "/web/.git/config.js",
        "/web/notes.md",
        "/web/tool.py",
        "/web/plain",
        "/web/" + "x" * 5000 + ".js",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404, answer.text
    assert "secret" not in answer.json["error"] or "secret.js" in path
    assert len(answer.json["error"]) < 300


def test_a_link_that_leads_out_is_not_followed(client: FlaskClient, folder: Path) -> None:
    (folder / "link.js").symlink_to(folder.parent / "secret.js")
    (folder / "linked").symlink_to(folder.parent / "web-other")
    for name in ("link.js", "linked/x.js"):
        assert client.get(f"/web/{name}").status_code == 404


def test_an_installation_without_the_page_says_so(client: FlaskClient, folder: Path) -> None:
    (folder / "index.html").unlink()
    answer = client.get("/")
    assert answer.status_code == 500
    assert "page's files are missing" in answer.json["error"] and "index.html" in answer.json["error"]


def test_the_page_cannot_be_posted_to(client: FlaskClient) -> None:
    assert client.post("/").status_code == 405 and client.put("/web/main.js").status_code == 405


def test_the_real_page_is_part_of_the_package() -> None:
    app = Flask("test")
    app.register_blueprint(page.make())
    answer = app.test_client().get("/")
    assert answer.status_code == 200 and "<title>" in answer.text
    # Whatever it asks for is there, and nothing of it is written into the page itself.
    for name in ("main.js", "core/camera.js"):
        assert app.test_client().get(f"/web/{name}").status_code == 200
    assert "<script>" not in answer.text and "style=" not in answer.text
