"""A module of PyTorch served as a public network: normalised images go in, and old names are known. Imports torch."""

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import nn

from embedding_explorer.networks.frameworks.base import Array
from embedding_explorer.networks.frameworks.pytorch.arguments import Argument
from embedding_explorer.networks.frameworks.pytorch.eager import EagerProgram, kinds_of
from embedding_explorer.networks.frameworks.pytorch.network import TorchNetwork
from embedding_explorer.networks.frameworks.pytorch.program import Run
from embedding_explorer.networks.preprocessing import Preprocessing
from embedding_explorer.networks.public import Alias


class NormalisedProgram(EagerProgram):
    """A module in evaluation mode that is fed with images (1, 3, H, W) of values from 0 to 1.

    `mean` of each channel is subtracted, and the result divided by `std`, before the module sees it.
    """

    def __init__(self, module: nn.Module, mean: Sequence[float], std: Sequence[float], device: str = "cpu") -> None:
        super().__init__(module.to(device), kinds_of(module), [Argument("data")])
        self._mean, self._std = (torch.tensor(each, device=device).reshape(1, -1, 1, 1) for each in (mean, std))

    def compute(self, feeds: Mapping[str, torch.Tensor], wanted: Collection[str] | None) -> Run:
        """See `Program.compute`."""
        return super().compute({name: (feed - self._mean) / self._std for name, feed in feeds.items()}, wanted)


class AliasedNetwork(TorchNetwork):
    """A network whose layers have further names."""

    def __init__(
        self,
        program: NormalisedProgram,
        preprocessing: Preprocessing,
        aliases: Mapping[str, Alias],
        device: str = "cpu",
    ) -> None:
        self._aliases = dict(aliases)
        super().__init__(program, preprocessing, device, torch.float32)

    def resolve(self, names: Sequence[str]) -> None:
        """See `LoadedNetwork.resolve`."""
        super().resolve([name for name in names if name not in self._aliases])

    def run(self, feeds: Sequence[Array], names: Sequence[str] | None) -> list[tuple[str, Array]]:
        """See `LoadedNetwork.run`."""
        if names is None:
            return super().run(feeds, None)
        aliases = [self._aliases.get(name) or Alias(name) for name in names]
        found = super().run(feeds, [each.layer for each in aliases])
        return [
            (name, softmax(values) if each.softmax else values)
            for name, each, (_, values) in zip(names, aliases, found, strict=True)
        ]


def softmax(values: Array) -> Array:
    """Of the last axis."""
    result: Array = torch.from_numpy(values).softmax(-1).numpy()
    return result
