"""Maps of trainings over HTTP [own addition of the training API]: single maps, series of epochs, layers, uploads."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import encoded, zip_of
from tests.servers import QuickServer
from tests.training.trained import DATASET, MODEL, make_trained, picture

pytestmark = pytest.mark.slow
UNKNOWN = "20200101-000000-0000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    data = tmp_path_factory.mktemp("digits-maps") / "data"
    make_trained(data)
    running = QuickServer(data)
    yield running
    running.kill()


def finished(server: QuickServer, answer: requests.Response) -> dict[str, Any]:
    """The result of the job that was answered with."""
    assert answer.status_code == 202, answer.text
    job = answer.json()["job"]["id"]
    assert answer.headers["Location"] == f"/jobs/{job}.json"
    server.wait_for(lambda: server.get(f"/jobs/{job}.json").json()["status"] not in ("waiting", "running"), 200)
    ended = server.get(f"/jobs/{job}.json").json()
    assert ended["status"] == "done", ended
    result: dict[str, Any] = ended["result"]
    return result


def faults(answer: requests.Response) -> dict[str, Any]:
    """The fields that a form was refused for."""
    assert answer.status_code == 400, answer.text
    errors: dict[str, Any] = answer.json()["errors"]
    return errors


def test_a_series_has_a_map_for_each_epoch(server: QuickServer) -> None:
    assert server.get(f"/models/{MODEL}/maps.json").json()["maps"] == []
    result = finished(
        server, server.post(f"/models/{MODEL}/maps.json", data={"epochs": "1,3", "set": "val", "limit": 20})
    )
    assert [each["epoch"] for each in result["maps"]] == [1, 3] and result["total"] == 20
    listed = server.get(f"/models/{MODEL}/maps/json").json()
    assert listed["maps"] == result["maps"] and listed["name"] == "shape net"
    assert listed["series"][0]["complete"] and listed["series"][0]["set"] == "val"
    last = server.get(f"/maps/{result['maps'][1]['dataset']}").json()
    assert last["reductions"]["umap"]["parameters"]["aligned_to"] == result["maps"][0]["dataset"]
    assert last["network"]["registered"]["id"] == f"{MODEL}@3" and last["source"]["kind"] == "training"
    assert {"label", "set"} <= {each["name"] for each in last["columns"]}
    assert server.get(f"/maps/{last['id']}/pictures/0").headers["Content-Type"] == "image/png"
    agreement = server.get(f"/maps/{last['id']}/agreement/{result['maps'][0]['dataset']}").json()
    assert agreement["matched"] == 20


def test_a_map_of_a_dataset_by_any_network(server: QuickServer) -> None:
    form = {"model": MODEL, "snapshot_epoch": "2", "set": "val", "limit": "15"}
    first = finished(server, server.post(f"/datasets/{DATASET}/map.json", data=form))
    again = finished(server, server.post(f"/datasets/{DATASET}/map.json", data=form))
    assert first == again and first["total"] == 15
    aligned = finished(server, server.post(f"/datasets/{DATASET}/map.json", data=form | {"align": first["dataset"]}))
    other = finished(server, server.post(f"/datasets/{DATASET}/map.json", data={"set": "val", "align": "previous"}))
    assert len({first["dataset"], aligned["dataset"], other["dataset"]}) == 3
    manifest = server.get(f"/maps/{first['dataset']}").json()
    assert manifest["name"] == "shapes" and manifest["source"]["training_dataset"] == DATASET


def test_uploads_take_snapshots(server: QuickServer) -> None:
    archive = zip_of({f"x{n}.png": encoded(picture(n % 3, 500 + n, side=40)) for n in range(6)})
    answer = server.upload(archive, query=f"?network={MODEL}@1&layer=conv2")
    assert answer.status_code == 200 and server.get(f"/maps/{answer.text}").json()["total"] == 6
    for network, words in ((f"{MODEL}@7", "no snapshot of epoch 7"), (UNKNOWN, "no trained model")):
        refused = server.upload(archive, query=f"?network={network}")
        assert refused.status_code == 400 and words in refused.json()["detail"]


def test_forms_are_refused_field_by_field(server: QuickServer) -> None:
    form = {"limit": "0", "set": "none", "model": MODEL, "network": "embedded", "pooling": "sum"}
    assert set(faults(server.post(f"/datasets/{DATASET}/map.json", data=form))) == {
        "limit",
        "set",
        "network",
        "pooling",
    }
    assert set(faults(server.post(f"/datasets/{DATASET}/map.json", data={"align": "0" * 32}))) == {"align"}
    for epochs in ("1,9", "x", "0", "101"):
        assert set(faults(server.post(f"/models/{MODEL}/maps.json", data={"epochs": epochs}))) == {"epochs"}, epochs
    unknown = server.post(f"/datasets/{DATASET}/map.json", data={"model": UNKNOWN})
    assert unknown.status_code == 400 and "no trained model" in unknown.json()["error"]["description"]


def test_unknown_jobs_are_not_found(server: QuickServer) -> None:
    for path, send in (
        (f"/models/{UNKNOWN}/maps.json", server.get),
        (f"/models/{UNKNOWN}/maps.json", server.post),
        (f"/models/{DATASET}/maps.json", server.post),
        (f"/datasets/{MODEL}/map.json", server.post),
        (f"/models/{UNKNOWN}/layers.json", server.get),
    ):
        answer = send(path)
        assert answer.status_code == 404 and answer.json()["error"]["description"] == "Job not found", path


def test_layers_are_listed(server: QuickServer) -> None:
    layers = server.get(f"/models/{MODEL}/layers.json").json()["layers"]
    assert [each["name"] for each in layers if each["default"]] == ["ip2"]


def test_while_another_job_runs_it_is_busy(server: QuickServer) -> None:
    server.pause_at("features")
    job = server.post(f"/models/{MODEL}/maps.json", data={"epochs": "all", "set": "val", "limit": 21})
    server.wait_paused()
    try:
        for path in (f"/models/{MODEL}/maps.json", f"/datasets/{DATASET}/map.json"):
            answer = server.post(path)
            assert answer.status_code == 503 and answer.headers["Retry-After"], answer.text
            assert answer.json()["error"] == "Server is busy, please wait"
        assert server.get(f"/models/{MODEL}/layers.json").status_code == 503
        assert server.get(f"/models/{MODEL}/maps.json").status_code == 200
        aborted = server.post(f"/jobs/{job.json()['job']['id']}/abort")
        assert aborted.status_code == 202
    finally:
        server.go_on()
    server.wait_idle()
    assert server.leftovers() == []
