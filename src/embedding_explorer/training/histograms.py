"""Histograms of weights and gradients in TensorBoard's buckets, counted where the tensors are."""

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

MAX_TENSORS = 100
MAX_VALUES = 1 << 17  # of a tensor; more change nothing that can be seen
_LEAST, _RATIO, _EDGES = 1e-12, 1.1, 774


@cache
def edges(device: torch.device) -> Tensor:
    """TensorBoard's limits, float32 (2K + 1,): powers of 1.1 from 1e-12 to 1e20 of either sign, and 0."""
    positive = _LEAST * _RATIO ** torch.arange(_EDGES, dtype=torch.float64)
    return torch.cat([-positive.flip(0), torch.zeros(1), positive]).float().to(device)


def histogram(tensor: Tensor) -> dict[str, Any] | None:
    """Arguments of `histogram_raw` for a tensor of any shape; None where no value is finite.

    Of a large tensor every n-th value is counted, 131072 at most.
    """
    values = tensor.detach().reshape(-1)
    values = values[:: -(-len(values) // MAX_VALUES) or 1].float()
    values = values[values.isfinite()]
    if not len(values):
        return None
    limits = edges(values.device)
    counts = torch.bincount(torch.bucketize(values, limits), minlength=len(limits))[: len(limits)]
    counts[-1] += len(values) - counts.sum()  # what is beyond 1e20
    filled = counts.nonzero()
    # TensorBoard draws the first bucket from the limit before it, so an empty one comes first.
    first, last = max(0, int(filled[0]) - 1), int(filled[-1])
    exact = values.double()
    return {
        "min": float(values.min()),
        "max": float(values.max()),
        "num": len(values),
        "sum": float(exact.sum()),
        "sum_squares": float(exact.square().sum()),
        "bucket_limits": limits[first : last + 1].tolist(),
        "bucket_counts": counts[first : last + 1].tolist(),
    }


def shown_parameters(network: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Names and parameters whose histograms are kept: all, or of a large network 100 weights evenly spread."""
    found = list(network.named_parameters())
    if len(found) > MAX_TENSORS:
        found = [(name, each) for name, each in found if each.ndim > 1] or found
    count = len(found)
    if count <= MAX_TENSORS:
        return found
    return [found[position * (count - 1) // (MAX_TENSORS - 1)] for position in range(MAX_TENSORS)]
