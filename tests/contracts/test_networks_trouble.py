"""The networks API when things go wrong: restarts, kills, networks that never end or take too much, jobs, many clients."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import colour_files, encoded, zip_of
from tests.contracts.networks_api import RED, Api, check_error
from tests.contracts.onnx_models import endless_model, hungry_model
from tests.servers import QuickServer, Upload

pytestmark = pytest.mark.slow
BLANK = encoded(Image.new("RGB", (8, 8)))
INFERENCE_WORKER = b"embedding_explorer.jobs.inference_worker"
MEMORY, SECONDS = 1 << 30, 5
Start = Callable[..., Api]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Servers on one data folder, one after the other."""
    started: list[QuickServer] = []

    def run(**settings: str) -> Api:
        given = {"inference_seconds": str(SECONDS), "inference_memory": str(MEMORY)} | settings
        started.append(QuickServer(tmp_path / "data", **given))
        return Api(started[-1])

    yield run
    for server in started:
        server.kill()


def worker_pid(api: Api) -> int | None:
    """The process that runs registered networks."""
    return next((pid for pid, words in api.server.processes().items() if INFERENCE_WORKER in words), None)


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_restart_keeps_networks_tasks_and_results_and_ends_what_waited(start: Start, end: str) -> None:
    api = start()
    network = api.deployed(metadata='{"a": [1]}')
    done = api.infer(network["id"], "mean").json()["task_id"]
    result = api.wait(done)
    slow = api.deployed(endless_model())
    running, waiting = (api.infer(slow["id"]).json()["task_id"] for _ in range(2))
    time.sleep(0.5)
    tasks, networks = api.get("/tasks?limit=1000").json()["count"], api.get("/networks").json()["results"]
    getattr(api.server, end)()
    again = start()
    assert again.get("/networks").json()["results"] == networks
    assert again.get(f"/networks/{network['id']}").json() == network
    assert again.task(done) == result and again.task(network["task_id"])["status"] == "success"
    for task in (running, waiting):
        assert again.task(task)["status"] == "error" and "restarted" in again.task(task)["error"]
    assert again.get("/tasks?limit=1000").json()["count"] == tasks
    assert again.features(network["id"], "mean")["mean"] == result["data"]["tensors"][0]
    assert again.create()["id"] == slow["id"] + 1 and again.infer(network["id"]).json()["task_id"] > waiting
    assert not list((again.server.data / "staging").glob("network-*"))


def test_a_network_that_never_returns_ends_and_the_next_one_runs(start: Start) -> None:
    api = start()
    good, endless = api.deployed(), api.deployed(endless_model())
    assert api.features(endless["id"], picture=BLANK)["last"]["data"] == [1]
    before = worker_pid(api)
    begin = time.monotonic()
    stuck, after = api.infer(endless["id"]).json()["task_id"], api.infer(good["id"], "mean").json()["task_id"]
    answered = time.monotonic()
    assert api.get("/networks").status_code == 200 and time.monotonic() - answered < 1
    task = api.wait(stuck)
    assert task["status"] == "error" and "EXPLORER_INFERENCE_SECONDS" in task["error"]
    assert SECONDS - 1 < time.monotonic() - begin < SECONDS + 10
    assert api.tensors(after)["mean"]["data"] == [255, 0, 0] and worker_pid(api) not in (None, before)


@pytest.mark.parametrize("much", [1e4, 1e9])
def test_a_network_that_takes_too_much_memory_ends_and_the_next_one_runs(start: Start, much: float) -> None:
    api = start(inference_seconds="30")
    good, hungry = api.deployed(), api.deployed(hungry_model(much))
    api.features(hungry["id"], picture=BLANK)
    tasks = [api.infer(each["id"]).json()["task_id"] for each in (hungry, good, hungry, good)]
    ends = [api.wait(task) for task in tasks]
    assert [task["status"] for task in ends] == ["error", "success", "error", "success"]
    assert all("EXPLORER_INFERENCE_MEMORY" in (task["error"] or "") for task in (ends[0], ends[2]))
    assert api.server.get("/health/ready").status_code == 200  # the worker of jobs knows nothing of it


def test_a_killed_inference_worker_is_replaced(start: Start) -> None:
    import os
    import signal

    api = start(inference_seconds="30")
    network, endless = api.deployed(), api.deployed(endless_model())
    stuck = api.infer(endless["id"]).json()["task_id"]
    time.sleep(0.5)
    pid = worker_pid(api)
    assert pid  # 0 would be the tests themselves
    os.kill(pid, signal.SIGKILL)
    assert "ended the process" in api.wait(stuck)["error"]
    assert api.features(network["id"], "mean")["mean"]["data"] == [255, 0, 0]


