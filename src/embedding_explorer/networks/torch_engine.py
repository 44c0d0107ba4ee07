"""Features by torch: on a GPU, or on a CPU without OpenVINO. Imports torch: only the engine's users import this."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from embedding_explorer.errors import NetworkUnavailable
from embedding_explorer.networks.base import Device, Features, NetworkInfo, Pixels, Precision
from embedding_explorer.networks.definitions import Definition
from embedding_explorer.networks.devices import cpu_has_bfloat16
from embedding_explorer.networks.ordered import check_batch, in_order

BATCHES = {"cuda": 128, "cpu": 16}
DEPTH = 3
AUTOCAST = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass
class Staging:
    """Page-locked host memory for one batch each way: only from there and to there do copies overlap with work."""

    pixels: Tensor
    features: Tensor
    done: torch.cuda.Event


@dataclass
class Started:
    """A batch on its way: its features lie in `staging` once that is done, or are here already."""

    count: int
    staging: Staging | None = None
    features: Features | None = None


class TorchExtractor:
    """A torch module cut off at a layer, in evaluation mode."""

    def __init__(self, info: NetworkInfo, module: nn.Module, definition: Definition) -> None:
        """Move `module`, of normalised pictures (B, 3, S, S), to the device of `info`."""
        self.info = info
        self.batch_size = BATCHES[info.device]
        self._device = torch.device(info.device)
        self._module: nn.Module | None = module.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = 255 * torch.tensor(definition.mean, device=self._device).view(1, 3, 1, 1)
        self._scale = 255 * torch.tensor(definition.std, device=self._device).view(1, 3, 1, 1)
        self._idle: list[Staging] = []
        if info.device == "cuda":
            self._uploads, self._work = (torch.cuda.Stream() for _ in range(2))  # type: ignore[no-untyped-call]
            torch.cuda.synchronize()  # the weights were copied on the default stream

    def features(self, batches: Iterable[Pixels]) -> Iterator[Features]:
        """See `Extractor.features`."""
        return in_order(batches, self._start, self._finish, depth=DEPTH)

    def close(self) -> None:
        """See `Extractor.close`."""
        self._idle.clear()
        self._module = None
        if self.info.device == "cuda":
            torch.cuda.empty_cache()

    def _start(self, batch: Pixels) -> Started:
        check_batch(batch, self.info.input)
        if not len(batch):
            return Started(0, features=np.empty((0, self.info.dimension), np.float32))
        if self.info.device == "cuda":
            return self._start_on_gpu(batch)
        writable = np.require(batch, requirements=["C", "W"])  # torch warns of any other
        result: Features = self._forward(torch.from_numpy(writable)).numpy()
        return Started(len(batch), features=result)

    def _finish(self, started: Started) -> Features:
        if started.features is not None:
            return started.features
        assert started.staging
        started.staging.done.synchronize()
        result: Features = started.staging.features[: started.count].numpy().copy()
        self._idle.append(started.staging)
        return result

    def _start_on_gpu(self, batch: Pixels) -> Started:
        count, staging = len(batch), self._staging(len(batch))
        staging.pixels[:count].numpy()[...] = batch
        with torch.cuda.stream(self._uploads):
            pixels = staging.pixels[:count].to(self._device, non_blocking=True)
        with torch.cuda.stream(self._work):
            self._work.wait_stream(self._uploads)
            pixels.record_stream(self._work)
            staging.features[:count].copy_(self._forward(pixels), non_blocking=True)
            staging.done.record()
        return Started(count, staging)

    def _staging(self, count: int) -> Staging:
        size, dimension = self.info.input.size, self.info.dimension
        fitting = [s for s in self._idle if len(s.pixels) >= count]
        if fitting:
            self._idle.remove(fitting[0])
            return fitting[0]
        rows = max(count, self.batch_size)
        pixels = torch.empty(rows, size, size, 3, dtype=torch.uint8, pin_memory=True)
        features = torch.empty(rows, dimension, pin_memory=True)
        return Staging(pixels, features, torch.cuda.Event(blocking=True))  # type: ignore[no-untyped-call]

    def _forward(self, pixels: Tensor) -> Tensor:
        """uint8 (B, S, S, 3) to float32 (B, D), on the device."""
        if self._module is None:
            raise NetworkUnavailable(f"The network {self.info.name} is closed. Open it again.")
        with ExitStack() as modes:
            modes.enter_context(torch.inference_mode())
            # The channels-last memory that convolutions like best is what a permuted (B, S, S, 3) array already has.
            x = (pixels.permute(0, 3, 1, 2).float() - self._mean) / self._scale
            if kind := AUTOCAST.get(self.info.precision):
                modes.enter_context(torch.autocast(self._device.type, kind))
            else:
                modes.enter_context(torch.backends.cudnn.flags(allow_tf32=False))
            return self._module(x).float()  # type: ignore[no-any-return]


def precisions(device: Device) -> tuple[Precision, ...]:
    """What a device computes in hardware, the best for features first."""
    if device == "cpu":
        return ("bfloat16", "float32") if cpu_has_bfloat16() else ("float32",)
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return ("bfloat16", "float16", "float32")
    return ("float16", "float32")
