"""A user of the networks API who has `requests` and nothing else."""

import json
import time
from typing import Any

import requests
from PIL import Image

from tests.conftest import encoded
from tests.contracts.onnx_models import mean_model
from tests.servers import Server

IMAGE = {
    "dimension_order": "NCHW",
    "resize_type": "SQUASH",
    "target_size": "8x8",
    "color_channels": "RGB",
    "pixel_scaling": 255.0,
}
PREPROCESSING: dict[str, Any] = {"inputs": [{"tensor_name": "data", "image": IMAGE}], "batched_output": True}
FIELDS = {"name": "mine", "framework": "onnx", "preprocessing": json.dumps(PREPROCESSING)}
MODEL = mean_model()
FILES = {"model.onnx": ("somewhere.onnx", MODEL)}
RED = encoded(Image.new("RGB", (8, 8), (255, 0, 0)))


class Api:
    """The addresses of a server below `/v0.7`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = requests.Session()

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """A request; redirects are not followed, since there must be none."""
        url = path if path.startswith("http") else f"{self.server.url}/v0.7{path}"
        return self.session.request(method, url, timeout=60, allow_redirects=False, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return self.call("POST", path, **more)

    def submit(self, *without: str, files: Any = FILES, **fields: Any) -> requests.Response:
        """A request to register a network: a good one but for what is said."""
        given = {name: text for name, text in (FIELDS | fields).items() if name not in without}
        return self.post("/networks", data=given, files=files)

    def create(self, model: bytes | None = None, **fields: Any) -> dict[str, Any]:
        """A new network."""
        files = FILES if model is None else {"model.onnx": ("m", model)}
        answer = self.submit(files=files, **fields)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def deployed(self, model: bytes | None = None, **fields: Any) -> dict[str, Any]:
        """A new network whose deployment has ended well."""
        network = self.create(model, **fields)
        assert self.wait(network["task_id"])["status"] == "success", self.task(network["task_id"])
        return network

    def infer(self, network: Any, *names: str, picture: bytes = RED, **more: Any) -> requests.Response:
        """An inference on a picture that goes along, as a form."""
        path = f"/networks/public/{network}" if isinstance(network, str) else f"/networks/{network}"
        data = [("output_tensors", name) for name in names]
        return self.post(f"{path}/inference", data=data, files={"inputs[0]image.source": ("x", picture)}, **more)

    def features(self, network: Any, *names: str, picture: bytes = RED) -> dict[str, Any]:
        """Tensors by name, waited for."""
        answer = self.infer(network, *names, picture=picture)
        assert answer.status_code == 200, answer.text
        return self.tensors(answer.json()["task_id"])

    def tensors(self, task_id: int) -> dict[str, Any]:
        """Tensors by name of a task, waited for."""
        task = self.wait(task_id)
        assert task["status"] == "success", task
        return {tensor["name"]: tensor for tensor in task["data"]["tensors"]}

    def task(self, task_id: int) -> dict[str, Any]:
        """A task."""
        found: dict[str, Any] = self.get(f"/tasks/{task_id}").json()
        return found

    def wait(self, task_id: int, seconds: float = 60) -> dict[str, Any]:
        """A task once it has ended."""
        deadline = time.monotonic() + seconds
        while (task := self.task(task_id))["status"] == "pending":
            assert time.monotonic() < deadline, "the task does not end"
            time.sleep(0.02)
        return task


def check_error(answer: requests.Response, status: int, code: str | None = None, *fields: str) -> dict[str, Any]:
    """An error has its status and its shape, shows nothing of the server, and names the fields."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("application/json")
    body: dict[str, Any] = answer.json()
    assert isinstance(body["error"], str) and body["error"].strip() and "\n" not in body["error"]
    assert code is None or body["code"] == code, body
    for field in fields:
        assert field in body["fields"], body
        assert all(isinstance(text, str) and text for text in body["fields"][field])
    assert "Traceback" not in answer.text and "/tmp/" not in answer.text and "site-packages" not in answer.text
    return body
