"""A session with the published Python client, run in a process of its own: `python published_client.py HOST MODEL [FOLDER]`.

FOLDER holds a release of the client that is not the installed one. Every assertion is what a user relies on.
"""

import base64
import io
import sys
from typing import Any

if len(sys.argv) > 3:
    sys.path.insert(0, sys.argv[3])
    for name in [name for name in sys.modules if name.partition(".")[0] == "deepomatic"]:
        del sys.modules[name]  # a package installed beside it claims the name at the start of Python

import numpy as np
from deepomatic.api import exceptions
from deepomatic.api.client import Client
from deepomatic.api.inputs import ImageInput
from deepomatic.api.version import __version__
from PIL import Image

IMAGE = {
    "dimension_order": "NCHW", "target_size": "8x8", "resize_type": "SQUASH", "mean_file": "mean.npy", "color_channels": "RGB",
    "pixel_scaling": 255.0, "data_type": "FLOAT32",
}  # fmt: skip
PREPROCESSING = {"inputs": [{"tensor_name": "data", "image": IMAGE}], "batched_output": True}
REFUSAL = getattr(exceptions, "ClientError", exceptions.BadStatus)


def npy(values: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def png(colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def refused(call: Any, status: int) -> Any:
    try:
        call()
    except REFUSAL as error:
        assert error.status_code == status, error
        return error.json() if hasattr(error, "json") else error.response.json()
    raise AssertionError("it was not refused")


def make(client: Any, model: str, **more: Any) -> Any:
    files = {"model.onnx": open(model, "rb"), "mean.npy": io.BytesIO(npy(np.ones((3, 1, 1))))}  # noqa: SIM115
    arguments = {"name": "by client", "framework": "onnx", "preprocessing": PREPROCESSING, "files": files}
    return client.Network.create(**(arguments | more))


def networks(client: Any, model: str) -> Any:
    """Creating, reading, listing, changing."""
    network = make(client, model, metadata={"author": "me", "tags": ["a", "b"]})
    task = client.Task.retrieve(network["task_id"])
    task.wait()
    assert task["status"] == "success" and task.pk == network["task_id"]
    image = network["preprocessing"]["inputs"][0]["image"]
    assert image["target_size"] == "8x8" and image["pixel_scaling"] == 255.0 and image["mean_file"] == "mean.npy"
    assert network["metadata"] == {"author": "me", "tags": ["a", "b"]}
    network.update(name="renamed", metadata={"epoch": 3})
    assert network["name"] == "renamed" and network["metadata"] == {"epoch": 3} and network["framework"] == "onnx"
    network.update(replace=True, name="replaced")
    assert network["metadata"] == {} and client.Network.retrieve(network.pk)["name"] == "replaced"
    for _ in range(2):
        make(client, model, metadata='{"epoch": 3}')
    pages = client.Network.list(offset=0, limit=2)
    found = [each.pk for each in pages]
    assert len(found) == len(set(found)) == pages.count() and network.pk in found
    pages.next()
    pages.prev()
    return network


def inference(client: Any, network: Any) -> None:
    """Features of pictures in all the forms of the client."""
    red, blue = png((255, 0, 0)), png((0, 0, 255))
    for source in (
        ImageInput(red, encoding="binary"), ImageInput(base64.b64encode(red), encoding="base64"), ImageInput(io.BytesIO(red)),
        ImageInput(red, encoding="binary", bbox={"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}),
    ):  # fmt: skip
        found = network.inference(output_tensors=["mean", "prob:0"], inputs=[source])
        assert set(found) == {"mean", "prob:0"} and found["mean"].shape == (1, 3)
        assert np.allclose(found["mean"], [[254, -1, -1]]) and np.allclose(found["prob:0"], [[1, 0, 0]])
    assert set(network.inference(inputs=[ImageInput(red, encoding="binary")])) == {"prob", "count"}
    raw = network.inference(
        convert_to_numpy=False, output_tensors=["mean"], inputs=[ImageInput(red, encoding="binary")]
    )
    assert raw["tensors"][0]["dims"] == raw["tensors"][0]["shape"] == [1, 3]
    tasks = [
        network.inference(
            convert_to_numpy=False, return_task=True, wait_task=False, output_tensors=["mean"],
            inputs=[ImageInput(picture, encoding="binary")],
        )
        for picture in (red, blue) * 3
    ]  # fmt: skip
    pending, success, error = client.Task.batch_wait(tasks)
    assert not pending and not error and [place for place, _ in success] == list(range(6))
    values = [task["data"]["tensors"][0]["data"] for _, task in success]
    assert values == [[254, -1, -1], [-1, -1, 254]] * 3


def refusals(client: Any, model: str, network: Any) -> None:
    """What the server refuses becomes the client's own errors."""
    body = refused(lambda: make(client, model, framework="caffe"), 400)
    assert body["error"] and "framework" in body["fields"]
    refused(lambda: client.Network.retrieve(999999)["name"], 404)
    refused(lambda: client.Network.retrieve("42")["name"], 404)
    picture = ImageInput(png((1, 2, 3)), encoding="binary")
    assert "'nope'" in refused(lambda: network.inference(output_tensors=["nope"], inputs=[picture]), 400)["error"]
    assert refused(lambda: network.inference(output_tensors=["mean"], inputs=[]), 400)["error"]
    try:
        network.inference(output_tensors=["mean"], inputs=[ImageInput("http://127.0.0.1:9/none.jpg")])
        raise AssertionError("nobody listens there")
    except exceptions.TaskError as error:
        assert "cannot be fetched" in str(error)


def public(client: Any) -> None:
    """Public networks are addressed by their slugs."""
    found = {each.pk: each for each in client.Network.list(public=True)}
    assert {"embedded", "imagenet-inception-v1"} <= set(found)
    assert client.Network.retrieve("imagenet-inception-v1")["preprocessing"]["inputs"]
    features = found["embedded"].inference(inputs=[ImageInput(png((9, 99, 9)), encoding="binary")])
    assert features["output"].ndim == 2


def deleting(client: Any, network: Any) -> None:
    """A deleted network is gone."""
    assert network.delete() is None
    refused(lambda: client.Network.retrieve(network.pk)["name"], 404)


def main() -> None:
    """The whole session."""
    host, model = sys.argv[1:3]
    client = Client("app", "key", host=host)
    network = networks(client, model)
    inference(client, network)
    refusals(client, model, network)
    public(client)
    layers = client.http_helper.get(f"/networks/{network.pk}/layers/")["results"]
    assert [layer["name"] for layer in layers] == ["data", "mean", "prob", "count"]
    deleting(client, network)
    print(f"deepomatic-api {__version__} is content")


if __name__ == "__main__":
    main()
