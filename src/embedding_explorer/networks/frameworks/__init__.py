"""Kinds of networks that users may register: screening their files, loading them, running them, reading any layer.

Importing this imports no framework: `check` of each needs none, and `load` imports its own.
"""

from embedding_explorer.networks.frameworks.base import Files, Framework, Layer, LoadedNetwork
from embedding_explorer.networks.frameworks.onnx.check import check as check_onnx
from embedding_explorer.networks.frameworks.pytorch.check import check as check_pytorch
from embedding_explorer.networks.frameworks.tensorflow.check import check as check_tensorflow
from embedding_explorer.networks.preprocessing import Preprocessing

__all__ = ["FRAMEWORKS", "Files", "Framework", "Layer", "LoadedNetwork"]


def _load_onnx(files: Files, preprocessing: Preprocessing, device: str) -> LoadedNetwork:
    from embedding_explorer.networks.frameworks.onnx.load import load

    return load(files, preprocessing, device)


def _load_pytorch(files: Files, preprocessing: Preprocessing, device: str) -> LoadedNetwork:
    from embedding_explorer.networks.frameworks.pytorch.load import load

    return load(files, preprocessing, device)


def _load_tensorflow(files: Files, preprocessing: Preprocessing, device: str) -> LoadedNetwork:
    from embedding_explorer.networks.frameworks.tensorflow.load import load

    return load(files, preprocessing, device)


FRAMEWORKS = {
    framework.name: framework
    for framework in (
        Framework("onnx", None, ("onnxruntime",), check_onnx, _load_onnx),
        Framework("pytorch", None, ("torch",), check_pytorch, _load_pytorch),
        Framework("tensorflow-1.x", "tensorflow", ("tensorflow",), check_tensorflow, _load_tensorflow, "variables/"),
    )
}
"""Every framework by the name that requests use."""
