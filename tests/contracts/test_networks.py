"""The networks contract, black box: a real server process, only HTTP."""

import base64
import io
import json
import re
import shutil
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.conftest import encoded, picture
from tests.contracts.networks_api import FIELDS, FILES, IMAGE, MODEL, PREPROCESSING, RED, Api, check_error
from tests.contracts.onnx_models import mean_model, two_inputs_model
from tests.picture_host import content, web

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NETWORK_FIELDS = {
    "id", "name", "description", "create_date", "update_date", "metadata", "framework", "preprocessing",
    "postprocessings", "task_id",
}  # fmt: skip


def preprocessing(without: str = "", **image: Any) -> str:
    """A preprocessing of one input whose image is as said, as JSON."""
    given = {name: value for name, value in (IMAGE | image).items() if name != without}
    return json.dumps({"inputs": [{"tensor_name": "data", "image": given}]})


def npy(array: Any) -> bytes:
    """An array as a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def network(networks_server: Any) -> dict[str, Any]:
    """A network that is deployed."""
    return Api(networks_server).deployed()


# --- 1. Addresses, bodies, errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_address_answers_with_and_without_a_slash(api: Api, slash: str) -> None:
    made = api.post(f"/networks{slash}", data=FIELDS, files=FILES)
    assert made.status_code == 201
    own, task = f"/networks/{made.json()['id']}", made.json()["task_id"]
    api.wait(task)
    for path in ("/networks", own, f"{own}/layers", "/networks/public", "/networks/public/embedded",
                 "/networks/public/embedded/layers", "/tasks", f"/tasks/{task}", "/accounts/me"):  # fmt: skip
        assert api.get(path + slash).status_code == 200, path
    for path in (own, "/networks/public/embedded"):
        answer = api.post(f"{path}/inference{slash}", files={"inputs[0]image.source": ("x", RED)})
        assert answer.status_code == 200 and isinstance(answer.json()["task_id"], int)
    assert api.call("PATCH", own + slash, json={}).status_code == 200
    assert api.call("PUT", own + slash, json={"name": "x"}).status_code == 200
    assert api.call("DELETE", own + slash).status_code == 204


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/networks/999999", "/networks/abc", "/networks/embedded", "/networks/1.5",
             "/networks/-1", f"/networks/{2**70}", "/networks/public/42", "/networks/public/nope", "/tasks/999999",
             "/tasks/x", "/networks/999999/layers", "/networks/public/nope/layers", "/networks/1/2/3"],
)  # fmt: skip
def test_what_does_not_exist_is_404_in_json(api: Api, path: str) -> None:
    check_error(api.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/networks"), ("PUT", "/tasks"), ("POST", "/tasks/1"), ("GET", "/networks/1/inference"),
                         ("POST", "/accounts/me"), ("PATCH", "/networks/public")],
)  # fmt: skip
def test_a_wrong_method_is_405_in_json(api: Api, method: str, path: str) -> None:
    assert "Allow" in api.call(method, path).headers
    check_error(api.call(method, path), 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_public_networks_cannot_be_changed(api: Api, method: str) -> None:
    check_error(api.call(method, "/networks/public/embedded", json={"name": "x"}), 403, "read_only")
    check_error(api.call(method, "/networks/public/nope", json={"name": "x"}), 404)


def test_the_account_is_a_check_of_the_key(api: Api) -> None:
    assert {"id", "name"} <= api.get("/accounts/me").json().keys()
    assert api.get("/accounts/me", headers={"X-API-KEY": "any", "X-APP-ID": "1"}).status_code == 200


def test_an_empty_body_with_a_json_type_is_no_error_where_there_is_none(api: Api, network: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    assert api.get("/networks", headers=headers).status_code == 200
    made = api.create()
    answer = api.call("DELETE", f"/networks/{made['id']}/", headers=headers)
    assert answer.status_code == 204 and answer.content == b""


def test_bodies_of_other_types_are_415(api: Api, network: dict[str, Any]) -> None:
    own = f"/networks/{network['id']}"
    for method, path in (("POST", "/networks"), ("PATCH", own), ("PUT", own), ("POST", f"{own}/inference")):
        check_error(api.call(method, path, data={"name": "x"}), 415, "unsupported_media_type")
        for kind in ("text/plain", "application/xml", "multipart/mixed; boundary=x"):
            refused = api.call(method, path, data=b'{"name": "x"}', headers={"Content-Type": kind})
            check_error(refused, 415, "unsupported_media_type")
        for body in (b"[1]", b"3", b"null", b"{", b"\xff", b""):
            answer = api.call(method, path, data=body, headers={"Content-Type": "application/json; charset=utf-8"})
            check_error(answer, 400)


def test_json_under_the_type_that_curl_gives_is_read(api: Api) -> None:
    made = api.create()
    for headers in ({"Content-Type": "application/x-www-form-urlencoded"}, {}):
        answer = api.call("PATCH", f"/networks/{made['id']}", data=b'{"description": "new"}', headers=headers)
        assert answer.status_code == 200 and answer.json()["description"] == "new"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_published_curl_examples_work(api: Api, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(MODEL)
    (tmp_path / "m.npy").write_bytes(npy(np.zeros((3, 1, 1))))
    (tmp_path / "dog.png").write_bytes(RED)

    def curl(*arguments: str) -> Any:
        command = ["curl", "-sSg", "-H", "X-API-KEY: k", *arguments]
        return json.loads(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60).stdout)

    address = f"{api.server.url}/v0.7/networks"
    made = curl(
        address, "-F", "name=mine", "-F", 'metadata={"author": "me"}', "-F", "framework=onnx",
        "-F", f"preprocessing={preprocessing(mean_file='mean.npy')}", "-F", "model.onnx=@./net.onnx",
        "-F", "mean.npy=@./m.npy",
    )  # fmt: skip
    assert made["metadata"] == {"author": "me"} and api.wait(made["task_id"])["status"] == "success"
    own = f"{address}/{made['id']}"
    assert curl("-X", "PATCH", own, "-d", '{"name": "x"}')["name"] == "x"
    asked = curl(f"{own}/inference", "-F", "inputs[0]image.source=@dog.png", "-F", "output_tensors=prob", "-F", "output_tensors=mean")  # fmt: skip
    assert list(api.tensors(asked["task_id"])) == ["prob", "mean"]
    large = tmp_path / "large.json"  # curl asks whether to go on (Expect: 100-continue) before it sends so much
    large.write_text(json.dumps({"inputs": [{"image": {"source": data_uri(b"x" * 3_000_000)}}]}))
    refused = curl(f"{own}/inference", "-H", "Content-Type: application/json", "-H", "Expect: 100-continue", "-d", "@large.json")  # fmt: skip
    assert "inputs[0].image.source" in refused["fields"]


# --- 2 to 4. Creating ------------------------------------------------------------------------------------------------


def test_form_a_registers_a_network(api: Api) -> None:
    before = datetime.now().astimezone()
    made = api.create(
        description="d", metadata='{"epoch": 3, "nested": {"a": [1, null]}}', postprocessings='[{"x": 1}]'
    )
    assert made.keys() >= NETWORK_FIELDS and isinstance(made["id"], int) and isinstance(made["task_id"], int)
    assert made["metadata"] == {"epoch": 3, "nested": {"a": [1, None]}} and made["postprocessings"] == [{"x": 1}]
    assert (made["name"], made["description"], made["framework"]) == ("mine", "d", "onnx")
    assert DATE.fullmatch(made["create_date"]) and made["create_date"] == made["update_date"]
    assert abs((datetime.fromisoformat(made["create_date"]) - before).total_seconds()) < 60
    image = IMAGE | {"mean_file": None, "std_file": None, "data_type": "FLOAT32"}
    assert made["preprocessing"] == {"inputs": [{"tensor_name": "data", "image": image}], "batched_output": True}
    assert api.get(f"/networks/{made['id']}").json() == made


def test_form_b_registers_the_same_network(api: Api) -> None:
    flat = {f"preprocessing.inputs[0]image.{name}": str(value) for name, value in IMAGE.items()}
    flat |= {"preprocessing.inputs[0]tensor_name": "data", "preprocessing.batched_output": "True"}
    flat |= {"metadata.author": "me", "metadata.tags[0]": "3", "metadata.tags[1]": "True"}
    flat |= {"postprocessings[0]classification.output_tensor": "prob", "name": "123", "framework": "onnx"}
    answer = api.post("/networks", data=flat, files=FILES)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["preprocessing"] == api.create()["preprocessing"] and made["name"] == "123"
    assert made["metadata"] == {"author": "me", "tags": ["3", "True"]}
    assert made["postprocessings"] == [{"classification": {"output_tensor": "prob"}}]


def test_a_field_that_comes_as_a_file_is_read(api: Api) -> None:
    files = {**FILES, "preprocessing": ("pre.json", json.dumps(PREPROCESSING)), "name": ("n", "from a file")}
    made = api.submit("preprocessing", "name", files=files)
    assert made.status_code == 201 and made.json()["name"] == "from a file"


def test_files_that_nobody_refers_to_are_kept_and_ignored(api: Api) -> None:
    assert api.submit(files={**FILES, "notes-1.txt": ("x", b"anything")}).status_code == 201


def test_much_text_and_many_files_are_taken(api: Api) -> None:
    metadata = {"text": "x" * 600_000}
    made = api.create(description="d" * 20_000, metadata=json.dumps(metadata), postprocessings=json.dumps([metadata]))
    assert made["metadata"] == metadata and len(made["description"]) == 20_000
    own = f"/networks/{made['id']}"
    longer = {"description": "e" * (20 << 20)}
    assert api.call("PATCH", own, json=longer).json()["description"] == longer["description"]
    assert api.get(own).json()["postprocessings"] == [metadata]
    assert api.get("/networks?limit=1000").json()["results"][-1]["metadata"] == metadata
    assert api.call("DELETE", own).status_code == 204
    parts = {f"metadata.k{i}": "v" for i in range(9_990)}
    assert len(api.create(**parts)["metadata"]) == 9_990
    assert api.submit(files={**FILES, **{f"f{i}": ("f", b"x") for i in range(1_100)}}).status_code == 201


def test_without_files_the_answer_says_so(api: Api) -> None:
    body = check_error(api.post("/networks", json=FIELDS | {"preprocessing": PREPROCESSING}), 400)
    assert list(body["fields"]) == ["files.model.onnx"] and body["code"] == "missing"
    assert "one file" in body["error"]


# Every row of the table of section 12: what is sent, and the field that the answer must name.
FAULTS: list[tuple[dict[str, Any], str]] = [
    *(({"name": value}, "name") for value in ("", "   ", "x" * 257)),
    *(({"framework": value}, "framework") for value in ("", "caffe", "nv-caffe-0.x-mod", "ONNX")),
    *(({"preprocessing": value}, "preprocessing") for value in ("{", "[]", "3", "null", '"x"')),
    ({"preprocessing": '{"inputs": [], "batched_output": true}'}, "preprocessing.inputs"),
    *(({"preprocessing": value}, "preprocessing.inputs") for value in ("{}", '{"inputs": {}}', '{"inputs": 1}')),
    ({"preprocessing": json.dumps(PREPROCESSING | {"more": 1})}, "preprocessing.more"),
    ({"preprocessing": json.dumps(PREPROCESSING | {"batched_output": "yes"})}, "preprocessing.batched_output"),
    ({"preprocessing": json.dumps(PREPROCESSING | {"batched_output": 1})}, "preprocessing.batched_output"),
    *(
        ({"preprocessing": json.dumps({"inputs": [entry]})}, f"preprocessing.inputs[0].{field}")
        for entry, field in (
            ({"image": IMAGE}, "tensor_name"),
            ({"tensor_name": " ", "image": IMAGE}, "tensor_name"),
            ({"tensor_name": "data"}, "image"),
            ({"tensor_name": "data", "image": IMAGE, "video": {}}, "video"),
        )
    ),
    (
        {"preprocessing": json.dumps({"inputs": 2 * PREPROCESSING["inputs"]})},
        "preprocessing.inputs[1].tensor_name",
    ),
    *(
        ({"preprocessing": preprocessing(without=name)}, f"preprocessing.inputs[0].image.{name}")
        for name in ("dimension_order", "resize_type", "target_size", "color_channels")
    ),
    *(
        ({"preprocessing": preprocessing(**{name: value})}, f"preprocessing.inputs[0].image.{name}")
        for name, values in {
            "dimension_order": ("nchw", "CHW", 1, None),
            "resize_type": ("squash", "STRETCH", None),
            "target_size": (
                "0",
                "224X224",
                "224x",
                "-3",
                "1e3",
                "99999",
                "",
                "8 x 8",
                "8x8x8",
                0,
                -1,
                8193,
                8.5,
                True,
                None,
            ),
            "color_channels": ("rgb", "RGBA", None),
            "pixel_scaling": (0, -1, "1", True, None, "x"),
            "data_type": ("float32", "INT8", 1),
            "mean_file": ("absent.npy", "", 3, "../mean.npy", "model.onnx"),
            "std_file": ("absent.npy",),
            "unknown": (1,),
        }.items()
        for value in values
    ),
    *(({"metadata": value}, "metadata") for value in ("[]", "3", "{", "null", '{"x": NaN}')),
    *(({"postprocessings": value}, "postprocessings") for value in ("{}", "3", "{", "null")),
    ({"postprocessings": "[1]"}, "postprocessings[0]"),
    *(({name: "1"}, name) for name in ("id", "task_id", "create_date", "update_date", "deploy.prototxt", "status")),
]


@pytest.mark.parametrize(("fields", "field"), FAULTS)
def test_every_fault_of_the_table_is_400_and_named(api: Api, fields: dict[str, Any], field: str) -> None:
    check_error(api.submit(**fields), 400, None, field)


@pytest.mark.parametrize("scaling", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_scaling_that_is_no_finite_number_is_400(api: Api, scaling: str) -> None:
    text = preprocessing(pixel_scaling=0.125).replace("0.125", scaling)
    check_error(api.submit(preprocessing=text), 400)


@pytest.mark.parametrize("name", ["name", "framework", "preprocessing"])
def test_what_is_required_is_missing(api: Api, name: str) -> None:
    check_error(api.submit(name), 400, "missing", name)


def test_codes_say_what_kind_of_fault_it_is(api: Api) -> None:
    assert "onnx" in check_error(api.submit(framework="caffe"), 400, "unsupported_framework", "framework")["error"]
    check_error(api.submit(task_id="1"), 400, "read_only", "task_id")
    unknown = check_error(api.submit(**{"deploy.prototxt": "x"}), 400, "unknown_field")
    assert "text" in unknown["fields"]["deploy.prototxt"][0]


def test_a_path_that_does_not_exist_is_an_unknown_field_though_the_model_is_missing_too(api: Api) -> None:
    answer = api.submit(files={"preprocessing": ("p", json.dumps(PREPROCESSING))}, **{"model.onnx": "./gone.onnx"})
    body = check_error(answer, 400, "unknown_field", "model.onnx", "files.model.onnx")
    assert body["error"].startswith("model.onnx: is no known field; it came as text, not as a file")


def test_all_faults_are_reported_together(api: Api) -> None:
    text = preprocessing(target_size="0", color_channels="XYZ", mean_file="absent.npy")
    answer = api.submit("name", preprocessing=text, metadata="[]", framework="caffe", id="7")
    image = "preprocessing.inputs[0].image"
    paths = (
        "name",
        "metadata",
        "framework",
        "id",
        f"{image}.target_size",
        f"{image}.color_channels",
        f"{image}.mean_file",
    )
    check_error(answer, 400, None, *paths)


def test_mean_files_are_looked_at_whatever_else_is_wrong(api: Api) -> None:
    files = {**FILES, "mean.npy": ("m", npy(np.zeros((1,) * 5)))}
    text = json.dumps(json.loads(preprocessing(mean_file="mean.npy")) | {"batched_output": "yes"})
    mean = "preprocessing.inputs[0].image.mean_file"
    body = check_error(api.submit(files=files, preprocessing=text), 400, None, mean, "preprocessing.batched_output")
    assert "(3, 8, 8)" in body["fields"][mean][0]


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"notes.txt": ("x", b"x")}, "files.model.onnx"),
        ({"a.onnx": ("x", MODEL), "b.onnx": ("x", MODEL)}, "files.b.onnx"),
        ([("model.onnx", ("x", MODEL)), ("model.onnx", ("x", MODEL))], "files.model.onnx"),
        ({"model.onnx": ("x", b"")}, "files.model.onnx"),
        ({"model.onnx": ("x", b"no model at all")}, "files.model.onnx"),
        ({"model.onnx": ("x", MODEL[: len(MODEL) // 2])}, "files.model.onnx"),
    ],
)
def test_model_files_that_are_missing_doubled_or_unreadable_are_named(api: Api, files: Any, field: str) -> None:
    check_error(api.submit(files=files), 400, None, field)


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 3)), np.zeros(4), np.zeros((3, 7, 8)), np.zeros((2, 3, 8, 8)), np.array([1j, 0, 0]), np.array(["a"] * 3),
     np.array([np.nan, 0, 0]), np.array([np.inf, 0, 0]), np.array([None, {}, []], dtype=object)],
)  # fmt: skip
def test_mean_files_of_another_shape_or_kind_are_400(api: Api, array: Any) -> None:
    files = {**FILES, "mean.npy": ("m", npy(array))}
    answer = api.submit(files=files, preprocessing=preprocessing(mean_file="mean.npy"))
    check_error(answer, 400, None, "preprocessing.inputs[0].image.mean_file")


def test_a_refused_network_leaves_nothing(api: Api, networks_server: Any) -> None:
    count, folder = api.get("/networks").json()["count"], networks_server.data
    networks = sorted((folder / "networks").iterdir())
    assert api.submit(framework="caffe").status_code == 400
    assert api.get("/networks").json()["count"] == count and sorted((folder / "networks").iterdir()) == networks
    assert not list((folder / "staging").glob("network-*"))


def test_a_network_that_cannot_be_deployed_stays_and_says_why(api: Api) -> None:
    for model, fields, word in (
        (None, {"preprocessing": preprocessing(target_size="9")}, "target_size"),
        (None, {"preprocessing": preprocessing(color_channels="L")}, "color_channels"),
        (None, {"preprocessing": preprocessing().replace('"data"', '"date"')}, "date"),
        (None, {"preprocessing": preprocessing(resize_type="NETWORK", target_size="8")}, "NETWORK"),
    ):
        made = api.create(model, **fields)
        task = api.wait(made["task_id"])
        assert (
            task["status"] == "error" and word in task["error"] and "\n" not in task["error"] and task["data"] is None
        )
        own = f"/networks/{made['id']}"
        assert api.get(own).json() == made
        assert word in check_error(api.infer(made["id"]), 409, "deployment_failed")["error"]
        check_error(api.get(f"{own}/layers"), 409, "deployment_failed")
        assert api.call("DELETE", own).status_code == 204


# --- 5 to 8. Lists, reading, changing, deleting ----------------------------------------------------------------------


def test_pages_lead_to_each_other_by_absolute_addresses(api: Api) -> None:
    for _ in range(3):
        api.create()
    everything = api.get("/networks?limit=1000").json()["results"]
    assert [each["id"] for each in everything] == sorted(each["id"] for each in everything)
    found, address = [], f"{api.server.url}/v0.7/networks/?offset=0&limit=2&x=1&x=2"
    while address:
        assert address.startswith(f"{api.server.url}/v0.7/networks") and address.count("x=") == 2
        page = api.get(address).json()
        assert page["count"] == len(everything) and page["prev"] == page["previous"]
        assert (page["previous"] is None) == (not found)
        found, address = found + page["results"], page["next"]
    assert found == everything


def test_names_of_containers_are_hosts_too(api: Api) -> None:
    page = api.get("/networks/public?limit=1", headers={"Host": "wwzd_api:5000"}).json()
    assert page["next"] == "http://wwzd_api:5000/v0.7/networks/public?limit=1&offset=1"


@pytest.mark.parametrize("path", ["/networks", "/networks/public", "/tasks", "/networks/public/embedded/layers"])
def test_odd_pages_are_pages_or_400(api: Api, path: str) -> None:
    for query in ("limit=0", "limit=-1", "limit=x", "offset=-1", "offset=1.5", "limit=", "offset=0x1"):
        check_error(api.get(f"{path}?{query}"), 400, "invalid", query.partition("=")[0])
    beyond = api.get(f"{path}?offset=99999999999999999999&limit=5").json()
    assert beyond["results"] == [] and beyond["next"] is None and beyond["previous"] is not None
    assert api.get(f"{path}?limit=100000&public=1&what=ever").status_code == 200


def test_updates_change_what_they_name_and_nothing_else(api: Api) -> None:
    made = api.create(metadata='{"a": 1, "b": 2}', description="old")
    own = f"/networks/{made['id']}"
    changed = api.call("PATCH", own, json={"metadata": {"c": [3]}}).json()
    assert changed == made | {"metadata": {"c": [3]}, "update_date": changed["update_date"]}
    assert changed["update_date"] > made["update_date"]
    assert api.call("PATCH", own, json={}).json() == changed
    replaced = api.call("PUT", own, json={"name": "new"}).json()
    assert (replaced["name"], replaced["description"], replaced["metadata"]) == ("new", "", {})
    form = api.call("PATCH", own, data={"metadata.x": "1"}, files={"name": (None, "by form")}).json()
    assert (form["name"], form["metadata"]) == ("by form", {"x": "1"})
    assert api.get(own).json() == form


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("framework", "onnx", "immutable"), ("preprocessing", PREPROCESSING, "immutable"), ("postprocessings", [], "immutable"),
        *((name, 1, "read_only") for name in ("id", "task_id", "create_date", "update_date")),
        ("labels", 1, "unknown_field"), ("model.onnx", "x", "unknown_field"),
        *(("name", value, "invalid") for value in (None, 3, "", "  ", "x" * 257, [])),
        *(("description", value, "invalid") for value in (None, 3, {})),
        *(("metadata", value, "invalid") for value in (None, 3, "{}", [])),
    ],
)  # fmt: skip
def test_updates_that_are_refused_change_nothing(api: Api, method: str, field: str, value: Any, code: str, network: dict[str, Any]) -> None:  # fmt: skip
    own = f"/networks/{network['id']}"
    body = {"name": "changed"} | {field: value}
    check_error(api.call(method, own, json=body), 400, code, field)
    assert api.get(own).json() == network


def test_updates_refuse_files_and_put_needs_a_name(api: Api, network: dict[str, Any]) -> None:
    own = f"/networks/{network['id']}"
    check_error(api.call("PATCH", own, files={"model.onnx": ("x", MODEL)}), 400, "immutable", "files.model.onnx")
    check_error(api.call("PUT", own, json={"description": "x"}), 400, "missing", "name")
    check_error(api.call("PATCH", "/networks/999999", json={"name": "x"}), 404)


def test_a_deleted_network_is_gone_and_its_finished_tasks_stay(api: Api, networks_server: Any) -> None:
    made = api.deployed()
    done = api.infer(made["id"]).json()["task_id"]
    before = api.wait(done)
    assert api.call("DELETE", f"/networks/{made['id']}").content == b""
    for answer in (
        api.get(f"/networks/{made['id']}"), api.call("PATCH", f"/networks/{made['id']}", json={"name": "x"}),
        api.call("DELETE", f"/networks/{made['id']}"), api.infer(made["id"]), api.get(f"/networks/{made['id']}/layers"),
    ):  # fmt: skip
        check_error(answer, 404, "not_found")
    assert made["id"] not in [each["id"] for each in api.get("/networks?limit=1000").json()["results"]]
    assert api.task(done) == before and not (networks_server.data / "networks" / str(made["id"])).exists()
    assert api.create()["id"] > made["id"]


# --- 9. Inference ----------------------------------------------------------------------------------------------------


def data_uri(data: bytes, kind: str = "image/png") -> str:
    """Bytes as a data address."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def by_json(api: Api, network: Any, image: dict[str, Any], **more: Any) -> requests.Response:
    """An inference whose body is JSON."""
    return api.post(f"/networks/{network['id']}/inference", json={"inputs": [{"image": image}]} | more)


