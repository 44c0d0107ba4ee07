"""Losses and accuracies over a validation set."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import Any

import numpy as np
import torch
from torch import nn

from embedding_explorer.errors import JobAborted
from embedding_explorer.training.loading import Loader
from embedding_explorer.training.models.input import Feed
from embedding_explorer.training.models.losses import hits, judge
from embedding_explorer.training.models.sums import Sums
from embedding_explorer.training.source import Source


@torch.no_grad()
def validate(
    network: nn.Module,
    feed: Feed,
    source: Source,
    batch_size: int,
    loss: str,
    device: torch.device,
    precision: Callable[[], AbstractContextManager[Any]],
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, float]:
    """The mean `loss` over a set, and for classes the `accuracy`, from 0 to 1; raises JobAborted when told to stop."""
    network.eval()
    sums = Sums()
    starts = range(0, len(source), batch_size)
    with closing(Loader(source, device.type == "cuda")) as loader:
        loader.check(batch_size)
        wanted = (np.arange(start, min(start + batch_size, len(source))) for start in starts)
        for pixels, targets in loader.batches(wanted):
            if stop():
                raise JobAborted("The training was aborted; its snapshots stay usable.")
            placed = targets.to(device, non_blocking=True)
            with precision():
                outputs = network(feed.plain(pixels.to(device, non_blocking=True)))
            values = dict(judge(outputs, placed, loss).values)
            if loss == "cross_entropy":
                values["accuracy"] = hits(outputs, placed).double() / len(placed)
            sums.add(values, len(placed))
    return sums.means()
