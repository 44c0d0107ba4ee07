"""An inference worker without frameworks, started as the real one is. What a network does is written in its model file,
and what an inference does is the name of the layer that it asks for:

    sleep, hog, die, refuse, bug: as they say; keep: leaves 250 MB behind; allocate: fails unless it is the first to;
    anything else: the size of each picture's file
"""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from embedding_explorer.errors import NetworkUnusable
from embedding_explorer.jobs.inference_worker import one_line_errors
from embedding_explorer.jobs.tensors import write_tensors
from embedding_explorer.jobs.worker import work

LAYERS = [
    {
        "name": name,
        "type": "Fake",
        "shape": [None, 1],
        "dtype": "float32",
        "input": name == "data",
        "output": name == "size",
    }
    for name in ("data", "sleep", "hog", "die", "refuse", "bug", "size")
]


KEPT: list[bytes] = []


class FakeContext:
    """Nothing to warm up."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def warm_up(self) -> dict[str, Any]:
        return {}


def behave(how: str, data: Path) -> None:
    hog: list[bytes] = []
    if how == "allocate" and KEPT:
        raise MemoryError
    if how in ("keep", "allocate"):
        KEPT.append(b"x" * (250 << 20 if how == "keep" else 1))
    if how == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif how == "refuse":
        raise NetworkUnusable(f"It is broken, says {data}/networks/1/files/model.onnx.")
    elif how == "bug":
        raise ZeroDivisionError("oops")
    while how == "sleep":
        time.sleep(0.05)
    while how == "hog":
        hog.append(b"x" * (1 << 26))


def deploy(context: Any, report: Any, *, network: str, layers: str) -> None:
    with one_line_errors():
        behave((Path(network) / "files" / "model.onnx").read_text(), context.settings.data)
        Path(layers).write_text(json.dumps(LAYERS))


def infer(context: Any, report: Any, *, network: str, inputs: Any, names: Any, result: str) -> None:
    with one_line_errors():
        log = context.settings.data / "order.log"
        with log.open("a") as file:
            file.write(f"{Path(result).parent.name}\n")
        for name in names or ["size"]:
            behave(name, context.settings.data)
        size = np.array([[Path(each["file"]).stat().st_size for each in inputs]], np.float32)
        write_tensors(Path(result), [(name, size) for name in names or ["size"]], 10**6)


if __name__ == "__main__":
    work(FakeContext, {"deploy": deploy, "infer": infer})