def test_the_result_has_the_names_shapes_and_values_of_the_contract(api: Api, network: dict[str, Any]) -> None:
    names = ["mean", "prob:0", "mean", "count", "data"]
    tensors = api.wait(api.infer(network["id"], *names).json()["task_id"])["data"]["tensors"]
    assert [each["name"] for each in tensors] == ["mean", "prob:0", "count", "data"]
    for each in tensors:
        assert each["shape"] == each["dims"] and len(each["data"]) == int(np.prod(each["shape"]))
    mean, prob, count, data = tensors
    assert (mean["shape"], mean["dtype"], mean["data"]) == ([1, 3], "float32", [255.0, 0.0, 0.0])
    assert (count["shape"], count["data"], count["dtype"]) == ([], [192], "int64") and isinstance(count["data"][0], int)
    assert data["shape"] == [1, 3, 8, 8] and set(data["data"][:64]) == {255.0}
    assert prob["data"][0] == pytest.approx(1)


def test_without_names_the_final_outputs_come(api: Api, network: dict[str, Any]) -> None:
    assert list(api.features(network["id"])) == ["prob", "count"]


def test_floats_read_back_to_the_same_float32(api: Api, network: dict[str, Any]) -> None:
    image = picture((90, 140, 30), (8, 8))
    tensor = api.features(network["id"], "mean", picture=encoded(image))["mean"]
    expected = np.asarray(image, np.float32).mean((0, 1), dtype=np.float64)
    np.testing.assert_allclose(tensor["data"], expected, rtol=1e-6)
    assert [float(np.float32(value)) for value in tensor["data"]] == pytest.approx(tensor["data"], rel=1e-8)


