"""The training API and the busy lock (contract, 1.9)."""

from collections.abc import Iterator

import pytest

from tests.contracts.digits_api import GENERIC, GENERIC_MODEL, TINY, Digits
from tests.servers import QuickServer, begun_upload


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    running = QuickServer(tmp_path_factory.mktemp("busy") / "data")
    yield running
    running.kill()


def test_an_upload_of_the_explorer_keeps_training_jobs_out(server: QuickServer) -> None:
    digits = Digits(server)
    dataset = digits.done(digits.gradients())
    model = digits.done(digits.training(dataset, train_epochs="1"))
    jobs = sorted(path.name for path in (server.data / "jobs").iterdir())
    upload = begun_upload(server)
    try:
        for path in (GENERIC, GENERIC_MODEL):
            fields = {"dataset_name": "x", "model_name": "x", "dataset": dataset, "method": "custom",
                      "custom_network": TINY}  # fmt: skip
            answer = digits.post(f"{path}.json", fields)
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            assert answer.json()["error"] == "Server is busy, please wait"
            assert digits.post(path, fields).status_code == 503
        assert sorted(path.name for path in (server.data / "jobs").iterdir()) == jobs
        # The same with a large body: the answer comes before it is read.
        large = {"textfile_train_images": ("a.txt", b"x" * 20_000_000)}
        assert (
            digits.post("/datasets/images/classification.json", {"dataset_name": "x"}, files=large).status_code == 503
        )
        # Nor are lists of images looked at.
        files = {"image_list": ("list.txt", b"/a.png\n")}
        for kind in ("classification/classify_many", "classification/top_n", "generic/infer_many", "generic/infer_db"):
            answer = digits.post(f"/models/images/{kind}.json", {"job_id": model}, files=files)
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0, kind
        drawn = {"job_id": model, "test_image_count": "3"}
        assert digits.post("/models/images/generic/infer_extension.json", drawn).status_code == 503
        for path in ("/index.json", f"/datasets/{dataset}.json", "/completed_jobs.json", "/training", "/login"):
            assert digits.get(path).status_code == 200, path
        assert digits.call("PUT", f"/jobs/{dataset}", data={"job_name": "Renamed"}).status_code == 200
        assert digits.post("/group", {"group_name": "g", "job_ids[]": dataset}).status_code == 200
        # Neither one picture through a network, nor an abort, nor run logs wait for the lock.
        asked = {"job_id": model, "gradient_x": "0", "gradient_y": "0"}
        assert digits.post("/models/images/generic/infer_extension.json", asked).status_code == 200
        assert digits.post(f"/models/{model}/abort").status_code == 403
        assert digits.json("/api/getCategory", params={"id": "any", "trainJobName": model})["code"] in (200, 207)
        assert digits.call("DELETE", f"/models/{model}").status_code == 200
        assert digits.call("DELETE", f"/jobs/{dataset}").status_code == 200
    finally:
        upload.close()
    server.wait_idle()
    assert digits.done(digits.gradients(train_image_count="2", val_image_count="0"))


def test_a_training_keeps_the_explorer_out_and_other_trainings_queue(server: QuickServer) -> None:
    digits = Digits(server)
    dataset = digits.done(digits.gradients())
    first = digits.training(dataset, model_name="First", train_epochs="50000", snapshot_interval="0", val_interval="0")
    second = digits.training(dataset, model_name="Second")
    digits.wait(first, "Running")
    busy = server.get("/status")
    assert busy.status_code == 503 and busy.json()["job"]["id"] == first
    assert digits.status(second) in ("Initialized", "Waiting")
    third = digits.gradients(train_image_count="2", val_image_count="0")
    assert digits.status(third) in ("Initialized", "Waiting")
    assert digits.json(f"/models/{first}/graph.json")["hardware"]["cpu"]
    rows = digits.json("/completed_jobs.json")["running"]
    assert [row["type"] for row in rows] == ["dataset", "model", "model"]
    assert {row["id"] for row in rows} == {first, second, third}
    listed = [job["id"] for job in digits.json("/index.json")["models"]]
    assert listed[:2] == [second, first] or listed[:2] == [first, second]
    assert digits.post(f"/models/{first}/abort").status_code == 200
    digits.done(second)
    digits.done(third)
    server.wait_idle()


def test_a_server_may_be_told_to_queue_instead(tmp_path_factory: pytest.TempPathFactory) -> None:
    patient = QuickServer(tmp_path_factory.mktemp("patient") / "data", training_when_busy="queue")
    try:
        digits = Digits(patient)
        upload = begun_upload(patient)
        id = digits.gradients(train_image_count="2", val_image_count="0")
        assert digits.status(id) in ("Initialized", "Waiting")
        upload.close()
        digits.done(id)
    finally:
        patient.kill()
