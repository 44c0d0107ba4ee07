"""The training API: spellings, JSON selection, the two shapes of errors (contract, 1.1 to 1.3)."""

import http.client
import re
from pathlib import Path

import pytest
import requests

from tests.contracts.digits_api import (
    CLASS_MODEL,
    CLASSES,
    GENERIC,
    GENERIC_MODEL,
    UNKNOWN,
    Digits,
    check_error,
    check_refused,
)
from tests.servers import QuickServer

# Method, path, what it answers to a user who sends no fields at all, and whether it comes with .json and /json.
INDEX = (
    ("GET", "/index.json", 200, "json"),
    ("GET", "/completed_jobs.json", 200, "json"),
    ("GET", "/jobs/{model}/table_data.json", 200, "json"),
    ("GET", "/gpus.json", 200, "json"),
    ("GET", "/login", 200, "page"),
    ("POST", "/login", 400, "page"),
    ("GET", "/logout", 302, "page"),
    ("POST", "/logout", 302, "page"),
    ("GET", "/jobs/{model}/status", 200, "page"),
    ("GET", "/datasets/{dataset}/status", 200, "page"),
    ("GET", "/models/{model}/status", 200, "page"),
    ("GET", "/pretrained_models/{model}/status", 200, "page"),
    ("GET", "/jobs/{model}", 302, "page"),
    ("GET", "/jobs/{model}.json", 200, "json"),
    ("PUT", "/jobs/{model}", 200, "page"),
    ("DELETE", "/jobs/{unknown}", 404, "page"),
    ("DELETE", "/datasets/{unknown}", 404, "page"),
    ("DELETE", "/models/{unknown}", 404, "page"),
    ("DELETE", "/pretrained_models/{unknown}", 404, "page"),
    ("DELETE", "/jobs", 400, "page"),
    ("POST", "/jobs/{model}/abort", 403, "page"),
    ("POST", "/datasets/{dataset}/abort", 403, "page"),
    ("POST", "/models/{model}/abort", 403, "page"),
    ("POST", "/abort_jobs", 400, "page"),
    ("GET", "/group", 400, "page"),
    ("POST", "/group", 400, "page"),
    ("GET", "/clone/{model}", 302, "page"),
    ("GET", "/clone/{model}.json", 200, "json"),
    ("POST", "/clone/{model}.json", 200, "json"),
    ("GET", "/files/{dataset}/train_db/features/index.txt", 404, "page"),
    ("GET", "/autocomplete/path?query=/nowhere", 200, "page"),
    ("GET", "/datasets/{dataset}", 200, "both"),
    ("GET", "/datasets/summary?job_id={dataset}", 200, "both"),
    ("GET", "/datasets/{dataset}/statistics.json", 200, "json"),
    ("POST", "/datasets/images/resize-example", 200, "both"),
    ("POST", "/datasets/images/classification", 400, "both"),
    ("GET", "/datasets/images/classification/new", 200, "page"),
    ("GET", "/datasets/images/classification/explore?job_id={coloured}", 200, "both"),
    ("POST", "/datasets/generic/create/image-gradients", 400, "both"),
    ("GET", "/datasets/generic/new/image-gradients", 200, "page"),
    ("GET", "/datasets/generic/explore?job_id={dataset}", 200, "both"),
    ("POST", "/datasets/images/generic", 400, "both"),
    ("GET", "/datasets/extensions.json", 200, "json"),
    ("GET", "/models/{model}", 200, "both"),
    ("GET", "/models/{model}/graph.json", 200, "json"),
    ("POST", "/models/images/classification", 400, "both"),
    ("POST", "/models/images/generic", 400, "both"),
    ("POST", "/models/images/generic/image-gradients", 400, "both"),
    ("GET", "/models/images/classification/new", 200, "page"),
    ("GET", "/models/images/generic/new", 200, "page"),
    ("GET", "/models/images/generic/new/image-gradients", 200, "page"),
    ("GET", "/models/images/classification/large_graph?job_id={model}", 200, "page"),
    ("GET", "/models/images/generic/large_graph?job_id={model}", 200, "page"),
    ("GET", "/models/networks.json", 200, "json"),
    ("POST", "/models/customize?network=lenet", 200, "page"),
    ("POST", "/models/visualize-network", 400, "both"),
    ("POST", "/models/visualize-lr", 200, "page"),
    ("GET", "/models/{unknown}/download", 404, "page"),
    ("GET", "/models/{unknown}/download.tar.gz", 404, "page"),
    ("POST", "/models/{unknown}/download.zip", 404, "page"),
    ("GET", "/models/{unknown}/to_pretrained", 404, "page"),
    ("POST", "/models/{unknown}/to_pretrained.json", 404, "json"),
    ("POST", "/models/images/classification/classify_one", 400, "both"),
    ("POST", "/models/images/classification/classify_many", 400, "both"),
    ("POST", "/models/images/classification/top_n", 400, "both"),
    ("POST", "/models/images/generic/infer_one", 400, "both"),
    ("POST", "/models/images/generic/infer_many", 400, "both"),
    ("POST", "/models/images/generic/infer_db", 400, "both"),
    ("POST", "/models/images/generic/infer_extension", 400, "both"),
    ("POST", "/pretrained_models/new", 400, "both"),
    ("POST", "/pretrained_models/upload_archive", 400, "page"),
    ("GET", "/pretrained_models.json", 200, "json"),
    ("GET", "/pretrained_models/{unknown}.json", 404, "json"),
    ("GET", "/pretrained_models/{unknown}", 404, "page"),
    ("GET", "/store/models", 200, "page"),
    ("GET", "/store/list", 200, "page"),
    ("GET", "/store/push?id=none", 404, "page"),
    ("POST", "/models/{model}/publish_inference", 404, "page"),
)
CREATE = (CLASSES, GENERIC, CLASS_MODEL, GENERIC_MODEL, f"{GENERIC_MODEL}/image-gradients", "/datasets/images/generic")