def test_while_a_job_holds_the_lock_nothing_is_503_and_tasks_wait(start: Start) -> None:
    api = start()
    network = api.deployed()
    quick: Any = api.server
    quick.pause_at("features")
    upload = Upload(quick, zip_of(colour_files(3)))
    quick.wait_paused()
    assert quick.get("/status").status_code == 503
    made = api.create()
    ids = [api.infer(network["id"], "mean").json()["task_id"] for _ in range(3)]
    assert api.call("PATCH", f"/networks/{made['id']}", json={"name": "x"}).status_code == 200
    assert api.get(f"/networks/{network['id']}/layers").json()["count"] == 4
    check_error(api.get(f"/networks/{made['id']}/layers"), 409, "not_ready")
    gone = api.create()
    left = api.infer(gone["id"]).json()["task_id"]
    assert api.call("DELETE", f"/networks/{gone['id']}").status_code == 204
    assert api.task(left)["status"] == "error" and "deleted" in api.task(left)["error"]
    time.sleep(0.5)
    page = api.get("/tasks", params={"task_ids": [made["task_id"], *ids]}).json()
    assert [task["status"] for task in page["results"]] == ["pending"] * 4
    assert all(task["date_updated"] is None and task["data"] is None for task in page["results"])
    quick.go_on()
    answer = upload.done()
    assert answer is not None and answer.status_code == 200
    assert api.wait(made["task_id"])["status"] == "success"
    assert [api.wait(task)["status"] for task in ids] == ["success"] * 3


def test_keys_are_asked_for_where_they_are_set(start: Start) -> None:
    api = start(api_key="secret-one, other-$%&")
    for key in (None, "", "wrong", "secret-one,", "secret-one, other-$%&"):
        headers = {} if key is None else {"X-API-KEY": key}
        for path in ("/networks", "/networks/1", "/tasks", "/accounts/me", "/nothing", ""):
            check_error(api.get(path, headers=headers), 401, "unauthorized")
        check_error(api.post("/networks", headers=headers, data=b"x" * 100), 401, "unauthorized")
    for key in ("secret-one", "other-$%&"):
        assert api.get("/networks", headers={"X-API-KEY": key, "X-APP-ID": "7"}).status_code == 200
    assert api.server.get("/status").status_code == 200  # the explorer API knows no keys


@pytest.mark.skipif(find_spec("tensorflow") is not None, reason="TensorFlow is installed")
def test_a_framework_that_is_not_installed_is_named_with_its_extra(start: Start) -> None:
    answer = start().submit(framework="tensorflow-1.x", files={"notes.txt": ("x", b"x")})
    body = check_error(answer, 400, "extra_required", "framework")
    assert 'pip install "embedding-explorer[tensorflow]"' in body["error"] and "tensorflow-1.x" in body["error"]


def test_no_more_tasks_wait_than_may(start: Start) -> None:
    api = start(max_pending_tasks="3", inference_seconds="3")
    endless = api.deployed(endless_model())
    answers = [api.infer(endless["id"]) for _ in range(6)]
    assert [answer.status_code for answer in answers][:3] == [200] * 3
    check_error(answers[-1], 429, "too_many_tasks")


def test_many_clients_at_once_get_what_they_asked_for(start: Start) -> None:
    api = start(inference_seconds="60")
    shared = api.deployed()

    def client(number: int) -> list[int]:
        user = Api(api.server)
        made = user.create(name=f"client {number}")
        colour = (number, 2 * number, 255 - number)
        image = encoded(Image.new("RGB", (4, 4), colour))
        for network in (made, shared):
            assert user.features(network["id"], "mean", picture=image)["mean"]["data"] == list(colour)
        assert user.get(f"/networks/{made['id']}").json()["name"] == f"client {number}"
        assert user.call("DELETE", f"/networks/{made['id']}").status_code == 204
        user.session.close()
        return [made["id"], made["task_id"]]

    with ThreadPoolExecutor(30) as pool:
        made = list(pool.map(client, range(30)))
    assert len({network for network, _ in made}) == len({task for _, task in made}) == 30
    assert api.get("/networks").json()["count"] == 1
    assert not list((api.server.data / "staging").glob("network-*")) and not list(
        (api.server.data / "tasks" / "inputs").glob("*")
    )


def test_the_catalog_may_be_in_postgresql(start: Start, postgres_url: str) -> None:
    api = start(database_url=postgres_url)
    network = api.deployed(name="ü🎉", metadata='{"a": "\\u0000 is no text of PostgreSQL, but of JSON"}')
    done = api.infer(network["id"], "mean").json()["task_id"]
    result = api.wait(done)
    assert result["data"]["tensors"][0]["data"] == [255, 0, 0]
    api.call("PATCH", f"/networks/{network['id']}", json={"description": "x"})
    other = api.create()
    api.call("DELETE", f"/networks/{other['id']}")
    api.server.terminate()
    assert not (api.server.data / "catalog.sqlite").exists()
    again = start(database_url=postgres_url)
    page = again.get("/networks").json()
    assert page["count"] == 1 and page["results"][0]["name"] == "ü🎉" and page["results"][0]["description"] == "x"
    assert again.task(done) == result and again.create()["id"] > other["id"]
    assert RED and again.features(network["id"], "mean")["mean"]["data"] == [255, 0, 0]
