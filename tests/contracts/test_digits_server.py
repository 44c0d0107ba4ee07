"""The training API: the server as a whole (contract, 1.4, 1.6, 3.1 to 3.3, 3.11)."""

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.contracts.digits_api import ID, UNKNOWN, Digits, check_error
from tests.servers import QuickServer


def test_the_home_page_answers_and_gives_the_index_to_whoever_wants_json(digits: Digits, slopes: str) -> None:
    assert digits.get("/").headers["Content-Type"].startswith("text/html")
    assert digits.get("/?tab=3").status_code == 200
    index = digits.json("/", headers={"Accept": "application/json"})
    assert slopes in [dataset["id"] for dataset in index["datasets"]]


def test_the_index_names_versions_and_lists_jobs_in_short(digits: Digits, trained: str, slopes: str) -> None:
    index = digits.json("/index.json")
    assert index["version"] and index["framework_versions"]["torch"] and index["framework_versions"]["torchvision"]
    assert index["server_name"] == "Somebody's"
    assert Path(index["jobs_dir"]) == digits.server.data / "jobs"
    assert (index["gpus_total"], index["gpus_available"]) >= (0, 0)
    dataset = next(each for each in index["datasets"] if each["id"] == slopes)
    assert dataset == {"id": slopes, "name": "Slopes", "status": "Done"}
    model = next(each for each in index["models"] if each["id"] == trained)
    assert model["dataset_id"] == slopes and model["snapshot file"] == "snapshot_epoch_2.safetensors"
    assert "snapshots" not in model


def test_finished_jobs_are_rows_of_tables_with_metrics(
    digits: Digits, trained: str, slopes: str, coloured: str
) -> None:
    tables = digits.json("/completed_jobs.json")
    assert {"running", "datasets", "models", "pretrained_models", "model_output_fields"} <= tables.keys()
    generic = next(row for row in tables["datasets"] if row["id"] == slopes)
    assert generic["extension"] == "image-gradients" and generic["type"] == "dataset"
    assert (generic["status"], generic["status_css"], generic["progress"]) == ("Done", "success", 100)
    assert next(row for row in tables["datasets"] if row["id"] == coloured)["backend"] == "lmdb"
    model = next(row for row in tables["models"] if row["id"] == trained)
    assert model["dataset_id"] == slopes and model["framework"] == "pytorch" and model["type"] == "model"
    assert model["extension"] == "image-gradients" and model["username"] == "alice" and model["group"] == ""
    assert model["loss (train) min"] <= model["loss (train) last"] <= model["loss (train) max"]
    assert model["loss (val) last"] > 0 and 0 < len(model["sparkline"]) <= 200
    assert model["elapsed"] > 0 and model["submitted"] > 1.6e9
    fields = tables["model_output_fields"]
    assert fields == sorted(fields) and {"loss (train) last", "loss (val) min"} <= set(fields)
    assert digits.json(f"/jobs/{trained}/table_data.json") == {"job": model}


def test_a_row_of_an_unknown_job_is_404(digits: Digits) -> None:
    assert check_error(digits.get(f"/jobs/{UNKNOWN}/table_data.json"), 404, "NotFound") == "Job not found"


def test_gpus_are_counted_and_listed(digits: Digits) -> None:
    found = digits.json("/gpus.json")
    assert found["total"] == len(found["gpus"]) >= found["available"] >= 0
    assert 0 <= found["cpu"]["cpu_pct"] <= 100 and found["cpu"]["mem_used"] > 0


def test_a_login_sets_the_bare_name_and_goes_on_inside_this_host(digits_server: QuickServer) -> None:
    user = Digits(digits_server, user=None)
    answer = user.post("/login", {"username": "alice", "next": "/datasets/images/classification/new?clone=x"})
    assert answer.status_code == 302 and answer.headers["Location"] == "/datasets/images/classification/new?clone=x"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("username=alice;") and "Path=/" in cookie
    assert not {"Expires", "Max-Age"} & set(cookie.replace("=", " ").split())
    assert user.post("/login?next=/training", {"username": "alice"}).headers["Location"] == "/training"
    referred = user.post("/login", {"username": "alice"}, headers={"Referer": f"{digits_server.url}/training"})
    assert referred.headers["Location"] == "/training"
    assert user.post("/login", {"username": "alice"}).headers["Location"] == "/"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/x", "//evil.example/x", "/\\evil.example", "javascript:alert(1)", "http:evil", "evil",
     "/a\r\nSet-Cookie: x=y", "http://user@evil.example/"],
)  # fmt: skip
def test_a_login_never_leads_to_another_host(digits: Digits, elsewhere: str) -> None:
    answer = digits.post("/login", {"username": "alice", "next": elsewhere}, headers={"Referer": "http://evil.example"})
    assert answer.status_code == 302 and answer.headers["Location"] == "/"
    assert len(answer.headers["Set-Cookie"].split("username=")) == 2


