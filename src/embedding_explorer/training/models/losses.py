"""Losses of a batch, and what is counted of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from embedding_explorer.errors import BadInput

# Weights of GoogLeNet's classifiers (Szegedy et al. 2014, arXiv:1409.4842, section 5): two in the middle, and the last.
AUXILIARY = 0.3


@dataclass(frozen=True)
class Judged:
    """A batch's loss to go downhill on, and the values to report, each a mean over the batch without a gradient."""

    loss: Tensor
    values: dict[str, Tensor]


_GENERIC: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "l1": functional.l1_loss,
    "smooth_l1": functional.smooth_l1_loss,
}


def judge(outputs: Any, targets: Tensor, kind: str) -> Judged:
    """The loss of a network's outputs.

    Args:
        outputs: (B, …) of any float type, or what GoogLeNet gives while it is trained.
        targets: int64 (B,), or float32 (B, …).
        kind: of `LOSSES`.

    Raises:
        BadInput: outputs and targets are of different sizes.
    """
    if isinstance(outputs, tuple):
        return _with_auxiliaries(outputs, targets)
    if kind == "cross_entropy":
        loss = functional.cross_entropy(outputs.float(), targets)
    else:
        loss = _GENERIC[kind](outputs.float(), _like(targets, outputs))
    return Judged(loss, {"loss": loss.detach()})


def hits(outputs: Tensor, targets: Tensor) -> Tensor:
    """How many of a batch have their greatest output at their class."""
    return (outputs.argmax(1) == targets).sum()


def _with_auxiliaries(outputs: tuple[Any, ...], targets: Tensor) -> Judged:
    last, second, first = (functional.cross_entropy(each.float(), targets) for each in outputs)
    values = {"loss": last.detach(), "loss1": first.detach(), "loss2": second.detach()}
    return Judged(last + AUXILIARY * (first + second), values)


def _like(targets: Tensor, outputs: Tensor) -> Tensor:
    """The targets in the shape of the outputs: labels are flattened when the output is flat."""
    if targets.shape == outputs.shape:
        return targets
    if targets[0].numel() != outputs[0].numel():
        raise BadInput(
            f"The network gives {_sides(outputs)} values for a picture, but the dataset has {_sides(targets)}. "
            "Change the last layer to that number."
        )
    return targets.reshape(outputs.shape)


def _sides(batch: Tensor) -> str:
    return "x".join(map(str, torch.Tensor.size(batch)[1:])) or "1"
