"""What a network makes of a fixed sample of pictures while it is trained: the input of its last layer."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embedding_explorer.training import chance
from embedding_explorer.training.models.build import last_linear
from embedding_explorer.training.models.trainer import View
from embedding_explorer.training.source import Source

# Of the pictures between two snapshots: 1.5 % of their time, for training takes three passes and this one.
SHARE = 0.045
LEAST, MOST = 64, 256  # pictures
MAX_BYTES = 64 << 20  # of their pixels, which stay in memory
MAX_WIDTH = 4096  # numbers of a picture


class FixedSample:
    """Some pictures of the validation set, or of the training set where there is none; the same in every run.

    Attributes:
        pixels: uint8 (N, H, W, C).
        labels: the N labels; None for generic datasets.
    """

    def __init__(self, view: View) -> None:
        source = view.val if view.val is not None and len(view.val) else view.train
        self.pixels, targets = source.batch(_chosen(source, view))
        self.labels = None if source.labels is None else [source.labels[int(each)] for each in targets]

    @torch.no_grad()
    def features(self, view: View) -> NDArray[np.float32] | None:
        """Float32 (N, D), D at most 4096; None where neither the last layer's input nor its output is that small."""
        seen: list[Tensor] = []
        head = last_linear(view.network)
        module = view.network if head is None else view.network.get_submodule(head)
        handle = module.register_forward_hook(lambda _, inputs, outputs: seen.append(_narrower(inputs[0], outputs)))
        view.network.eval()
        try:
            for start in range(0, len(self.pixels), view.plan.val_batch_size):
                pixels = torch.from_numpy(self.pixels[start : start + view.plan.val_batch_size]).to(view.device)
                with view.precision():
                    view.network(view.feed.plain(pixels))
        finally:
            handle.remove()
        features = torch.cat(seen).float().cpu()
        return features.numpy() if features.shape[1] <= MAX_WIDTH else None


def _chosen(source: Source, view: View) -> NDArray[np.int64]:
    between = view.plan.schedule.entries * min(view.plan.options.snapshot_interval or 1, 1)
    fitting = MAX_BYTES // int(np.prod(source.shape))
    count = max(1, min(len(source), fitting, MOST, max(LEAST, int(SHARE * between))))
    order = np.random.default_rng([view.plan.seed, chance.SAMPLE]).permutation(len(source))
    return np.sort(order[:count]).astype(np.int64)


def _narrower(inputs: Any, outputs: Any) -> Tensor:
    """The input of the last layer as rows (B, D), or its output where the input is too wide; maps are averaged."""
    rows = _rows(inputs)
    return rows if rows.shape[1] <= MAX_WIDTH else _rows(outputs)


def _rows(values: Tensor) -> Tensor:
    return values.flatten(1) if values.ndim < 4 or values[0].numel() <= MAX_WIDTH else values.mean((2, 3))