def spellings(path: str, spelled: str) -> list[tuple[str, bool]]:
    """Every spelling of a path, with whether it selects JSON."""
    path, mark, query = path.partition("?")
    bare = path.removesuffix(".json")
    ends = {"page": [("", False)], "json": [(".json", True), ("/json", True)]}
    chosen = ends["page"] + ends["json"] if spelled == "both" else ends[spelled]
    return [(f"{bare}{end}{mark}{query}", json) for end, json in chosen]


@pytest.mark.parametrize(("method", "path", "status", "spelled"), INDEX, ids=lambda value: str(value))
def test_every_route_of_the_contract_answers_in_every_spelling(
    digits: Digits, trained: str, slopes: str, coloured: str, method: str, path: str, status: int, spelled: str
) -> None:
    for spelling, json in spellings(path, spelled):
        place = spelling.format(model=trained, dataset=slopes, coloured=coloured, unknown=UNKNOWN)
        answer = digits.call(method, place)
        assert answer.status_code == status, (place, answer.status_code, answer.text[:300])
        if json:
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.json() is not None
        if status == 404 and "publish" not in path and "files" not in path:
            assert re.search("[Nn]ot found", answer.text) or "no " in answer.text.lower()


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/json, text/html;q=0.9", True),
        ("application/json, */*;q=0.5", True),
        ("text/html;q=0.3, */*;q=0.9", True),
        ("*/*", False),
        ("application/json, text/html", False),
        ("text/html, application/json", False),
        ("text/html, application/json;q=0.9, */*;q=0.8", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", False),
        ("application/*", True),
        ("", False),
        (None, False),
    ],
)
def test_json_is_selected_by_a_header_that_ranks_it_strictly_first(
    digits: Digits, slopes: str, accept: str | None, is_json: bool
) -> None:
    for path, status in ((f"/datasets/{slopes}", 200), (f"/datasets/{UNKNOWN}", 404), ("/", 200)):
        answer = digits.get(path, headers={"Accept": accept})
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("application/json" if is_json else "text/html"), path


