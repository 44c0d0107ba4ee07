"""The shells of the run-log pages: what is said without scripts, escaped, under the page's policy."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embedding_explorer.api.run_logs import pages
from embedding_explorer.errors import NotFound
from embedding_explorer.settings import Settings


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    run = tmp_path / "runs" / "ada <b>" / "a&b%"
    run.mkdir(parents=True)
    (run / "events.out.x").touch()
    runtime: Any = SimpleNamespace(settings=Settings(data=tmp_path))
    app = Flask("test")
    app.register_blueprint(pages.make(runtime))
    return app.test_client()


def test_datasets_are_links_without_any_script(client: FlaskClient) -> None:
    answer = client.get("/logs")
    assert answer.content_type == "text/html; charset=utf-8"
    assert '<a href="/logs/ada%20%3Cb%3E/a%26b%25">ada &lt;b&gt; / a&amp;b%</a>' in answer.text
    assert 'data-whole="no"' in answer.text


def test_a_name_is_text_and_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/logs/%22%3E%3Cscript%3E/x")
    assert answer.status_code == 200
    assert "<script>/" not in answer.text
    assert 'data-user="&quot;&gt;&lt;script&gt;"' in answer.text


def test_only_sounds_are_allowed_beside_what_the_map_page_may(client: FlaskClient) -> None:
    policy = client.get("/logs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "media-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<style" not in client.get("/logs").text


@pytest.mark.parametrize("path", ["/logs/ada", "/logs/ada/", "/logs/a/b/c", "/logs/a//"])
def test_other_addresses_are_no_pages(client: FlaskClient, path: str) -> None:
    client.application.config["TESTING"] = True
    with pytest.raises(NotFound):
        client.get(path)


def test_without_any_log_the_page_says_how_to_come_by_one(client: FlaskClient, tmp_path: Path) -> None:
    assert "no run logs yet" not in client.get("/logs").text
    shutil.rmtree(tmp_path / "runs")
    said = client.get("/logs").text
    assert 'no run logs yet. <a href="/training">' in said and "EXPLORER_LOGS_ROOT" in said
