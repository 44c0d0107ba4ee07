"""Features on the CPU by OpenVINO."""

import threading
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.networks.base import Features, NetworkInfo, Pixels, Precision
from embedding_explorer.networks.devices import import_openvino, usable_cpus
from embedding_explorer.networks.ordered import check_batch, in_order

if TYPE_CHECKING:
    import openvino

BATCH = 8
DEPTH = 3


class OpenVinoExtractor:
    """A compiled model and the requests that run it."""

    def __init__(self, info: NetworkInfo, model: Path) -> None:
        """Compile the IR at `model` for the precision of `info`."""
        self.info = info
        self.batch_size = BATCH
        self._compiled: openvino.CompiledModel | None = compile_model(model, info.precision)
        self._idle: list[openvino.InferRequest] = []
        self._lock = threading.Lock()

    def features(self, batches: Iterable[Pixels]) -> Iterator[Features]:
        """See `Extractor.features`."""
        return in_order(batches, self._start, self._finish, depth=DEPTH)

    def close(self) -> None:
        """See `Extractor.close`."""
        self._idle.clear()
        self._compiled = None

    def _start(self, batch: Pixels) -> "list[openvino.InferRequest]":
        # Pieces of the fastest size: OpenVINO keeps the memory that its largest batch ever took.
        check_batch(batch, self.info.input)
        return [self._start_piece(batch[i : i + BATCH]) for i in range(0, len(batch), BATCH)]

    def _start_piece(self, piece: Pixels) -> "openvino.InferRequest":
        request = self._request()
        request.start_async({0: np.ascontiguousarray(piece)}, share_inputs=True)
        return request

    def _finish(self, requests: "list[openvino.InferRequest]") -> Features:
        none = np.empty((0, self.info.dimension), np.float32)
        result: Features = np.concatenate([none, *(self._finish_piece(r) for r in requests)])
        return result

    def _finish_piece(self, request: "openvino.InferRequest") -> Features:
        request.wait()
        result: Features = request.get_output_tensor(0).data.copy()
        with self._lock:
            self._idle.append(request)
        return result

    def _request(self) -> "openvino.InferRequest":
        with self._lock:
            if self._idle:
                return self._idle.pop()
        if self._compiled is None:
            raise NetworkUnavailable(f"The network {self.info.name} is closed. Open it again.")
        return self._compiled.create_infer_request()


def compile_model(model: Path, precision: Precision) -> "openvino.CompiledModel":
    """Compile an IR for this processor; raises NetworkUnavailable when OpenVINO cannot."""
    try:
        return core().compile_model(model, "CPU", configuration(precision))
    except RuntimeError as error:
        raise NetworkUnavailable(
            f"OpenVINO cannot load {model}: {str(error)[:300]}. Delete the folder {model.parent} and try again.",
            path=str(model),
        ) from error


def configuration(precision: Precision) -> dict[str, Any]:
    """What OpenVINO is asked for. The layers that int8 leaves alone run in the processor's best precision."""
    kept = precisions()[0] if precision == "int8" else precision
    return {
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[kept],
        "INFERENCE_NUM_THREADS": usable_cpus(),
    }


def precisions() -> tuple[Precision, ...]:
    """What this processor computes in, the best for features first; int8 needs a calibration besides."""
    capabilities: list[str] = core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ("bfloat16", "float32", "int8") if "BF16" in capabilities else ("float32", "int8")


@cache
def core() -> "openvino.Core":
    """The one OpenVINO core of this process."""
    return import_openvino().Core()