@pytest.mark.parametrize("path", CREATE)
def test_a_form_without_its_fields_has_a_reason_for_each_and_a_slash_at_the_end_changes_nothing(
    digits: Digits, path: str
) -> None:
    for end in (".json", "/json", ".json/", "/json/"):
        answer = digits.post(path + end, {"username": "alice"})
        assert answer.status_code == 400 and set(answer.json()) == {"errors"}, path + end
        assert all(isinstance(text, str) for texts in answer.json()["errors"].values() for text in texts)
    reasons = digits.post(f"{path}.json").json()["errors"]
    for end in ("", "/"):
        page = digits.post(path + end)
        assert page.status_code == 400 and page.headers["Content-Type"].startswith("text/html")
        assert all(field in page.text for field in reasons)
    assert digits.post(path, headers={"Accept": "application/json"}).json() == {"errors": reasons}


@pytest.mark.parametrize("path", CREATE)
def test_a_job_needs_a_user(digits_server: QuickServer, path: str) -> None:
    nobody = Digits(digits_server, None)
    check_error(nobody.post(f"{path}.json"), 401, "Unauthorized")
    assert nobody.post(path).status_code == 401
    check_error(nobody.post(f"{path}.json", {"username": "Bad Name"}), 400, "BadRequest")


def test_errors_name_their_class_and_only_json_is_json(digits: Digits) -> None:
    check_error(digits.get("/datasets/nothing/here.json"), 404, "NotFound")
    check_error(digits.get(f"/models/{UNKNOWN}.json"), 404, "NotFound")
    check_error(digits.call("PATCH", "/index.json"), 405, "MethodNotAllowed")
    wrong = digits.get("/abort_jobs", headers={"Accept": "application/json"})
    check_error(wrong, 405, "MethodNotAllowed")
    assert "POST" in wrong.headers["Allow"]
    check_error(digits.get("/datasets/summary.json"), 400, "BadRequest")
    check_error(digits.post("/datasets/generic/create/nonsense.json"), 404, "NotFound")
    line = digits.call("DELETE", f"/jobs/{UNKNOWN}")
    assert (line.status_code, line.text) == (404, "Job not found")
    assert line.headers["Content-Type"].startswith("text/plain")
    page = digits.get(f"/datasets/{UNKNOWN}")
    assert page.headers["Content-Type"].startswith("text/html") and "Job not found" in page.text


def test_a_dataset_is_no_model_and_a_model_no_dataset(digits: Digits, slopes: str, trained: str) -> None:
    for path in (f"/datasets/{trained}.json", f"/models/{slopes}.json", f"/models/{slopes}/graph.json",
                 f"/pretrained_models/{slopes}", f"/datasets/{trained}/statistics.json"):  # fmt: skip
        assert digits.get(path).status_code == 404, path


def test_a_form_may_be_multipart_urlencoded_or_chunked(digits: Digits) -> None:
    form = {"lr_policy": "fixed", "learning_rate": "0.5"}
    parts = {name: (None, value) for name, value in form.items()}
    curve = [["Learning Rate 0", *[0.5] * 101]]
    for sent in ({"data": form}, {"files": parts}):
        assert digits.post("/models/visualize-lr", **sent).json()["data"]["columns"] == curve  # type: ignore[arg-type]
    chunks = digits.session.post(
        f"{digits.server.url}/models/visualize-lr", data=iter([b"lr_policy=fixed&", b"learning_rate=0.5"]),
        headers={"Content-Type": "application/x-www-form-urlencoded"}, timeout=60,
    )  # fmt: skip
    assert chunks.json()["data"]["columns"] == curve