@pytest.mark.parametrize("mean", [np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1)])
def test_preprocessing_is_what_the_network_was_registered_with(api: Api, mean: Any) -> None:
    text = preprocessing(mean_file="mean.npy", std_file="std.npy", pixel_scaling=2.0, color_channels="BGR")
    files = {**FILES, "mean.npy": ("m", npy(mean)), "std.npy": ("m", npy(np.float64(4)))}
    made = api.submit(files=files, preprocessing=text).json()
    found = api.features(made["id"], "mean")["mean"]["data"]
    assert found == pytest.approx([(0 - 1) / 4, (0 - 2) / 4, (2 - 3) / 4])


def test_every_form_of_a_picture_gives_the_same(api: Api, network: dict[str, Any]) -> None:
    path = f"/networks/{network['id']}/inference"
    uri = data_uri(RED)
    broken_lines = uri[:60] + "\r\n" + uri[60:]
    with web({"/red.png": content(RED)}) as site:
        asked = [
            by_json(api, network, {"source": uri}),
            by_json(api, network, {"source": broken_lines}),
            by_json(api, network, {"source": data_uri(RED, "image/*"), "crop_uniform_background": False}),
            by_json(api, network, {"source": f"{site}/red.png"}),
            api.post(path, files={"inputs[0]image.source": ("x", RED)}),
            api.post(path, files={"inputs[0].image.source": ("x", RED)}),
            api.post(path, files={"inputs[0]image.source": ("x", b"data:image/png;binary," + RED)}),
            api.post(path, files={"inputs[0]image.source": (None, uri)}),
            api.post(path, files={"inputs[0]image.source": (None, f"{site}/red.png", "application/json")}),
            api.post(path, files={"inputs": (None, json.dumps([{"image": {"source": uri}}]))}),
        ]
        assert [answer.status_code for answer in asked] == [200] * len(asked), [a.text for a in asked]
        results = [api.tensors(answer.json()["task_id"]) for answer in asked]
    assert all(result == results[0] for result in results)


