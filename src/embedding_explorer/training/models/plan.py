"""A training with nothing left open: what the form, the network and the data decide together."""

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from embedding_explorer.errors import BadInput
from embedding_explorer.networks.devices import cpu_has_bfloat16
from embedding_explorer.training import chance
from embedding_explorer.training.definitions.definition import Definition
from embedding_explorer.training.definitions.shapes import MAX_PARAMETERS
from embedding_explorer.training.models.build import build_network
from embedding_explorer.training.models.input import Feed, mean_of, mean_tensor
from embedding_explorer.training.options import Options
from embedding_explorer.training.schedule import Schedule, schedule_of
from embedding_explorer.training.source import Source


@dataclass(frozen=True)
class Plan:
    """Everything that decides a training but the pictures themselves.

    Attributes:
        options: with the seed and batch sizes filled in.
        definition: for the pictures of this dataset; the content of `network.json`.
        mean: mean image of the training set, uint8 (H, W, C); None where none is subtracted.
        feed: how pictures become inputs.
        schedule: what happens at which iteration.
        loss: of `LOSSES`.
    """

    options: Options
    definition: Definition
    mean: NDArray[np.uint8] | None
    feed: Feed
    schedule: Schedule
    loss: str

    @property
    def seed(self) -> int:
        """The seed, given or drawn."""
        return self.options.seed or 0

    @property
    def batch_size(self) -> int:
        """Pictures of a batch in training."""
        return self.options.batch_size or self.definition.batch_size

    @property
    def val_batch_size(self) -> int:
        """Pictures of a batch in validation."""
        return self.options.val_batch_size or self.definition.val_batch_size

    def key(self) -> str:
        """A digest of what a resumed training must share with the one that was interrupted."""
        what: Any = [self.options.to_json(), self.definition.to_json(), self.schedule.entries]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def build(self, max_parameters: int = MAX_PARAMETERS) -> nn.Module:
        """The network with fresh weights of this training's seed; raises as `build_network`."""
        return build_network(self.definition, chance.derived(self.seed, chance.WEIGHTS), max_parameters)


def make_plan(options: Options, definition: Definition, train: Source, mean: NDArray[np.uint8] | None = None) -> Plan:
    """Settle a training.

    Args:
        options: as parsed; a seed is drawn where there is none.
        definition: as read from a text, or of a standard network.
        train: the training set.
        mean: its mean image, uint8 (H, W, C), if it is known; else it is computed where it is needed.

    Raises:
        BadInput: the set is empty, or crop or changes do not fit its pictures.
    """
    if not len(train):
        raise BadInput("The dataset has no training pictures; make one with a smaller share for validation and tests.")
    labels = train.labels
    seed = secrets.randbits(32) if options.seed is None else options.seed
    fitted = definition.for_data(train.shape, None if labels is None else len(labels), options.crop_size)
    if options.augmentation.whitening and definition.standard:
        fitted = replace(fitted, input_scale=1.0)  # whitened pictures have the size that networks like
    options = options.with_values(
        seed=seed,
        batch_size=options.batch_size or definition.batch_size,
        val_batch_size=options.val_batch_size or definition.val_batch_size,
        crop_size=fitted.crop_size,
    )
    if options.mean == "none":
        mean = None
    elif mean is None:
        mean = mean_of(train)
    feed = Feed(
        mean_tensor(options.mean, mean), fitted.crop_size, fitted.input_scale, options.augmentation, fitted.mirror
    )
    feed.check(train.shape)
    loss = definition.loss or ("mse" if labels is None else "cross_entropy")
    if (loss == "cross_entropy") != (labels is not None):
        raise BadInput(f"The loss {loss} does not suit the dataset; leave `loss` out of the network.")
    return Plan(options, fitted, mean, feed, schedule_of(options, len(train), options.batch_size or 1), loss)


def uses_bfloat16(precision: str, device: torch.device, network: nn.Module) -> bool:
    """Whether to compute in bfloat16: on request, and for `auto` where the hardware multiplies it.

    Small networks stay in float32 on a CPU: their conversions cost more than they save.
    """
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    large = sum(isinstance(module, nn.Conv2d) for module in network.modules()) > 4
    return device.type == "cpu" and large and cpu_has_bfloat16()
