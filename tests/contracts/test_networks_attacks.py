"""What somebody hostile sends to the networks API. Nothing of it is executed, stored elsewhere, or a 5xx."""

import io
import json
import os
import pickle
import socket
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import encoded
from tests.contracts.networks_api import FIELDS, FILES, MODEL, PREPROCESSING, RED, Api, check_error
from tests.contracts.onnx_models import escaping_model, foreign_model
from tests.picture_host import redirect, web
from tests.servers import STARTED, QuickServer, answer_on


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def form(*parts: tuple[str, str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    """A form as it goes over the wire, of (name, more of its head, data)."""
    pieces = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + data + b"\r\n"
        for name, more, data in parts
    ]
    return b"".join(pieces) + end


FIELD_PARTS = [(name, "", text.encode()) for name, text in FIELDS.items()]
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def everything_in(folder: Path) -> set[str]:
    """All files below a folder but those of the database, which come and go."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "catalog.sqlite" not in path.name}


@pytest.mark.parametrize(
    "name",
    ["../evil", "..", ".", ".hidden", "a/b", "/etc/passwd", "a\\b", "a..b", "x" * 256, "café.onnx", "a b", "a:b", "%2e%2e%2f",
     "variables/x", "a\tb", "con|x", "-rf;ls", "files/../../../network.json"],
)  # fmt: skip
def test_file_names_that_lead_elsewhere_are_refused(api: Api, networks_server: QuickServer, name: str) -> None:
    before = everything_in(networks_server.data.parent)
    answer = api.submit(files={**FILES, name: ("x", b"evil")})
    check_error(answer, 400)
    assert everything_in(networks_server.data.parent) - before <= {networks_server.log.name, "data/staging"}


@pytest.mark.parametrize("name", ["a\0b", "a\r\nX-Evil: 1", "\x7f", ""])
def test_part_names_with_control_characters_are_refused(api: Api, name: str) -> None:
    body = form(*FIELD_PARTS, ("model.onnx", '; filename="m"', MODEL), (name, '; filename="m"', b"evil"))
    check_error(api.post("/networks", data=body, headers=FORM), 400)


def test_local_file_names_are_not_looked_at(api: Api) -> None:
    for local in ("../../../../tmp/evil", "C:\\evil", "x" * 5000, "\u202e.onnx", "a\0b"):
        assert api.submit(files={"model.onnx": (local, MODEL)}).status_code == 201


@pytest.mark.parametrize("model", [foreign_model(), escaping_model()])
def test_models_that_reach_out_are_refused(api: Api, model: bytes) -> None:
    check_error(api.submit(files={"model.onnx": ("m", model)}), 400, None, "files.model.onnx")


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pt2", "model.ts"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_pickles_are_never_executed(api: Api, tmp_path: Path, name: str, wrapped: bool) -> None:
    trap = tmp_path / "sprung"
    payload = pickle.dumps({"weight": Touch(trap)})
    if wrapped:  # as an archive of PyTorch
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("model/data.pkl", payload)
            archive.writestr("model/version", "3\n")
        payload = buffer.getvalue()
    files = {name: ("m", payload), "architecture.json": ("a", b'{"name": "resnet18"}')}
    answer = api.submit(files=files, framework="pytorch")
    assert answer.status_code in (201, 400), answer.text
    if answer.status_code == 201:
        assert api.wait(answer.json()["task_id"])["status"] == "error"
    assert not trap.exists()


def test_pickles_in_mean_files_are_never_executed(api: Api, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Touch(tmp_path / "sprung")], dtype=object), allow_pickle=True)
    image = PREPROCESSING["inputs"][0]["image"] | {"mean_file": "mean.npy"}
    text = json.dumps({"inputs": [{"tensor_name": "data", "image": image}]})
    answer = api.submit(files={**FILES, "mean.npy": ("m", buffer.getvalue())}, preprocessing=text)
    check_error(answer, 400, None, "preprocessing.inputs[0].image.mean_file")
    assert not (tmp_path / "sprung").exists()


def test_a_npy_header_that_lies_about_its_size_is_refused(api: Api) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((3, 1, 1)))
    lying = buffer.getvalue().replace(b"(3, 1, 1)", b"(3, 9**9)")
    huge = buffer.getvalue().replace(b"(3, 1, 1), }   ", b"(3, 99999999), }")
    image = PREPROCESSING["inputs"][0]["image"] | {"mean_file": "mean.npy"}
    text = json.dumps({"inputs": [{"tensor_name": "data", "image": image}]})
    for data in (lying, huge, buffer.getvalue()[:70], b"\x93NUMPY\x01\x00\xff\xff" + b"x" * 100):
        answer = api.submit(files={**FILES, "mean.npy": ("m", data)}, preprocessing=text)
        check_error(answer, 400, None, "preprocessing.inputs[0].image.mean_file")


@pytest.mark.parametrize(
    "leaves",
    [{"metadata.a": "1", "metadata.a.b": "2"}, {"metadata[0]": "1", "metadata.a": "2"}, {"metadata.a[1]": "x"},
     {"metadata.a[1000]": "x"}, {"metadata.a[99999999999999999999]": "x"}, {"metadata.a[-1]": "x"}, {"metadata.a[": "x"},
     {"metadata..a": "x"}, {"metadata.a]": "x"}, {"metadata" + ".a" * 100: "x"}, {"metadata.a[0][0" + "]" * 50: "x"},
     {"metadata": "{}", "metadata.a": "1"}, {"name.a": "x"}, {"name[0]": "x"}],
)  # fmt: skip
def test_names_of_parts_that_do_not_fit_together_are_refused(api: Api, leaves: dict[str, str]) -> None:
    check_error(api.submit(**leaves), 400)


def test_the_same_leaf_or_field_twice_is_refused(api: Api) -> None:
    for name, text in (("metadata.a", b"1"), ("name", b"x"), ("metadata", b"{}")):
        parts = [part for part in FIELD_PARTS if part[0] != name]
        body = form(*parts, ("model.onnx", '; filename="m"', MODEL), (name, "", text), (name, "", text))
        check_error(api.post("/networks", data=body, headers=FORM), 400, None, name)


def test_json_that_is_deep_long_or_odd_is_refused_in_no_time(api: Api) -> None:
    own = f"/networks/{api.create()['id']}"
    deep = "[" * 100_000 + "]" * 100_000
    for text in (
        deep,
        '{"a":' * 5000 + "1" + "}" * 5000,
        "[" + "0," * 2_000_000 + "0]",
    ):
        check_error(api.submit(metadata=text), 400, None, "metadata")
    headers = {"Content-Type": "application/json"}
    for body in (
        deep.encode(),
        b'{"inputs": ' + deep.encode() + b"}",
        b'{"name": "\\ud800"}',
        b'{"a": ' + b"9" * 10_000 + b"}",
    ):
        check_error(api.call("PATCH", own, data=body, headers=headers), 400)


def test_texts_that_no_database_takes_are_refused(api: Api, networks_server: QuickServer) -> None:
    own = f"/networks/{api.create()['id']}"
    for name in ("a\0b", "\ud800"):
        answer = api.call("PATCH", own, json={"name": name})
        check_error(answer, 400, None, "name")
    made = api.create(name="'; DROP TABLE networks; --", description="<script>alert(1)</script> \u202e 🎉")
    assert api.get(f"/networks/{made['id']}").json()["name"] == "'; DROP TABLE networks; --"
    assert api.get("/networks?limit=1000").json()["results"][-1]["description"].endswith("🎉")


@pytest.mark.parametrize(
    "body",
    [b"", b"--b\r\n", b"--b--\r\n", b"no form", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
     b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx', b"--b\r\n" + b"X-Head: " + b"x" * 900_000,
     form(("name", "", b"\xff\xfe")), form(*(("name", "", b"x"),) * 10_001)],
)  # fmt: skip
def test_broken_forms_are_400_or_413(api: Api, body: bytes) -> None:
    for kind in (
        FORM["Content-Type"],
        "multipart/form-data",
        'multipart/form-data; boundary=""',
        f"multipart/form-data; boundary={'y' * 5000}",
    ):
        answer = api.post("/networks", data=body, headers={"Content-Type": kind})
        check_error(answer, answer.status_code if answer.status_code == 413 else 400)


def test_compressed_bodies_are_not_unpacked(api: Api) -> None:
    own = f"/networks/{api.create()['id']}"
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    check_error(api.call("PATCH", own, data=b"\x1f\x8b", headers=headers), 415)


def test_pictures_of_too_many_pixels_are_refused_before_they_are_decoded(api: Api) -> None:
    large = io.BytesIO()
    Image.new("1", (20_000, 6_000)).save(large, "PNG")
    made = api.deployed()
    answer = api.infer(made["id"], picture=large.getvalue())
    assert answer.status_code in (400, 413) and "pixels" in answer.json()["error"], answer.text


def test_a_body_over_the_bound_is_413_before_it_is_read(networks_server: QuickServer, api: Api) -> None:
    own = f"/networks/{api.create()['id']}"
    for path, method in (
        ("/networks", b"POST"),
        (own, b"PATCH"),
        ("/networks/public/embedded/inference", b"POST"),
    ):
        with socket.create_connection(("127.0.0.1", networks_server.port), timeout=30) as connection:
            head = b"%s /v0.7%s HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n" % (
                method, path.encode(),
            )  # fmt: skip
            connection.sendall(head + b"Content-Length: 99999999999\r\n\r\n--b\r\n")
            answer = answer_on(connection)
            body = json.loads(answer.read())
            assert (answer.status, body["code"]) == (413, "too_large"), body


def test_an_upload_that_is_cut_off_leaves_nothing(networks_server: QuickServer, api: Api) -> None:
    count = api.get("/networks").json()["count"]
    body = form(*FIELD_PARTS, ("model.onnx", '; filename="m"', MODEL * 10_000))
    head = b"POST /v0.7/networks HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    for part in (0.3, 0.9):
        with socket.create_connection(("127.0.0.1", networks_server.port), timeout=30) as connection:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[: int(part * len(body))])
            networks_server.wait_for(lambda: staged(networks_server) != [], STARTED)
    networks_server.wait_for(lambda: staged(networks_server) == [], STARTED)
    assert api.get("/networks").json()["count"] == count


def staged(server: QuickServer) -> list[Path]:
    """Folders of requests that are on their way."""
    return list((server.data / "staging").glob("network-*"))


def test_errors_are_json_even_for_what_is_hardly_http(networks_server: QuickServer, api: Api) -> None:
    for path in (
        "/networks/%00",
        "/networks/%ff",
        "/tasks/1%0d%0aX: y",
        "/networks/..%2f..%2fetc",
        "/networks/public/%2e%2e",
    ):
        check_error(api.get(path), 404)
    assert api.get("/networks?offset=%ff").status_code == 400
    assert api.get("/networks?x=%0d%0aSet-Cookie:1").headers.get("Set-Cookie") is None


def test_redirects_into_the_file_system_are_not_followed(api: Api) -> None:
    made = api.deployed()
    with web({"/a": redirect("file:///etc/passwd"), "/b": redirect("ftp://example.org/")}) as site:
        for path in ("/a", "/b"):
            body = {"inputs": [{"image": {"source": site + path}}]}
            task = api.wait(api.post(f"/networks/{made['id']}/inference", json=body).json()["task_id"])
            assert task["status"] == "error" and "redirects" in task["error"] and "root:" not in task["error"]


def test_after_all_this_the_server_still_works(api: Api) -> None:
    assert api.features(api.deployed()["id"], picture=encoded(Image.new("RGB", (5, 5))))
    assert RED and api.get("/networks").status_code == 200