@pytest.mark.parametrize("name", ["Alice", "9lives", "a b", "", "a/b", "a;b", "ä"])
def test_an_invalid_name_is_told_and_sets_no_cookie(digits: Digits, name: str) -> None:
    answer = digits.post("/login", {"username": name})
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert 'role="alert"' in answer.text and "<form" in answer.text


def test_a_login_without_the_field_is_400_and_a_logout_expires_the_cookie(digits: Digits) -> None:
    assert digits.post("/login").status_code == 400
    for method in ("GET", "POST"):
        answer = digits.call(method, "/logout")
        assert answer.status_code == 302 and answer.headers["Location"] == "/"
        assert answer.headers["Set-Cookie"].startswith("username=;") and "1970" in answer.headers["Set-Cookie"]


def test_paths_are_completed_inside_the_data_roots_alone(digits: Digits, pictures: Path) -> None:
    def found(prefix: str) -> list[str]:
        suggestions: list[str] = digits.json(f"/autocomplete/path?query={quote(prefix)}")["suggestions"]
        return suggestions

    both = [str(pictures / "green_things"), str(pictures / "red_things")]
    assert found(f"{pictures}/") == both and found(f"{pictures}/r") == both[1:]
    assert found(str(pictures)[1:] + "/g") == both[:1]
    assert found(str(pictures)[:-2]) == [str(pictures)]
    jobs = str(digits.server.data / "jobs")
    for outside in ("/etc/pass", "/", f"{pictures}/../", f"{pictures}/../../", "", "\0", "*", "/proc/self/ro"):
        assert all(os.path.normpath(path).startswith((str(pictures), jobs)) for path in found(outside)), outside


def test_a_link_out_of_the_roots_is_not_completed(digits: Digits, pictures: Path) -> None:
    link = pictures / "red_things" / "way_out"
    link.symlink_to("/etc")
    try:
        assert digits.json(f"/autocomplete/path?query={link}")["suggestions"] == []
        assert digits.json(f"/autocomplete/path?query={link}/pass")["suggestions"] == []
    finally:
        link.unlink()


def test_files_of_jobs_are_served_as_they_lie_on_the_disk(digits: Digits, coloured: str, trained: str) -> None:
    folder = Path(digits.json(f"/datasets/{coloured}.json")["directory"])
    for name in ("labels.txt", "train.txt", "val.txt", "test.txt", "mean.jpg"):
        answer = digits.get(f"/files/{coloured}/{name}")
        assert answer.status_code == 200 and answer.content == (folder / name).read_bytes(), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert digits.get(f"/files/{coloured}/labels.txt").text.splitlines() == ["green things", "red things"]
    assert digits.get(f"/files/{coloured}/mean.jpg").headers["Content-Type"] == "image/jpeg"
    part = digits.get(f"/files/{trained}/snapshot_epoch_1.safetensors", headers={"Range": "bytes=0-7"})
    assert part.status_code == 206 and len(part.content) == 8


def test_nothing_else_is_served(digits: Digits, coloured: str, trained: str) -> None:
    assert (digits.server.data / "catalog.sqlite").exists()
    for name in (
        "", "plan.json", "parsed.json", "request.json", "resume.pt", "uploads/file-1", "train_db/state.json",
        "../../catalog.sqlite", "..%2f..%2fcatalog.sqlite", "%2e%2e/%2e%2e/catalog.sqlite", "figures.jsonl", ".draft",
        "no-such.txt", "labels.txt/", "labels.txt%00.jpg", "//labels.txt", "train_db/features/data", "x" * 5000,
    ):  # fmt: skip
        for id in (coloured, trained):
            assert digits.get(f"/files/{id}/{name}").status_code == 404, name
    assert digits.get(f"/files/{UNKNOWN}/labels.txt").status_code == 404
    assert digits.get("/files//etc/passwd").status_code == 404


def test_a_link_in_a_jobs_folder_leads_nowhere(digits: Digits, coloured: str) -> None:
    folder = digits.server.data / "jobs" / coloured
    (folder / "way.txt").symlink_to("/etc/passwd")
    try:
        assert digits.get(f"/files/{coloured}/way.txt").status_code == 404
    finally:
        (folder / "way.txt").unlink()


def test_the_documentation_names_every_route_of_this_api(digits: Digits) -> None:
    paths = digits.json("/openapi.json")["paths"]
    for method, path in (
        ("get", "/index.json"),
        ("put", "/jobs/{id}"),
        ("delete", "/jobs"),
        ("post", "/datasets/images/classification.json"),
        ("post", "/datasets/generic/create/{extension}.json"),
        ("post", "/models/images/generic/{extension}.json"),
        ("get", "/models/{id}/graph.json"),
        ("post", "/models/customize"),
    ):
        assert paths[path][method]["summary"], path
    form = paths["/datasets/images/classification.json"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["properties"]["textfile_train_images"]["format"] == "binary"
    assert "dataset_name" in form["schema"]["required"]
    assert ID.fullmatch(UNKNOWN)
