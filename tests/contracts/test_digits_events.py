"""The training API: live updates (contract, 9), as server-sent events."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.contracts.digits_api import UNKNOWN, Digits, events
from tests.servers import QuickServer

Said = tuple[str, Any]


@contextmanager
def listening(server: QuickServer, path: str) -> Iterator[list[Said]]:
    """What is said at an address, while it is said."""
    said: list[Said] = []
    answer = requests.get(server.url + path, stream=True, timeout=60)
    assert answer.headers["Content-Type"].startswith("text/event-stream")

    def listen() -> None:
        try:
            for name, data in events(answer):
                said.append((name, json.loads(data)))
        except (requests.RequestException, AttributeError, ValueError, OSError):
            pass  # closed below

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield said
    finally:
        thread.join(0.1)
        answer.close()


def named(said: list[Said], name: str) -> list[Any]:
    """What was said under a name."""
    return [data for each, data in list(said) if each == name]


def test_a_model_says_how_it_goes_on_until_it_ends(digits: Digits, digits_server: QuickServer, slopes: str) -> None:
    id = digits.training(slopes, model_name="Told", train_epochs="200")
    with listening(digits_server, f"/jobs/{id}/events") as said:
        digits.done(id)
        digits.server.wait_for(lambda: bool(named(said, "end")), 10)
    end = named(said, "end")
    assert len(end) == 1 and said[-1][0] == "end"
    assert (end[0]["id"], end[0]["status"], end[0]["css"], end[0]["running"]) == (id, "Done", "success", False)
    assert end[0]["progress"] == 100 and end[0]["snapshots"][-1] == 200
    going = named(said, "progress")
    assert {each["status"] for each in going} & {"Initialized", "Running"}
    assert [each["progress"] for each in going] == sorted(each["progress"] for each in going)
    graph = digits.json(f"/models/{id}/graph.json")
    assert named(said, "graph")[-1] == graph
    digits.delete_only("Told")


def test_a_dataset_says_its_statistics(digits: Digits, digits_server: QuickServer) -> None:
    id = digits.gradients(dataset_name="Said", train_image_count="2000")
    with listening(digits_server, f"/jobs/{id}/events") as said:
        digits.done(id)
        digits.server.wait_for(lambda: bool(named(said, "end")), 10)
    last = named(said, "statistics")[-1]
    found = digits.json(f"/datasets/{id}/statistics.json")
    assert last == {"labels": found["labels"], "sets": found["sets"]}
    assert digits.call("DELETE", f"/datasets/{id}").status_code == 200


def test_an_ended_job_ends_at_once_and_an_unknown_one_is_404(digits: Digits, trained: str) -> None:
    answer = digits.get(f"/jobs/{trained}/events", stream=True)
    assert [name for name, _ in events(answer)] == ["graph", "end"]
    assert digits.get(f"/jobs/{UNKNOWN}/events").status_code == 404


def test_the_list_tells_of_new_changed_and_deleted_jobs(digits: Digits, digits_server: QuickServer) -> None:
    with listening(digits_server, "/jobs/events") as said:
        digits.server.wait_for(lambda: bool(named(said, "server")), 10)
        tables = named(said, "jobs")
        assert len(tables) == 1 and {"running", "datasets", "models"} <= tables[0].keys()
        assert named(said, "server")[0].keys() == {"total_gpu_count", "remaining_gpu_count"}
        id = digits.gradients(dataset_name="Listed", train_image_count="4", val_image_count="0")
        digits.done(id)

        def rows() -> list[Any]:
            return [row for row in named(said, "changed") if row["id"] == id]

        digits.server.wait_for(lambda: bool(rows()) and rows()[-1]["status"] == "Done", 10)
        digits.call("PUT", f"/jobs/{id}", data={"job_name": "Other"})
        digits.server.wait_for(lambda: rows()[-1]["name"] == "Other", 10)
        assert rows()[-1] == digits.json(f"/jobs/{id}/table_data.json")["job"]
        quiet = len(named(said, "changed"))
        time.sleep(2.5)
        assert len(named(said, "changed")) == quiet
        assert digits.call("DELETE", f"/jobs/{id}").status_code == 200
        digits.server.wait_for(lambda: {"id": id} in named(said, "deleted"), 10)


@pytest.mark.slow
def test_listeners_never_take_all_threads(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = QuickServer(tmp_path_factory.mktemp("listeners") / "data", web_threads="8")
    open_ones = []
    try:
        answers = [requests.get(f"{server.url}/jobs/events", stream=True, timeout=30) for _ in range(6)]
        open_ones = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(open_ones) == 4 and len(refused) == 2
        assert requests.get(f"{server.url}/index.json", timeout=10).status_code == 200
        open_ones.pop().close()
        server.wait_for(lambda: requests.get(f"{server.url}/jobs/events", stream=True, timeout=30).ok, 30)
        begun = time.monotonic()
        assert server.terminate() == 0 and time.monotonic() - begun < 10
    finally:
        for answer in open_ones:
            answer.close()
        server.kill()
