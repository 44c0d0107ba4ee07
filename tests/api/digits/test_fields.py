"""Forms in every encoding, for every method, within bounds."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest

from embedding_explorer.api.digits import fields
from embedding_explorer.api.digits.fields import Form, flag_of, number_of, received, whole_of
from embedding_explorer.errors import BadInput, LimitExceeded
from embedding_explorer.settings import Settings

APP = Flask("test")
SETTINGS = Settings(max_upload_bytes=50_000, upload_stall_seconds=5)


def read(folder: Path | None = None, settings: Settings = SETTINGS, **request: Any) -> Form:
    """The form of a request."""
    with APP.test_request_context("/", **request), received(settings, folder) as form:
        return form


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_method_brings_its_fields(method: str, tmp_path: Path) -> None:
    data = {"a": ["1", "2"], "b": "x y=&ä"}
    assert read(method=method, data=data).fields == {"a": ["1", "2"], "b": ["x y=&ä"]}
    form = read(tmp_path, method=method, data={**data, "f": (io.BytesIO(b"content"), "x/list.txt")})
    assert form.fields == {"a": ["1", "2"], "b": ["x y=&ä"]}
    assert form.files["f"].filename == "list.txt" and form.files["f"].path.read_bytes() == b"content"
    assert form.files["f"].path.parent == tmp_path and form.paths() == {"f": form.files["f"].path}


def test_files_are_dropped_where_nobody_wants_them_and_where_they_have_no_name(tmp_path: Path) -> None:
    sent = {"f": (io.BytesIO(b"content"), "list.txt"), "a": "1"}
    assert read(method="POST", data=sent) == Form({"a": ["1"]})
    nameless = b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\nx\r\n--b--\r\n'
    form = read(tmp_path, method="POST", data=nameless, content_type="multipart/form-data; boundary=b")
    assert form == Form() and not list(tmp_path.iterdir())


def test_the_first_of_two_files_counts_and_names_lead_nowhere(tmp_path: Path) -> None:
    sent = {"f": [(io.BytesIO(b"one"), "../../a"), (io.BytesIO(b"two"), "b")]}
    form = read(tmp_path, method="POST", data=sent)
    assert form.files["f"].path.read_bytes() == b"one" and form.files["f"].filename == "a"
    assert len(list(tmp_path.iterdir())) == 1


def test_no_body_and_unknown_bodies_bring_nothing() -> None:
    assert read(method="POST") == Form() == read(method="GET")
    assert read(method="POST", data=b'{"a": 1}', content_type="application/json") == Form()


def test_the_query_wins_where_a_value_may_come_either_way() -> None:
    form = Form({"job_id": ["form"], "a": ["1"], "b": ["1", "2"]})
    with APP.test_request_context("/?job_id=query&a=query"):
        assert (form.get("job_id"), form.get("a"), form.get("c")) == ("query", "1", None)
        assert form.values() == {"job_id": "query", "a": "1", "b": ["1", "2"]}
        assert form.required("job_id") == "query" and form.all("b") == ["1", "2"]
        with pytest.raises(BadRequest):
            form.required("c")


def test_bodies_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimitExceeded):
        read(method="POST", data={"f": (io.BytesIO(b"x" * 60_000), "f")})
    monkeypatch.setattr(fields, "MAX_TEXT", 1000)
    with pytest.raises(LimitExceeded):
        read(method="POST", data={"a": "x" * 2000})
    with pytest.raises(LimitExceeded):
        read(method="POST", data={"a": ["x" * 400] * 4, "f": (io.BytesIO(b"x"), "f")})
    assert read(tmp_path, method="POST", data={"f": (io.BytesIO(b"x" * 2000), "f")}).files


def test_broken_forms_are_refused() -> None:
    for body, kind in ((b"--b\r\nbroken", "multipart/form-data; boundary=b"), (b"x", "multipart/form-data")):
        with pytest.raises(BadInput):
            read(method="POST", data=body, content_type=kind)


def test_numbers() -> None:
    assert number_of("1.5", "n") == 1.5 and number_of(" ", "n") is None and number_of(None, "n", 2) == 2
    for text in ("x", "nan", "inf", "1_0", "1" * 400):
        with pytest.raises(BadRequest):
            number_of(text, "n")
    assert whole_of("7", "n", 0) == 7 and whole_of("", "n", 3) == 3
    for text in ("-1", "1.0", "٣", "9" * 30):
        with pytest.raises(BadRequest):
            whole_of(text, "n", 0)
    assert flag_of({"a": "no"}, "a") and not flag_of({"a": " "}, "a") and not flag_of({}, "a")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("data", [{"job_name": "a\0b"}, {"a\0": "b"}, {"a": ["fine", "\0"]}])
def test_zero_characters_are_refused_since_databases_refuse_them(kind: str, data: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="zero character"):
        read(method="POST", data=data, content_type=kind)


@pytest.mark.parametrize("body", [{}, {"data": {"a": "1"}}])
def test_so_they_are_in_a_query(body: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="group_name"):
        read(method="POST", query_string="group_name=a%00b", **body)
    assert read(method="POST", query_string="other=%00&group_name=a%ED%A0%80b", **body) == Form(
        {"a": ["1"]} if body else {}
    )
