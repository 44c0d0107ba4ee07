"""A snapshot at work: pictures in, scores or numbers out, prepared as in the training (contract, 6.1)."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.frameworks.trial import one_line
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.models.build import build_network
from embedding_explorer.training.models.input import Feed, mean_tensor
from embedding_explorer.training.options import Options
from embedding_explorer.training.snapshots import read_snapshot
from embedding_explorer.training.source import Pixels

Outputs = NDArray[np.float32]


class Predictor:
    """A trained network for inference. It may run beside a training; it never draws random numbers."""

    def __init__(
        self,
        definition: Definition,
        options: Options,
        mean: NDArray[np.uint8] | None,
        snapshot: Path,
        device: str = "cpu",
    ) -> None:
        """
        Args:
            definition, options: of `network.json` and `solver.json`.
            mean: mean image, uint8 (H, W, C); None where none is subtracted.
            snapshot: file of weights.
            device: "cpu" or "cuda".

        Raises:
            BadInput: the snapshot is damaged or of another network.
        """
        self.definition, self._device = definition, torch.device(device)
        feed = Feed(mean_tensor(options.mean, mean), definition.crop_size, definition.input_scale, options.augmentation)
        self.feed = feed.to(self._device)
        self.network = build_network(definition, max_parameters=None)
        try:
            self.network.load_state_dict(read_snapshot(snapshot))
        except RuntimeError as error:
            raise BadInput(f"The snapshot {snapshot.name} is not of this network; choose another epoch.") from error
        self.network.to(self._device).eval().requires_grad_(False)

    def inputs(self, pixels: Pixels) -> Tensor:
        """What the network is fed with for pictures uint8 (B, H, W, C): float32 (B, C, h, w)."""
        return self.feed.plain(torch.from_numpy(np.array(pixels, np.uint8)).to(self._device))

    def run(self, pixels: Pixels) -> Outputs:
        """Softmax scores (B, K) of a classification, else the network's outputs (B, …); raises BadInput."""
        try:
            with torch.inference_mode():
                outputs: Any = self.network(self.inputs(pixels))
        except RuntimeError as error:
            raise BadInput(f"The network cannot take these pictures: {one_line(error)}") from error
        result: Outputs = self.finish(outputs).cpu().numpy()
        return result

    def finish(self, outputs: Tensor) -> Tensor:
        """Softmax for classifications; what is not finite becomes finite, since JSON knows nothing else."""
        outputs = outputs.float()
        if self.definition.classes is not None:
            outputs = outputs.softmax(1)
        return torch.nan_to_num(outputs)

    def leaves(self) -> list[tuple[str, nn.Module]]:
        """The modules that compute something, by path."""
        return [(path, each) for path, each in self.network.named_modules() if path and not list(each.children())]
