import subprocess
import sys

import pytest

from embedding_explorer.networks.frameworks import FRAMEWORKS


def test_the_three_frameworks() -> None:
    assert list(FRAMEWORKS) == ["onnx", "pytorch", "tensorflow-1.x"]
    assert FRAMEWORKS["onnx"].installed() and FRAMEWORKS["pytorch"].installed()
    assert [framework.extra for framework in FRAMEWORKS.values()] == [None, None, "tensorflow"]


@pytest.mark.parametrize(
    ("framework", "part", "stored"),
    [
        ("tensorflow-1.x", "variables/variables.index", "variables.index"),
        ("tensorflow-1.x", "saved_model.pb", "saved_model.pb"),
        ("tensorflow-1.x", "variables/../x", "../x"),
        ("onnx", "variables/model.onnx", "variables/model.onnx"),
    ],
)
def test_only_tensorflow_has_a_prefix(framework: str, part: str, stored: str) -> None:
    assert FRAMEWORKS[framework].store_name(part) == stored


def test_checking_imports_no_framework() -> None:
    code = (
        "import sys, pathlib; from embedding_explorer.networks.frameworks import FRAMEWORKS as F\n"
        "from embedding_explorer.networks.preprocessing import Faults\n"
        "names = 'model.onnx', 'model.pt', 'model.pt2', 'model.safetensors', 'saved_model.pb'\n"
        "[(f.installed(), f.check({n: pathlib.Path(__file__ if False else sys.executable)}, Faults()))\n"
        " for f in F.values() for n in names]\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "torchvision", "onnx", "onnxruntime", "tensorflow", "safetensors", "openvino"} & set(modules)