def test_names_of_tensors_come_in_four_forms(api: Api, network: dict[str, Any]) -> None:
    source = ("inputs[0]image.source", ("x", RED))
    for parts in (
        [("output_tensors[0]", (None, "mean")), ("output_tensors[1]", (None, "prob"))],
        [("output_tensors", (None, "mean")), ("output_tensors", (None, "prob"))],
        [("output_tensors", (None, '["mean", "prob"]'))],
    ):
        answer = api.post(f"/networks/{network['id']}/inference", files=[source, *parts])
        assert list(api.tensors(answer.json()["task_id"])) == ["mean", "prob"]
    assert list(api.features(network["id"], "mean")) == ["mean"]


def test_regions_are_cut_out(api: Api, network: dict[str, Any]) -> None:
    image = Image.new("RGB", (8, 8), (255, 0, 0))
    image.paste((0, 0, 255), (4, 0, 8, 8))  # the right half is blue
    uri = data_uri(encoded(image))
    right = {"xmin": 0.5, "ymin": 0, "xmax": 1, "ymax": 1}

    def mean(**region: Any) -> Any:
        answer = by_json(api, network, {"source": uri, **region}, output_tensors=["mean"])
        return api.tensors(answer.json()["task_id"])["mean"]["data"]

    assert mean() == [127.5, 0, 127.5]
    assert mean(bbox=right) == [0, 0, 255]
    assert mean(polygon=[{"x": x, "y": y} for x, y in ((0, 0), (0.5, 0), (0.5, 1), (0, 1))]) == [255, 0, 0]
    assert mean(crop_uniform_background=True) == [0, 0, 255]
    flat = {f"inputs[0]image.bbox.{side}": (None, str(value)) for side, value in right.items()}
    for region in (flat, {"inputs[0]image.bbox": (None, json.dumps(right))}):
        files = {"inputs[0]image.source": (None, uri), "output_tensors": (None, "mean"), **region}
        answer = api.post(f"/networks/{network['id']}/inference", files=files)
        assert answer.status_code == 200, answer.text
        assert api.tensors(answer.json()["task_id"])["mean"]["data"] == [0, 0, 255]


