"""Bodies as they come over the wire: JSON, both encodings of forms, and everything that is wrong with them."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import UnsupportedMediaType

from embedding_explorer.api.networks import multipart, spool
from embedding_explorer.api.networks.bodies import Body, Schema, received
from embedding_explorer.errors import BadInput, InvalidFields, LimitExceeded
from embedding_explorer.settings import Settings

SCHEMA = Schema(("name", "metadata", "tags"), ("metadata", "tags"), lambda name: name not in ("name", "metadata"))
LEAVES = Schema(
    ("inputs", "outputs"), ("inputs", "outputs"), lambda name: name.endswith("source"), "outputs", file_leaves=True
)
FORM = "multipart/form-data; boundary=b"
Part = tuple[str, bytes] | tuple[str, bytes, str]


def form(*parts: Part) -> bytes:
    """A form: (name, text) or (name, bytes, filename)."""
    pieces = []
    for name, data, *filename in parts:
        as_file = f'; filename="{filename[0]}"' if filename else ""
        pieces.append(
            f'--b\r\nContent-Disposition: form-data; name="{name}"{as_file}\r\n\r\n'.encode() + data + b"\r\n"
        )
    return b"".join(pieces) + b"--b--\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "request"


def read(
    folder: Path, data: bytes, kind: str | None, schema: Schema = SCHEMA, most: int = 10**9, length: int | None = None,
    **headers: str,
) -> Body:  # fmt: skip
    with (
        Flask("test").test_request_context(
            "/", method="POST", input_stream=io.BytesIO(data), content_type=kind, headers=headers,
            environ_overrides={"CONTENT_LENGTH": str(length or len(data))},
        ),
        received(Settings(upload_stall_seconds=5), folder, schema, most, "EXPLORER_X") as body,
    ):  # fmt: skip
        body.faults.raise_any()
        return body


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded", None]
)
def test_a_json_object_is_taken_under_curls_default_type_too(folder: Path, kind: str | None) -> None:
    body = read(folder, b' {"name": "x", "metadata": {"a": [1, 2.5, null]}}', kind)
    assert body.fields == {"name": "x", "metadata": {"a": [1, 2.5, None]}} and not body.flat and not body.files


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"name=x", "application/x-www-form-urlencoded"),
        (b"[1]", "application/x-www-form-urlencoded"),
        (b'{"name": ', "application/x-www-form-urlencoded"),
        (b"", None),
        (b"name", None),
        (b"{}", "text/plain"),
        (b"{}", "application/vnd.api+json"),
        (b"x", "multipart/mixed; boundary=b"),
    ],
)
def test_other_types_are_unsupported(folder: Path, data: bytes, kind: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        read(folder, data, kind)


def test_a_compressed_body_is_unsupported(folder: Path) -> None:
    with pytest.raises(UnsupportedMediaType):
        read(folder, b"{}", "application/json", **{"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b'"x"', b"{", b'{"a": \xff}', b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"[" * 300 + b"]" * 300 + b"}",
     b'{"a": ' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_no_json_object_is_bad_input(folder: Path, data: bytes) -> None:
    with pytest.raises(BadInput):
        read(folder, data, "application/json")


def test_json_that_would_swell_in_memory_is_refused_before_it_is_parsed(folder: Path) -> None:
    with pytest.raises(BadInput, match="values"):
        read(folder, b'{"a": [' + b"[]," * 1_000_001 + b"[]]}", "application/json")


def test_nor_does_another_encoding_hide_it(folder: Path) -> None:
    text = '["\u2200", {"a": [' + "[]," * 1_000_001 + "[]]}]"  # a byte of the sign is that of a quotation mark
    with pytest.raises(BadInput, match="values"):
        read(folder, text.encode("utf-16-le"), "application/json")


def test_but_not_a_long_text_for_its_commas(folder: Path) -> None:
    prose = 'so, [so], {so} \\ "so", ' * 300_000
    assert read(folder, json.dumps({"name": prose}).encode(), "application/json").fields == {"name": prose}


def test_a_form_of_json_texts_and_files(folder: Path) -> None:
    body = read(
        folder, form(("name", b"123"), ("metadata", b'{"epoch": 3}'), ("model.onnx", b"\0\r\n--x", "../../local")), FORM
    )
    assert body.fields == {"name": "123", "metadata": {"epoch": 3}} and not body.flat
    assert [(part.name, part.path.read_bytes(), part.path.parent) for part in body.files] == [
        ("model.onnx", b"\0\r\n--x", folder)
    ]


def test_a_flattened_form_keeps_its_leaves_as_texts(folder: Path) -> None:
    body = read(
        folder, form(("metadata.epoch", b"3"), ("metadata.best", b"True"), ("tags[1]", b"b"), ("tags[0]", b"a")), FORM
    )
    assert body.fields == {"metadata": {"epoch": "3", "best": "True"}, "tags": ["a", "b"]}
    assert body.flat == {"metadata", "tags"}


def test_a_file_under_the_name_of_a_field_is_its_text(folder: Path) -> None:
    body = read(folder, form(("metadata", b'{"a": 1}', "metadata.json")), FORM)
    assert body.fields == {"metadata": {"a": 1}} and not body.files


@pytest.mark.parametrize(
    ("parts", "at", "code"),
    [
        ([("deploy.prototxt", b"./deploy.prototxt")], "deploy.prototxt", "unknown_field"),
        ([("other", b"x")], "other", "unknown_field"),
        ([("name.x", b"x")], "name.x", "invalid"),
        ([("name", b"x"), ("name", b"y")], "name", "invalid"),
        ([("metadata", b"{"), ("name", b"x")], "metadata", "invalid"),
        ([("metadata", b"{}"), ("metadata.a", b"x")], "metadata", "invalid"),
        ([("metadata.a", b"x"), ("metadata", b"{}")], "metadata", "invalid"),
        ([("tags[1]", b"x")], "tags", "invalid"),
        ([("tags[1000]", b"x")], "tags[1000]", "invalid"),
        ([("metadata[", b"x")], "metadata[", "invalid"),
        ([("name", b"\xff\xfe")], "name", "invalid"),
        ([("tags[0]a", b"\xff\xfe")], "tags[0].a", "invalid"),
        ([("tags[0]a", b"x"), ("tags[0].a", b"x")], "tags[0].a", "invalid"),
        ([("name[0]a", b"x")], "name[0].a", "invalid"),
    ],
)
def test_faults_of_a_form_are_named(folder: Path, parts: list[Part], at: str, code: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        read(folder, form(*parts), FORM)
    assert (list(refused.value.fields), refused.value.code) == ([at], code)


def test_a_text_that_should_have_been_a_file_is_told_apart(folder: Path) -> None:
    with pytest.raises(InvalidFields, match="as text, not as a file"):
        read(folder, form(("model.onnx", b"./none")), FORM)


def test_a_file_that_has_no_place_is_not_said_to_be_a_text(folder: Path) -> None:
    with pytest.raises(InvalidFields, match=r"known are inputs, outputs$") as refused:
        read(folder, form(("model.onnx", b"\xff", "model.onnx")), FORM, LEAVES)
    assert (list(refused.value.fields), refused.value.code) == (["model.onnx"], "unknown_field")


def test_files_are_leaves_where_the_schema_says_so(folder: Path) -> None:
    parts = (("inputs[0]image.source", b"\x89PNG", "dog.png"), ("inputs[0].image.crop", b"False"))
    body = read(folder, form(*parts), FORM, LEAVES)
    image = body.fields["inputs"][0]["image"]
    assert image["crop"] == "False" and image["source"].path.read_bytes() == b"\x89PNG" and not body.files


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ([("outputs", b"a")], ["a"]),
        ([("outputs", b"a"), ("outputs", b"b"), ("outputs", b"a")], ["a", "b", "a"]),
        ([("outputs", b' ["a", "b"]')], ["a", "b"]),
        ([("outputs[1]", b"b"), ("outputs[0]", b"a")], ["a", "b"]),
    ],
)
def test_a_repeated_field_comes_in_four_ways(folder: Path, parts: list[Part], names: list[str]) -> None:
    assert read(folder, form(*parts), FORM, LEAVES).fields == {"outputs": names}


@pytest.mark.parametrize(
    "parts", [[("outputs", b"a"), ("outputs[0]", b"b")], [("outputs", b"a"), ("outputs", b'["b"]')]]
)
def test_but_not_in_two_of_them(folder: Path, parts: list[Part]) -> None:
    with pytest.raises(InvalidFields):
        read(folder, form(*parts), FORM, LEAVES)


def test_texts_of_many_megabytes_and_thousands_of_parts_are_taken(folder: Path) -> None:
    large = b"x" * (64 << 20)
    assert read(folder, form(("name", large)), FORM).fields == {"name": large.decode()}
    many = [(f"metadata.k{i}", b"v") for i in range(9_990)]
    assert len(read(folder, form(*many), FORM).fields["metadata"]) == 9_990


def test_a_form_may_have_thousands_of_files(folder: Path) -> None:
    files = [(f"f{i}", b"x", "x") for i in range(1_101)]
    assert len(read(folder, form(*files), FORM).files) == 1_101


def test_much_text_waits_on_disk_and_not_in_memory(folder: Path) -> None:
    texts = spool.Spool(folder)
    texts.append(b"a" * 100)
    before = texts.size
    texts.append(b"b" * (2 << 20))
    assert texts._file is not None and texts._file._rolled  # type: ignore[attr-defined]
    assert texts.read((before, before + 3)) == b"bbb" and texts.read((0, 100)) == b"a" * 100
    texts.close()
    assert list(folder.iterdir()) == []


def test_bounds_of_bytes_texts_parts_and_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimitExceeded, match="EXPLORER_X"):
        read(folder, form(("a", b"x" * 1000, "f")), FORM, most=500)
    monkeypatch.setattr(spool, "MAX_TEXT", 100)
    with pytest.raises(LimitExceeded, match="100 bytes"):
        read(folder, form(("name", b"x" * 101)), FORM)
    monkeypatch.setattr(multipart, "MAX_PARTS", 3)
    with pytest.raises(LimitExceeded, match="parts"):
        read(folder, form(*[(f"metadata.{i}", b"x") for i in range(4)]), FORM)
    monkeypatch.setattr(multipart, "MAX_FILES", 2)
    with pytest.raises(LimitExceeded, match="files"):
        read(folder, form(*[(f"f{i}", b"x", "x") for i in range(3)]), FORM)


@pytest.mark.parametrize(
    "data",
    [b"", b"nothing", form(("name", b"x"))[:-8], b"--b\r\n\r\nx\r\n--b--", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
     b"--b\r\nContent-Disposition: form-data; name=\"" + b"n" * 600_000],
)  # fmt: skip
def test_broken_forms_are_bad_input(folder: Path, data: bytes) -> None:
    with pytest.raises((BadInput, LimitExceeded)):
        read(folder, data, FORM)
    with pytest.raises(BadInput, match="boundary"):
        read(folder, data, "multipart/form-data")


def test_a_form_that_broke_off_says_so(folder: Path) -> None:
    whole = form(("a", b"x" * 100_000, "f"))
    with pytest.raises(BadInput, match=f"broke off after 5000 of {len(whole)}"):
        read(folder, whole[:5000], FORM, length=len(whole))


@pytest.mark.parametrize("filename", ["na\u00efve.onnx", "a;b.onnx", r"C:\\x.onnx", ""])
def test_local_file_names_do_not_matter(folder: Path, filename: str) -> None:
    for encoding in ("utf-8", "latin-1"):
        data = form(("m.onnx", b"x", "@@")).replace(b"@@", filename.encode(encoding))
        (part,) = read(folder / encoding, data, FORM).files
        assert part.name == "m.onnx"


def test_a_list_of_json_is_kept_as_it_is(folder: Path) -> None:
    value: Any = {"metadata": {"z": 1, "a": {"NaN": [True, False]}}}
    assert json.dumps(read(folder, json.dumps(value).encode(), "application/json").fields) == json.dumps(value)