def test_broken_and_oversized_bodies_are_refused(digits: Digits) -> None:
    def sent(body: bytes, kind: str, length: int | None = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", digits.server.port, timeout=30)
        headers = {"Content-Type": kind, "Content-Length": str(length or len(body)), "Cookie": "username=alice"}
        connection.request("POST", f"{CLASSES}.json", body, headers)
        return connection.getresponse()

    form = "multipart/form-data"
    assert sent(b"--x\r\nnonsense", f"{form}; boundary=x").status == 400
    assert sent(b"anything", form).status == 400
    assert sent(b"", f"{form}; boundary=x", 5 << 30).status == 413
    large = b"&".join(b"f%d=%s" % (n, b"x" * 1_000_000) for n in range(20))
    assert sent(large, "application/x-www-form-urlencoded").status == 413
    assert sent(b"a=1&" * 20_000, "application/x-www-form-urlencoded").status == 413
    # A body of a type that forms do not have brings no fields.
    assert sent(b'{"dataset_name": "x"}', "application/json").status == 400


def test_the_parameter_wins_over_the_cookie_and_the_query_over_the_form(digits: Digits, slopes: str) -> None:
    made = digits.created(f"{GENERIC}", dataset_name="Whose", train_image_count="2", username="carol")
    assert digits.json(f"/datasets/{made['id']}.json")["username"] == "carol"
    answer = digits.post(f"{GENERIC}.json?username=dave&group_name=Query",
                         {"dataset_name": "Whose", "username": "carol", "group_name": "Form"})  # fmt: skip
    theirs = answer.json()["id"]
    shown = digits.json(f"/datasets/{theirs}.json")
    assert (shown["username"], shown["group"]) == ("dave", "Query")
    chosen = digits.get(f"/datasets/summary.json?job_id={slopes}", data={"job_id": theirs})
    assert chosen.json()["id"] == slopes
    assert digits.get("/datasets/summary.json", data={"job_id": slopes}).json()["id"] == slopes
    for id, user in ((made["id"], "carol"), (theirs, "dave")):
        assert digits.call("DELETE", f"/jobs/{id}", data={"username": user}).status_code == 200


def test_a_name_that_nobody_may_have_is_refused_before_anything_is_made(digits: Digits) -> None:
    before = len(digits.json("/index.json")["datasets"])
    for name in ("root/..", "UPPER", "1st", "x" * 300):
        check_error(digits.post(f"{GENERIC}.json", {"dataset_name": "n", "username": name}), 400, "BadRequest")
    assert len(digits.json("/index.json")["datasets"]) == before


def test_nothing_is_left_of_requests_that_were_refused(digits: Digits, slopes: str, trained: str) -> None:
    digits.post(f"{CLASSES}.json", {"method": "textfile"}, files={"textfile_train_images": ("a.txt", b"a 0\n")})
    jobs = {path.name for path in (digits.server.data / "jobs").iterdir()}
    index = digits.json("/index.json")
    assert jobs == {job["id"] for job in index["datasets"] + index["models"]}


def test_reading_needs_no_name(digits_server: QuickServer, trained: str, slopes: str) -> None:
    for path in (f"/models/{trained}.json", f"/models/{trained}/graph.json", f"/datasets/{slopes}", "/index.json",
                 f"/datasets/generic/explore.json?job_id={slopes}", "/models/networks.json", "/training"):  # fmt: skip
        assert requests.get(digits_server.url + path, timeout=60).status_code == 200, path


def test_every_refused_field_is_named(digits: Digits, pictures: Path) -> None:
    fields = {
        "dataset_name": "", "resize_width": "0", "resize_height": "a", "resize_channels": "2", "resize_mode": "stretch",
        "encoding": "gif", "backend": "sql", "compression": "rar", "folder_train": "/etc", "folder_pct_val": "101",
        "folder_train_min_per_class": "0",
    }  # fmt: skip
    check_refused(digits.post(f"{CLASSES}.json", fields), *fields)
    over = {"dataset_name": "x", "folder_train": str(pictures), "folder_pct_val": "60", "folder_pct_test": "60"}
    assert "folder_pct_test" in check_refused(digits.post(f"{CLASSES}.json", over), "folder_pct_test")


@pytest.mark.parametrize("path", [f"/jobs//{UNKNOWN}/status", "/dataset//info", "/api//init"])
def test_two_slashes_are_another_address_and_no_redirect(digits: Digits, path: str) -> None:
    assert requests.get(digits.server.url + path, allow_redirects=False, timeout=60).status_code == 404
