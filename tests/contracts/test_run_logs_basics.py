"""The run-logs API from outside: envelope, errors, sessions, dialects, CORS (contract, chapters 1 to 3)."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contracts.run_logs_api import WEB, LogServer, strict
from tests.runs.event_logs import BEGUN, NAME, audio, histogram, image, scalars, tensor, write

RUNS = {"id": "me", "trainJobName": "job"}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    server = LogServer(tmp_path_factory.mktemp("run-logs"), cors_origins="*,https://board.example")
    root = server.root
    media = [
        image("i", 0, b"\x89PNG\r\n\x1a\n"),
        audio("s", 0, b"RIFF0000WAVE"),
        tensor("words", 0, [b"a", b"b"], "text"),
    ]
    steps = [histogram("h", step, [0.0, 1.0, 2.0], [0.0, 3.0, 1.0], 0.25, 1.5) for step in range(60)]
    write(root / "me" / "job" / "train" / NAME, [*scalars("loss/a", [0.1, 2.0]), *media, *steps])
    write(root / "me" / "job" / "val" / NAME, scalars("loss/a", [7.0]))
    write(root / "you" / "job" / "visualizedlog" / NAME, scalars("mine", [1.0]))
    write(root / "old" / "logs" / NAME, scalars("demo", [1.0]))
    (root / "empty" / "job").mkdir(parents=True)
    yield server
    server.kill()


def test_good_answers_are_wrapped(logs: LogServer) -> None:
    answer = logs.raw("scalar", run="train", tag="loss/a", **RUNS)
    assert list(strict(answer)) == ["code", "msg", "data"]
    assert strict(answer)["data"] == {
        "loss/a": [
            {"wall_time": BEGUN, "step": 0, "value": 0.10000000149011612},
            {"wall_time": BEGUN + 1, "step": 1, "value": 2.0},
        ]
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_only_get_is_allowed(logs: LogServer, method: str) -> None:
    for path in ("scalar", "init"):
        answer = requests.request(method, f"{logs.url}/api/{path}", timeout=9)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["", "scalar/", "getCustom", "getEmbedding", "scalar/x", "Scalar", "/scalar", "../api/scala"]
)
def test_what_is_not_listed_is_not_found(logs: LogServer, path: str) -> None:
    answer = requests.get(f"{logs.url}/api/{path}", timeout=9, allow_redirects=False)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "given", "missing"),
    [
        ("init", {}, "id"),
        ("init", {"id": "x"}, "trainJobName"),
        ("scalar", {"tag": "t"}, "run"),
        ("scalar", {"run": "train"}, "tag"),
        ("scalar", {"run": "", "tag": ""}, "run"),
        ("image", {}, "run"),
        ("histogram", {"run": "train"}, "tag"),
        ("distribution", {"run": "train"}, "tag"),
        ("text", {"tag": "t"}, "run"),
        ("audio", {"run": "train"}, "tag"),
        ("image_raw", {}, "step"),
        ("image_raw", {"step": "0"}, "run"),
        ("audio_raw", {"step": "0", "run": "train"}, "tag"),
    ],
)
def test_the_first_missing_parameter_is_named(logs: LogServer, path: str, given: dict[str, str], missing: str) -> None:
    dataset = {} if path == "init" else RUNS
    expected = f"/api/{path} :Parameter request error, parameter '{missing}' not found"
    assert logs.refused(path, **given, **dataset) == expected
    assert logs.refused(path, WEB, **given, **dataset) == expected


@pytest.mark.parametrize("path", ["scalar", "image", "histogram", "distribution", "text", "audio"])
def test_unknown_runs_and_tags_have_no_data(logs: LogServer, path: str) -> None:
    assert logs.refused(path, run="train", tag="nothing", **RUNS) == "Parameter error, no data found"
    assert logs.refused(path, run="nobody", tag="nothing", **RUNS) == "Parameter error, no data found"
    assert logs.refused(path, run="../job/train", tag="nothing", **RUNS) == "Parameter error, no data found"


@pytest.mark.parametrize(("path", "tag"), [("image_raw", "i"), ("audio_raw", "s")])
def test_steps_that_are_not_there_or_no_steps(logs: LogServer, path: str, tag: str) -> None:
    assert "cannot find data in step = 3" in logs.refused(path, step=3, run="train", tag=tag, **RUNS)
    assert "cannot find data in step = 3" in logs.refused(path, WEB, step=3, run="train", tag=tag, **RUNS)
    for headers in (None, WEB):
        nothing = logs.refused(path, headers, step=0, run="train", tag="nothing", **RUNS)
        assert nothing == "Parameter error, no data found"
    for text in ("x", "1.0", "0x1", "1e3", "-+5", "٣", "9" * 30):
        assert "step" in logs.refused(path, step=text, run="train", tag=tag, **RUNS)
    assert "step" in logs.refused(path, WEB, step="x", run="train", tag=tag, **RUNS)


def test_samples_must_be_a_number_that_makes_sense(logs: LogServer) -> None:
    for path in ("histogram", "distribution"):
        for text in ("x", "0", "-1", "2.5"):
            assert "samples" in logs.refused(path, run="train", tag="h", samples=text, **RUNS)
        assert len(logs.ask(path, run="train", tag="h", samples=3, **RUNS)["h"]) == 3
        assert len(logs.ask(path, run="train", tag="h", samples=1000, **RUNS)["h"]) == 50


def test_how_long_to_wait_is_a_number(logs: LogServer) -> None:
    assert "wait" in logs.refused("init", wait="x", **RUNS)
    assert logs.ask("init", wait="0.5", **RUNS)["msg"] == "success"


def test_unknown_parameters_are_ignored(logs: LogServer) -> None:
    assert logs.ask("getCategory", test=1, **RUNS) == logs.ask("getCategory", **RUNS)


@pytest.mark.parametrize(
    ("user", "job", "tag"),
    [("you", "job", "mine"), ("old", "whatever", "demo"), ("me", "job", "loss/a")],
)
def test_datasets_are_where_the_contract_looks_for_them(logs: LogServer, user: str, job: str, tag: str) -> None:
    session = logs.ask("init", id=user, trainJobName=job)
    assert session["msg"] == "success"
    assert re.fullmatch("[a-z0-9]{32}", session["session_id"])
    runs = logs.ask("getCategory", session_id=session["session_id"])
    assert tag in [each for run in runs.values() for group in run["scalar"].values() for each in group]


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a\\b", "../me", "a\0b", "%2e%2e", "x" * 400, "é" * 200, "nobody"])
def test_names_that_would_leave_the_root_lead_nowhere(logs: LogServer, name: str) -> None:
    assert "log path not found" in logs.refused("init", id=name, trainJobName="job")
    if name != "nobody":
        assert "log path not found" in logs.refused("getCategory", id="me", trainJobName=name)


def test_a_link_out_of_the_root_is_no_dataset(logs: LogServer, tmp_path: Path) -> None:
    write(tmp_path / "secret" / NAME, scalars("secret", [1.0]))
    (logs.root / "me" / "link").symlink_to(tmp_path / "secret")
    assert "log path not found" in logs.refused("init", id="me", trainJobName="link")


@pytest.mark.parametrize("headers", [None, WEB])
def test_a_folder_without_runs_says_so(logs: LogServer, headers: dict[str, str] | None) -> None:
    assert logs.refused("init", headers, id="empty", trainJobName="job") == "No related logs found"
    assert logs.refused("init", headers, id="nobody", trainJobName="x") == "User does not exist or log path not found"


@pytest.mark.parametrize("headers", [None, WEB])
def test_without_a_dataset_a_session_is_asked_for(logs: LogServer, headers: dict[str, str] | None) -> None:
    for query in ({}, {"session_id": "undefined"}, {"session_id": "a" * 32}):
        assert "session" in logs.refused("getCategory", headers, **query)
        assert "session" in logs.refused("scalar", headers, run="train", tag="loss/a", **query)
        assert "session" in logs.refused("image_raw", headers, run="train", tag="i", step=0, **query)


def test_sessions_by_cookie_query_and_both(logs: LogServer) -> None:
    with requests.Session() as browser:
        answer = browser.get(f"{logs.url}/api/init", params={"uid": "me", "train_job_name": "job"}, timeout=9)
        cookie = answer.headers["Set-Cookie"]
        assert "Path=/" in cookie and "SameSite=Lax" in cookie
        assert f"session_id={answer.json()['data']['session_id']}" in cookie
        assert set(browser.get(f"{logs.url}/api/getCategory", timeout=9).json()["data"]) == {"train", "val"}
        other = logs.ask("init", id="you", trainjobname="job")["session_id"]
        named = browser.get(f"{logs.url}/api/getCategory", params={"session_id": other}, timeout=9).json()["data"]
        assert list(named) == ["."]
        combined = browser.get(f"{logs.url}/api/getCategory", params={"trainJobName": "none"}, timeout=9).json()
        assert "log path not found" in combined["msg"]
        again = browser.get(f"{logs.url}/api/init", params={"id": "old", "trainJobName": "x"}, timeout=9).json()["data"]
        seen = logs.ask("getCategory", session_id=again["session_id"])
        assert seen["."]["scalar"] == {"demo": ["demo"]}


def test_an_empty_id_is_missing_and_one_alone_is_no_dataset(logs: LogServer) -> None:
    assert "'id' not found" in logs.refused("init", id="", trainJobName="job")
    assert "session" in logs.refused("getCategory", id="me")


ORIGIN = "http://localhost:8080"


@pytest.mark.parametrize("path", ["getCategory", "scalar?run=1", "nothing/there", "init?id=me&trainJobName=job"])
@pytest.mark.parametrize("origin", [ORIGIN, "http://127.0.0.1:1234", "http://localhost", "https://board.example"])
def test_allowed_origins_get_credentials_on_every_answer(logs: LogServer, path: str, origin: str) -> None:
    answer = requests.get(f"{logs.url}/api/{path}", headers={"Origin": origin}, timeout=9)
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil:80",
        "https://localhost",
        "https://127.0.0.1:8443",
        "null",
        "*",
    ],
)
def test_other_origins_get_none(logs: LogServer, origin: str) -> None:
    answer = requests.get(f"{logs.url}/api/getCategory", headers={"Origin": origin}, timeout=9)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers.get("Access-Control-Allow-Origin", "*") == "*"


def test_a_preflight_is_answered(logs: LogServer) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-requested-with,x-own",
    }
    answer = requests.options(f"{logs.url}/api/scalar", headers=headers, timeout=9)
    assert answer.status_code in (200, 204)
    assert {"GET", "OPTIONS"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("content-type", "x-requested-with", "authorization", "accept", "x-own"))
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


DIALECTS: list[tuple[dict[str, str] | None, dict[str, str], bool]] = [
    (None, {}, False),
    (WEB, {}, True),
    (None, {"dialect": "web"}, True),
    (WEB, {"dialect": "doc"}, False),
    (WEB, {"dialect": "neither"}, True),
    ({"Accept": "application/json"}, {}, False),
]


@pytest.mark.parametrize(("headers", "query", "web"), DIALECTS)
def test_dialects(logs: LogServer, headers: dict[str, str] | None, query: dict[str, str], web: bool) -> None:
    where: dict[str, Any] = {**RUNS, **query, "run": "train"}
    assert ("hparams" in logs.ask("getCategory", headers, **RUNS, **query)["train"]) is not web
    (words,) = logs.ask("text", headers, tag="words", **where)["words"]
    assert words["value"] == (["a", "b"] if web else "a\nb")
    picture = logs.raw("image_raw", headers, tag="i", step=0, **where)
    if web:
        assert strict(picture)["data"] == "data:image/png;base64,iVBORw0KGgo="
    else:
        assert (picture.content, picture.headers["Content-Type"]) == (b"\x89PNG\r\n\x1a\n", "image/png")
        assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert {"Accept", "Origin"} <= set(picture.headers["Vary"].split(", "))


def test_answers_are_packed_where_that_is_taken_and_not_sent_twice(logs: LogServer) -> None:
    where = {"run": "train", "tag": "h", **RUNS}
    packed = logs.raw("histogram", {"Accept-Encoding": "gzip"}, **where)
    plain = logs.raw("histogram", {"Accept-Encoding": "identity"}, **where)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()
    known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert logs.raw("histogram", known, **where).status_code == 304
    shutil.copyfile(logs.root / "me/job/val" / NAME, logs.root / "me/job/train" / f"{NAME}.2")
    logs.until(lambda: logs.raw("histogram", known, **where).status_code == 200)


def test_no_job_holds_it_up_and_the_web_process_holds_no_reader(logs: LogServer) -> None:
    logs.ask("getCategory", **RUNS)
    assert logs.reader_pid() != logs.process.pid
    reader_parent = int(Path(f"/proc/{logs.reader_pid()}/stat").read_text().rpartition(")")[2].split()[1])
    maps = Path(f"/proc/{reader_parent}/maps").read_text()
    assert "google/_upb" not in maps and "libtorch" not in maps


def test_every_endpoint_is_described_with_its_parameters(logs: LogServer) -> None:
    paths = logs.get("/openapi.json").json()["paths"]
    named = [each["name"] for each in paths["/api/image_raw"]["get"]["parameters"] if each["required"]]
    assert named == ["step", "run", "tag"]
    assert {"/api/init", "/api/getCategory", "/api/hyperparm", "/api/hyperparam", "/api/hparams"} <= set(paths)
    sent = {name: set(paths[f"/api/{name}"]["get"]["responses"]["200"]["content"]) for name in ("image_raw", "scalar")}
    assert sent == {"image_raw": {"application/json", "image/*"}, "scalar": {"application/json"}}
