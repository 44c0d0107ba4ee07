"""Registered and public networks make datasets (networks contract, section 16). A real server, its own worker."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import colour_files, encoded, picture, zip_of
from tests.contracts.networks_api import IMAGE, PREPROCESSING, Api
from tests.contracts.onnx_models import flat_model, hungry_model, mean_model, picky_model, two_inputs_model
from tests.servers import Server, explorer

pytestmark = pytest.mark.slow
FILES = colour_files(12)
BATCHED = json.dumps(PREPROCESSING | {"batched_output": False})


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    user = Api(server)
    yield user
    user.session.close()


@pytest.fixture(scope="module")
def network(server: Server) -> dict[str, Any]:
    return Api(server).deployed(preprocessing=BATCHED)


def upload(server: Server, query: str, files: Any = FILES) -> str:
    """A dataset of the pictures."""
    answer = server.upload(zip_of(files), query=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def rows(server: Server, dataset: str) -> Any:
    """The features of a dataset."""
    return np.load(server.data / "datasets" / dataset / "features.npy").astype(np.float32)


def manifest(server: Server, dataset: str) -> dict[str, Any]:
    """What is said of the network that made it."""
    found: dict[str, Any] = server.get(f"/dataset/{dataset}").json()["network"]
    return found


def test_each_row_is_what_the_inference_of_that_picture_gives(
    server: Server, api: Api, network: dict[str, Any]
) -> None:
    dataset = upload(server, f"?network={network['id']}&layer=mean")
    expected = [api.features(network["id"], "mean", picture=data)["mean"]["data"] for data in FILES.values()]
    np.testing.assert_allclose(rows(server, dataset), expected, rtol=1e-3)  # they are stored in float16
    said = manifest(server, dataset)
    assert (said["name"], said["layer"], said["pooling"], said["dimension"]) == ("mine", "mean", "avg", 3)
    assert said["registered"] == {"id": network["id"], "preprocessing": network["preprocessing"]}


@pytest.mark.parametrize(("pooling", "dimension"), [("avg", 3), ("max", 3), ("flatten", 192)])
def test_maps_are_pooled_over_their_places(
    server: Server, network: dict[str, Any], pooling: str, dimension: int
) -> None:
    dataset = upload(server, f"?network={network['id']}&layer=data&pooling={pooling}")
    found = rows(server, dataset)
    pictures = [
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB").resize((8, 8), Image.Resampling.BILINEAR))
        for data in FILES.values()
    ]
    maps = np.stack(pictures).astype(np.float32).transpose(0, 3, 1, 2)
    expected = {"avg": maps.mean((2, 3)), "max": maps.max((2, 3)), "flatten": maps.reshape(len(maps), -1)}[pooling]
    assert found.shape[1] == dimension == manifest(server, dataset)["dimension"]
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_one_by_one_and_together_give_the_same(server: Server, api: Api, network: dict[str, Any]) -> None:
    alone = api.deployed()
    one, many = (upload(server, f"?network={each['id']}") for each in (alone, network))
    assert one != many  # their preprocessing differs
    np.testing.assert_allclose(rows(server, one), rows(server, many), rtol=1e-4)
    assert manifest(server, one)["layer"] == "prob"  # the first final output


def test_the_same_files_registered_again_give_the_same_dataset(
    server: Server, api: Api, network: dict[str, Any]
) -> None:
    again = api.deployed(preprocessing=BATCHED, name="another name")
    first, second = (upload(server, f"?network={each['id']}&layer=mean") for each in (network, again))
    assert first == second
    assert upload(server, f"?network={network['id']}&layer=prob") != first


def test_a_network_that_is_not_deployed_yet_is_waited_for(server: Server, api: Api) -> None:
    made = api.create(mean_model(), description="just now")
    assert rows(server, upload(server, f"?network={made['id']}&layer=mean")).shape == (12, 3)


def test_what_cannot_work_is_said_in_the_shape_of_the_explorer_api(
    server: Server, api: Api, network: dict[str, Any]
) -> None:
    two = [{"tensor_name": name, "image": IMAGE} for name in ("left", "right")]
    twins = api.deployed(two_inputs_model(), preprocessing=json.dumps({"inputs": two}))
    varying = json.dumps({"inputs": [{"tensor_name": "data", "image": IMAGE | {"resize_type": "NETWORK"}}]})
    free = api.deployed(mean_model("side"), preprocessing=varying)
    failed = api.create(preprocessing=BATCHED.replace("8x8", "9x9"))
    api.wait(failed["task_id"])
    for query, status, word in (
        ("network=999999", 400, "999999"), ("network=imagenet-nothing", 400, "imagenet-nothing"),
        (f"network={network['id']}&layer=meen", 400, "layer: there is no layer 'meen'; near ones are mean"),
        (f"network={network['id']}&pooling=sum", 400, ""),
        (f"network={twins['id']}", 400, "several"), (f"network={free['id']}&pooling=flatten", 400, "NETWORK"),
        (f"network={failed['id']}", 409, "target_size"), ("network=imagenet-inception-v1&layer=nope", 400, "fc, output"),
        ("network=embedded&layer=nope", 400, "layer: there is no layer 'nope'; its last ones are"),
    ):  # fmt: skip
        answer = server.upload(zip_of(FILES), query=f"?{query}")
        assert answer.status_code == status and answer.json().keys() >= {"error"}, (query, answer.text)
        assert word in answer.text, (query, answer.text)
    server.wait_idle()


def test_varying_pictures_work_where_they_are_pooled(server: Server, api: Api) -> None:
    made = varying(api, mean_model("side"))
    assert rows(server, upload(server, f"?network={made['id']}&layer=data&pooling=max")).shape == (12, 3)


def test_a_public_slug_means_the_network_that_inference_knows(server: Server, api: Api) -> None:
    dataset = upload(server, "?network=embedded")
    expected = [api.features("embedded", picture=data)["output"]["data"] for data in FILES.values()]
    np.testing.assert_allclose(rows(server, dataset), expected, rtol=2e-3, atol=1e-4)  # they are stored in float16
    said = manifest(server, dataset)
    assert said["layer"] == "output" and said["registered"]["id"] == "embedded"
    own = manifest(server, upload(server, "?name=own"))
    assert own["registered"] is None and own["layer"] != "output"  # the explorer's own extractor of that name
    for slug in ("resnet50", "imagenet-resnet-50"):
        answer = server.upload(zip_of(FILES), query=f"?network={slug}&layer=layer4.2.conv4")
        assert answer.status_code == 400 and "layer4.2.conv3" in answer.text


def varying(api: Api, model: bytes) -> dict[str, Any]:
    """A network that takes images of at most 16 pixels a side."""
    image = IMAGE | {"resize_type": "NETWORK", "target_size": "16"}
    return api.deployed(model, preprocessing=json.dumps({"inputs": [{"tensor_name": "data", "image": image}]}))


def test_rows_of_several_lengths_end_the_job_and_those_of_one_do_not(server: Server, api: Api) -> None:
    made = varying(api, flat_model())
    dataset = upload(server, f"?network={made['id']}")
    assert rows(server, dataset).shape == (12, 3 * 16 * 12) and manifest(server, dataset)["dimension"] == 576
    square = encoded(picture((9, 9, 9), (20, 20)))
    answer = server.upload(zip_of(FILES | {"q.png": square}), query=f"?network={made['id']}")
    assert answer.status_code == 400 and "768 features for one picture and 576" in answer.text
    other = server.post(f"/dataset/{dataset}/neighbors", files={"file": ("q.png", square)})
    assert other.status_code == 400 and "768" in other.text
    same = server.post(f"/dataset/{dataset}/neighbors", files={"file": ("p.png", next(iter(FILES.values())))})
    assert same.json()["neighbors"][0]["index"] == 0


@pytest.mark.parametrize("batched", [BATCHED, json.dumps(PREPROCESSING)])
@pytest.mark.parametrize("how", ["fails", "takes too much"])
def test_pictures_on_which_the_network_fails_are_skipped_and_listed(
    server: Server, api: Api, batched: str, how: str
) -> None:
    made = api.deployed(picky_model() if how == "fails" else hungry_model(1e9), preprocessing=batched)
    dark = {f"d{i}.png": encoded(Image.new("RGB", (9, 9), (0, 0, i % 4))) for i in range(5)}
    if how != "fails":
        dark = {f"d{i}.png": encoded(Image.new("RGB", (9, 9 + i))) for i in range(5)}
    bright = {"d1x.png": encoded(Image.new("RGB", (9, 9), "white")), "x.png": encoded(Image.new("RGB", (8, 8), "red"))}
    broken = {"d2x.png": b"\x89PNG broken"}
    answer = server.upload(zip_of(dark | bright | broken), query=f"?network={made['id']}")
    assert answer.status_code == 200 and answer.headers["X-Dataset-Skipped"] == "3", answer.text
    listed = server.get(f"/dataset/{answer.text}").json()
    assert listed["total"] == 5
    assert [each["file"] for each in listed["skipped"]] == ["d1x.png", "d2x.png", "x.png"]
    word = "The network fails" if how == "fails" else "EXPLORER_INFERENCE_MEMORY"
    assert word in listed["skipped"][0]["reason"] and str(server.data) not in json.dumps(listed["skipped"])
    everything = server.upload(zip_of(bright | broken), query=f"?network={made['id']}")
    assert 400 <= everything.status_code <= 500 and word in everything.text


def test_a_network_that_takes_too_much_ends_the_job_and_not_the_worker(server: Server, api: Api) -> None:
    made = api.deployed(hungry_model(1e9))
    worker = server.worker_pid()
    answer = server.upload(zip_of(FILES), query=f"?network={made['id']}")
    assert answer.status_code in (400, 413, 500) and "EXPLORER_INFERENCE_MEMORY" in answer.text
    assert server.worker_pid() == worker
    server.wait_idle()


def test_datasets_of_a_deleted_network_stay_and_what_needs_it_is_409(server: Server, api: Api) -> None:
    made = api.deployed(preprocessing=BATCHED.replace("255.0", "128.0"))
    dataset = upload(server, f"?network={made['id']}&layer=mean")
    given = {"file": ("one.png", next(iter(FILES.values())))}
    searches = (f"/dataset/{dataset}/neighbors", f"/maps/{dataset}/search")
    for address in searches:
        assert server.post(address, files=given).status_code == 200
    assert api.call("DELETE", f"/networks/{made['id']}").status_code == 204
    assert server.get(f"/dataset/{dataset}/features/pca").status_code == 200
    assert server.get(f"/dataset/{dataset}/tilemap").status_code == 200
    for address in searches:
        refused = server.post(address, files=given)
        assert refused.status_code == 409 and "deleted" in refused.text
    for address in (
        "/health/live",
        "/health/ready",
        "/status",
        "/metrics",
        f"/dataset/{dataset}",
        "/dataset",
        f"/maps/{dataset}",
    ):
        assert server.get(address).status_code == 200, address
    gone = server.upload(zip_of(FILES), query=f"?network={made['id']}&layer=mean")
    assert gone.status_code == 400 and str(made["id"]) in gone.text


def test_the_command_line_takes_a_registered_network_too(
    server: Server, api: Api, network: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    done = explorer(
        "ingest", str(folder), "--data", str(server.data), "--network", str(network["id"]), "--layer", "mean"
    )
    assert done.returncode == 0, done.stderr
    assert rows(server, done.stdout.strip()).shape == (12, 3)
    refused = explorer("ingest", str(folder), "--data", str(server.data), "--network", "999999")
    assert refused.returncode != 0 and "no network '999999'" in refused.stderr
