"""Pages of which origins may read the explorer's answers."""

import pytest
from flask import Flask

from embedding_explorer.api import cors


@pytest.mark.parametrize(
    ("origins", "asked", "told"),
    [
        (["*"], "https://b.example", "*"),
        (["https://a.example"], "https://a.example", "https://a.example"),
        (["https://a.example"], "https://b.example", None),
        ([], "https://a.example", None),
    ],
)
def test_who_may_read(origins: list[str], asked: str, told: str | None) -> None:
    app = Flask("test")
    app.add_url_rule("/x", "x", lambda: "x")
    cors.install(app, origins)
    answer = app.test_client().get("/x", headers={"Origin": asked})
    assert answer.headers.get("Access-Control-Allow-Origin") == told
    # What is kept for one origin must not be given to another.
    assert ("Origin" in answer.headers.get("Vary", "")) == ("*" not in origins)


def test_nobody_else_may_write() -> None:
    app = Flask("test")
    app.add_url_rule("/x", "x", lambda: "x", methods=["POST"])
    cors.install(app, ["https://a.example"])
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "DELETE"}
    answer = app.test_client().options("/x", headers=asked)
    assert "DELETE" not in answer.headers.get("Access-Control-Allow-Methods", "")
