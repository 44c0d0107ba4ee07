"""A network of each framework, created, listed, edited, run and deleted by the published client and by curl."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.contracts.networks_api import IMAGE, Api
from tests.contracts.onnx_models import mean_model
from tests.servers import QuickServer

pytestmark = pytest.mark.slow
SESSION = Path(__file__).parent / "client_frameworks.py"
COLOUR = (200, 100, 50)
TENSORFLOW = find_spec("tensorflow") is not None
# Run apart from the tests: TensorFlow does not forgive a second copy of what other packages bring along.
EXPORT = """
import sys, tensorflow as tf
tf1 = tf.compat.v1
with tf.Graph().as_default(), tf1.Session() as session:
    x = tf1.placeholder(tf.float32, [None, 8, 8, 3], name="data")
    kernel = tf1.get_variable("kernel", [3, 2])
    mean = tf.reduce_mean(x, [1, 2], name="mean")
    prob = tf.nn.softmax(tf.matmul(mean, kernel), name="prob")
    session.run(tf1.global_variables_initializer())
    tf1.saved_model.simple_save(session, sys.argv[1], {"image": x}, {"prob": prob})
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A user of a server whose inference worker has room for two frameworks."""
    running = QuickServer(tmp_path_factory.mktemp("frameworks") / "data", inference_memory=str(4 << 30))
    user = Api(running)
    yield user
    user.session.close()
    running.kill()


def onnx_files(folder: Path) -> dict[str, str]:
    (folder / "some.onnx").write_bytes(mean_model(outputs=("prob",)))
    return {"model.onnx": "some.onnx"}


def pytorch_files(folder: Path) -> dict[str, str]:
    import torch
    from torch import nn

    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)).eval()
    torch.jit.trace(module, torch.zeros(1, 3, 8, 8)).save(folder / "some.pt")
    return {"model.pt": "some.pt"}


def tensorflow_files(folder: Path) -> dict[str, str]:
    if TENSORFLOW:
        subprocess.run([sys.executable, "-c", EXPORT, str(folder / "export")], check=True, capture_output=True)
    else:  # to be refused before it is looked at
        (folder / "export" / "variables").mkdir(parents=True)
        (folder / "export" / "saved_model.pb").write_bytes(b"\x08\x01")
    files = [path for path in (folder / "export").rglob("*") if path.is_file() and path.name != "fingerprint.pb"]
    return {path.name: str(path.relative_to(folder)) for path in files}


# Framework → files, names of the input, the layer that has the mean of each channel, and the final one; order of axes.
KINDS: dict[str, tuple[Callable[[Path], dict[str, str]], str, str, str, str]] = {
    "onnx": (onnx_files, "data", "mean", "prob", "NCHW"),
    "pytorch": (pytorch_files, "data", "0", "output", "NCHW"),
    "tensorflow-1.x": (tensorflow_files, "data", "mean:0", "prob:0", "NHWC"),
}


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What a user has of a network of a framework; in files too."""
    files, name, layer, output, order = KINDS[request.param]
    Image.new("RGB", (8, 8), COLOUR).save(tmp_path / "picture.png")
    inputs = [{"tensor_name": name, "image": IMAGE | {"dimension_order": order}}]
    made = {
        "framework": request.param,
        "preprocessing": {"inputs": inputs, "batched_output": False},
        "files": files(tmp_path),
        "layer": layer,
        "output": output,
        "expected": list(COLOUR),
        "picture": "picture.png",
    }
    (tmp_path / "case.json").write_text(json.dumps(made))
    return made


def test_the_published_client_manages_networks_of_each_framework(
    api: Api, case: dict[str, Any], tmp_path: Path
) -> None:
    pytest.importorskip("deepomatic.api", reason="the published client is one of the dev-packages of the Pipfile")
    command = [sys.executable, "-W", "ignore", str(SESSION), api.server.url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if case["framework"] == "tensorflow-1.x" and not TENSORFLOW:
        assert done.returncode and "networks need the optional extra" in done.stderr and "extra_required" in done.stderr
    else:
        assert done.returncode == 0 and done.stdout == "content\n", done.stdout + done.stderr


def test_curl_manages_networks_of_each_framework(api: Api, case: dict[str, Any], tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")

    def curl(address: str, *arguments: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        command = ["curl", "-sS", "-g", "-w", "\n%{http_code}", f"{api.server.url}/v0.7{address}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body) if body else None

    prefix = {name: "variables/" for name in case["files"] if name.startswith("variables.")}
    parts = [f"{prefix.get(name, '')}{name}=@{path}" for name, path in case["files"].items()]
    fields = ["name=mine", 'metadata={"epoch": 3}', f"framework={case['framework']}"]
    fields.append(f"preprocessing={json.dumps(case['preprocessing'])}")
    status, network = curl("/networks", *[word for field in fields + parts for word in ("-F", field)])
    if case["framework"] == "tensorflow-1.x" and not TENSORFLOW:
        assert (status, network["code"]) == (400, "extra_required") and 'extra "tensorflow"' in network["error"]
        return
    assert status == 201 and network["metadata"] == {"epoch": 3}, network
    at = f"/networks/{network['id']}"
    assert network["id"] in [each["id"] for each in curl("/networks?limit=1000")[1]["results"]]
    status, edited = curl(at, "-X", "PATCH", "-d", '{"name": "edited"}')
    assert (status, edited["name"], edited["metadata"]) == (200, "edited", {"epoch": 3})
    asked = ["-F", "inputs[0]image.source=@picture.png", "-F", f"output_tensors={case['layer']}"]
    status, task = curl(f"{at}/inference", *asked, "-F", f"output_tensors={case['output']}")
    assert status == 200, task
    deadline = time.monotonic() + 60
    while (found := curl(f"/tasks/{task['task_id']}")[1])["status"] == "pending" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found["status"] == "success", found
    tensors = {tensor["name"]: tensor["data"] for tensor in found["data"]["tensors"]}
    assert list(tensors) == [case["layer"], case["output"]]
    assert tensors[case["layer"]] == pytest.approx(COLOUR, rel=1e-4)
    assert case["layer"] in [layer["name"] for layer in curl(f"{at}/layers")[1]["results"]]
    assert curl(at, "-X", "DELETE") == (204, None) and curl(at)[0] == 404