URI = data_uri(RED)
SOURCE = "inputs[0].image.source"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "inputs"), ({"inputs": []}, "inputs"), ({"inputs": {}}, "inputs"), ({"inputs": None}, "inputs"),
        ({"inputs": 2 * [{"image": {"source": URI}}]}, "inputs"),
        ({"inputs": [{}]}, "inputs[0].image"), ({"inputs": [3]}, "inputs[0]"),
        ({"inputs": [{"video": {"source": URI}}]}, "inputs[0].video"),
        ({"inputs": [{"image": {"source": URI}, "video": {}}]}, "inputs[0].video"),
        ({"inputs": [{"image": []}]}, "inputs[0].image"), ({"inputs": [{"image": {}}]}, "inputs[0].image.source"),
        *(({"inputs": [{"image": {"source": value}}]}, SOURCE) for value in (
            "", None, 3, base64.b64encode(RED).decode(), "file:///etc/passwd", "ftp://example.org/a.png", "/etc/passwd",
            "data:image/png;binary,xxxx", "data:image/png;base64,%%%", "data:image/png;base64,", "data:text/plain;base64,eHg=",
            "data:image/png,xx", "http://", "https://user:pw@example.org/", "javascript:alert(1)", data_uri(b"no image"),
            data_uri(RED[: len(RED) // 2]))),
        *(({"inputs": [{"image": {"source": URI, "bbox": box}}]}, f"inputs[0].image.bbox{field}") for box, field in (
            ([0, 0, 1, 1], ""), ({"xmin": 0.5, "ymin": 0, "xmax": 0.5, "ymax": 1}, ".xmin"), ({"xmin": 0, "ymin": 0, "xmax": 1}, ".ymax"),
            ({"xmin": -0.1, "ymin": 0, "xmax": 1, "ymax": 1}, ".xmin"), ({"xmin": 0, "ymin": 0, "xmax": 1.1, "ymax": 1}, ".xmax"),
            ({"xmin": "a", "ymin": 0, "xmax": 1, "ymax": 1}, ".xmin"), ({"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1, "z": 0}, ".z"))),
        *(({"inputs": [{"image": {"source": URI, "polygon": points}}]}, f"inputs[0].image.polygon{field}") for points, field in (
            ({}, ""), ([{"x": 0, "y": 0}, {"x": 1, "y": 1}], ""), ([{"x": 0, "y": 0}, {"x": 1, "y": 1}, {"x": 2, "y": 1}], "[2].x"))),
        ({"inputs": [{"image": {"source": URI, "crop_uniform_background": 1}}]}, "inputs[0].image.crop_uniform_background"),
        ({"inputs": [{"image": {"source": URI, "more": 1}}]}, "inputs[0].image.more"),
        *(({"inputs": [{"image": {"source": URI}}], "output_tensors": names}, field) for names, field in (
            ([], "output_tensors"), ("mean", "output_tensors"), (None, "output_tensors"), ([1], "output_tensors[0]"),
            (["mean", "meen"], "output_tensors[1]"), (["mean", "mean", "meen"], "output_tensors[2]"), ([""], "output_tensors[0]"))),
        ({"inputs": [{"image": {"source": URI}}], "threshold": 1}, "threshold"),
    ],
)  # fmt: skip
def test_inferences_that_cannot_work_are_400_at_once(api: Api, network: dict[str, Any], body: Any, field: str) -> None:
    check_error(api.post(f"/networks/{network['id']}/inference", json=body), 400, None, field)


def test_an_unknown_layer_is_refused_with_near_ones(api: Api, network: dict[str, Any]) -> None:
    body = check_error(api.infer(network["id"], "men"), 400, "invalid", "output_tensors[0]")
    assert "'men'" in body["error"] and "mean" in body["error"]
    waiting = api.create()  # nobody can know its layers yet, or they are known already
    answer = api.infer(waiting["id"], "men")
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert "men" in api.wait(answer.json()["task_id"])["error"]


def test_a_picture_that_is_none_is_400_whatever_its_name(api: Api, network: dict[str, Any]) -> None:
    for data in (b"", b"no image", RED[:40], b"<svg/>", b"data:image/png;binary,"):
        check_error(api.infer(network["id"], picture=data), 400, None, SOURCE)


def test_addresses_are_fetched_in_the_task(api: Api, network: dict[str, Any]) -> None:
    with web({"/gone": content(b"", 404), "/text": content(b"hello"), "/short": content(RED[:30])}) as site:
        for path, reason in (("/gone", "404"), ("/text", "image"), ("/short", "PNG")):
            answer = by_json(api, network, {"source": site + path})
            assert answer.status_code == 200
            task = api.wait(answer.json()["task_id"])
            assert task["status"] == "error" and reason in task["error"], task


def test_several_inputs_come_in_the_order_of_the_preprocessing(api: Api) -> None:
    inputs = [{"tensor_name": name, "image": IMAGE} for name in ("right", "left")]
    made = api.deployed(two_inputs_model(), preprocessing=json.dumps({"inputs": inputs}))
    path, blue = f"/networks/{made['id']}/inference", encoded(Image.new("RGB", (8, 8), (0, 0, 200)))
    files = {"inputs[0]image.source": ("a", RED), "inputs[1]image.source": ("b", blue)}
    names = {"output_tensors[0]": "sum", "output_tensors[1]": "left"}
    found = api.tensors(api.post(path, files=files, data=names).json()["task_id"])
    assert found["sum"]["data"] == [255, 0, 200] and found["left"]["data"][-1] == 200
    check_error(api.post(path, files={"inputs[0]image.source": ("a", RED)}), 400, None, "inputs")
    check_error(api.post(path, files={"inputs[1]image.source": ("a", RED)}), 400, None, "inputs")


def test_networks_of_any_size_take_each_picture_in_its_own(api: Api) -> None:
    text = preprocessing(resize_type="NETWORK", target_size="16")
    made = api.deployed(mean_model("side"), preprocessing=text)
    wide = encoded(Image.new("RGB", (100, 50), (9, 9, 9)))
    assert api.features(made["id"], "data", picture=wide)["data"]["shape"] == [1, 3, 8, 16]
    layers = {layer["name"]: layer for layer in api.get(f"/networks/{made['id']}/layers").json()["results"]}
    assert layers["data"]["shape"][:3] == [None, 3, None]


# --- 10. Tasks -------------------------------------------------------------------------------------------------------


def test_tasks_have_the_fields_of_the_contract(api: Api, network: dict[str, Any]) -> None:
    task = api.wait(network["task_id"])
    assert task.keys() == {"id", "status", "error", "date_created", "date_updated", "data", "subtasks"}
    assert task["data"] == {"network_id": network["id"]} and task["error"] is None and task["subtasks"] is None
    assert DATE.fullmatch(task["date_created"]) and DATE.fullmatch(task["date_updated"])
    assert task["date_created"] <= task["date_updated"] and task["id"] == network["task_id"]


def test_tasks_are_found_by_their_ids_in_the_order_asked_for(api: Api, network: dict[str, Any]) -> None:
    ids = [api.infer(network["id"], "mean").json()["task_id"] for _ in range(5)]
    for each in ids:
        api.wait(each)
    wanted = [ids[3], ids[0], ids[3], 999999, -1, int("9" * 40), ids[4]]
    expected = [ids[3], ids[0], ids[4]]
    for query in (
        "&".join(f"task_ids={each}" for each in wanted),
        "task_ids=" + ",".join(map(str, wanted)),
        "task_ids=" + json.dumps(wanted),
        "task_ids=" + json.dumps([str(each) for each in wanted]),
    ):
        page = api.get(f"/tasks?{query}&offset=0&limit=100").json()
        assert [task["id"] for task in page["results"]] == expected and page["count"] == 3
        assert all(task == api.task(task["id"]) for task in page["results"])
        first = api.get(f"/tasks?{query}&limit=2").json()
        following = api.get(first["next"]).json()
        assert [task["id"] for task in (*first["results"], *following["results"])] == expected
    everything = api.get("/tasks?limit=1000").json()
    assert [task["id"] for task in everything["results"]] == sorted(task["id"] for task in everything["results"])
    for bad in ("x", "1,y", "[1", '["a"]', "[[1]]", "1.5"):
        check_error(api.get("/tasks", params={"task_ids": bad}), 400, "invalid", "task_ids")


# --- 14 and 15. Layers, public networks ------------------------------------------------------------------------------


def test_layers_are_listed_in_order_and_can_all_be_asked_for(api: Api, network: dict[str, Any]) -> None:
    layers = api.get(f"/networks/{network['id']}/layers").json()["results"]
    assert [layer["name"] for layer in layers] == ["data", "mean", "prob", "count"]
    assert layers[1] == {"name": "mean", "type": "ReduceMean", "shape": [None, 3], "dtype": "float32", "input": False, "output": False}  # fmt: skip
    assert [layer["name"] for layer in layers if layer["output"]] == ["prob", "count"] and layers[0]["input"]
    found = api.features(network["id"], *(layer["name"] for layer in layers), "plane")
    assert list(found) == [*(layer["name"] for layer in layers), "plane"]
    assert found["plane"]["data"] == [2, 3], "an initializer is a value of the graph, though nothing executes it"
    page = api.get(f"/networks/{network['id']}/layers?offset=1&limit=2").json()
    assert page["results"] == layers[1:3] and page["count"] == 4 and page["next"] and page["prev"]


def test_public_networks_are_listed_without_weights_or_network(api: Api) -> None:
    page = api.get("/networks/public/?offset=0&limit=100&public=1").json()
    found = {each["id"]: each for each in page["results"]}
    assert found.keys() >= {"embedded", "imagenet-inception-v1", "imagenet-inception-v3", "imagenet-resnet-50"}
    for slug, each in found.items():
        assert each.keys() >= NETWORK_FIELDS and each == api.get(f"/networks/public/{slug}").json()
        assert api.task(each["task_id"])["status"] == "success"
        assert api.task(each["task_id"])["data"] == {"network_id": slug}
        layers = api.get(f"/networks/public/{slug}/layers?limit=1000").json()["results"]
        assert [layer["name"] for layer in layers if layer["output"]] == ["output"]
    assert api.get("/networks/public/resnet50").json() == found["imagenet-resnet-50"]
    image = found["imagenet-inception-v1"]["preprocessing"]["inputs"][0]["image"]
    assert image == {
        **image,
        "color_channels": "RGB",
        "target_size": "224x224",
        "resize_type": "CROP",
        "pixel_scaling": 1.0,
    }


def test_the_embedded_network_works_without_any_download(api: Api) -> None:
    red, blue = (api.features("embedded", "blocks.6", "output", "__output__", picture=encoded(picture(colour)))
                 for colour in ((230, 30, 30), (20, 30, 240)))  # fmt: skip
    assert red["output"]["data"] == red["__output__"]["data"] != blue["output"]["data"]
    assert red["output"]["shape"][0] == 1 and len(red["blocks.6"]["shape"]) == 4
    check_error(api.infer("embedded", "blocks.99"), 400, "invalid", "output_tensors[0]")


def test_weights_that_cannot_be_had_end_the_task_and_name_them(api: Api) -> None:
    begin = time.monotonic()
    answer = api.infer("imagenet-inception-v1", "prob", "pool5/7x7_s1")
    assert answer.status_code == 200
    task = api.wait(answer.json()["task_id"])
    if task["status"] == "error":  # else the weights are on this machine, or could be fetched
        assert "googlenet-1378be20.pth" in task["error"] and time.monotonic() - begin < 30
    else:
        assert [tensor["shape"] for tensor in task["data"]["tensors"]] == [[1, 1000], [1, 1024, 1, 1]]


# --- The description -------------------------------------------------------------------------------------------------

ADDRESSES = {
    "/networks": {"get", "post"}, "/networks/{id}": {"get", "patch", "put", "delete"}, "/networks/{id}/inference": {"post"},
    "/networks/{id}/layers": {"get"}, "/networks/public": {"get"}, "/networks/public/{slug}": {"get"},
    "/networks/public/{slug}/inference": {"post"}, "/networks/public/{slug}/layers": {"get"}, "/tasks": {"get"},
    "/tasks/{id}": {"get"}, "/accounts/me": {"get"},
}  # fmt: skip


def test_every_address_is_described_with_its_body_and_its_key(api: Api) -> None:
    described = api.server.get("/openapi.json").json()
    for path, methods in ADDRESSES.items():
        found = described["paths"][f"/v0.7{path}"]
        assert set(found) == methods, path
        for method, operation in found.items():
            assert operation["summary"] and operation["responses"] and operation["security"] == [{"X-API-KEY": []}, {}]
            assert ("requestBody" in operation) == (method in ("post", "patch", "put")), (path, method)
    create = described["paths"]["/v0.7/networks"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(create["required"]) == {"name", "framework", "preprocessing"}
    image = create["properties"]["preprocessing"]["properties"]["inputs"]["items"]["properties"]["image"]
    assert set(image["properties"]) == {*IMAGE, "mean_file", "std_file", "data_type"}
    assert described["components"]["securitySchemes"]["X-API-KEY"]["in"] == "header"
    assert api.server.get("/docs").status_code == 200
