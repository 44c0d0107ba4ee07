"""The table of networks. Another network of torchvision is one line in it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from embedding_explorer.errors import UnknownNetwork
from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.base import Pooling
from embedding_explorer.networks.embedded import preprocessing

if TYPE_CHECKING:
    from torch import nn

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET_INPUT = InputSpec(size=224, resize=256)
RANDOM_NOTE = "random weights, for measuring speed only"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights. By torchvision's rule its name ends in the first digits of its sha256, `prefix`.

    `member` is its name in torchvision's enum, which knows its address.
    """

    name: str
    prefix: str = ""
    member: str | None = None
    input: InputSpec | None = None


@dataclass(frozen=True)
class Definition:
    """A network before its weights are loaded: `layer` and `pooling` are the defaults, giving `dimension` features.

    `weights` are the files that fit, the best first; none means that `build` makes the weights up.
    """

    name: str
    build: Callable[[], "nn.Module"]
    input: InputSpec
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    layer: str
    dimension: int
    pooling: Pooling = "avg"
    weights: tuple[WeightsFile, ...] = ()
    note: str | None = None


def torchvision_weights(name: str, member: str, prefix: str, *, resize: int, size: int = 224) -> WeightsFile:
    """The file of a network's weights as torchvision names it."""
    return WeightsFile(f"{name}-{prefix}.pth", prefix, member, InputSpec(size=size, resize=resize))


def torchvision_network(name: str, layer: str, dimension: int, *weights: WeightsFile, **options: bool) -> Definition:
    """A network of torchvision, trained on ImageNet; `options` are those of its builder."""
    spec, build = weights[0].input or IMAGENET_INPUT, partial(_torchvision, name, **options)
    return Definition(name, build, spec, IMAGENET_MEAN, IMAGENET_STD, layer, dimension, weights=weights)


def embedded_network() -> Definition:
    """The network that ships with the package."""
    spec = InputSpec(size=preprocessing.SIZE, resize=preprocessing.SIZE)
    weights = (WeightsFile("embedded.safetensors"),)
    # The last block but one: label smoothing draws the last one's features together around the ten classes, at the
    # cost of all that is not one of them (Kornblith et al. 2021, arXiv:2010.16402); MODEL_CARD.md has the figures.
    layer, mean, std = "blocks.6", preprocessing.MEAN, preprocessing.STD
    return Definition("embedded", _embedded, spec, mean, std, layer, 256, pooling="max", weights=weights)


def random_network() -> Definition:
    """ResNet-50 with seeded random weights."""
    mean, std = IMAGENET_MEAN, IMAGENET_STD
    return Definition("resnet50-random", _random, IMAGENET_INPUT, mean, std, "avgpool", 2048, note=RANDOM_NOTE)


def _torchvision(name: str, **options: bool) -> "nn.Module":
    from torchvision.models import get_model

    module: nn.Module = get_model(name, weights=None, **options)
    return module


def _embedded() -> "nn.Module":
    from embedding_explorer.networks.embedded.architecture import SmallResNet

    return SmallResNet()


def _random() -> "nn.Module":
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return _torchvision("resnet50")


# V1 before V2: label smoothing and mixup, which trained V2, make features that serve retrieval worse
# (Kornblith et al. 2021, arXiv:2010.16402).
RESNET50 = (
    torchvision_weights("resnet50", "IMAGENET1K_V1", "0676ba61", resize=256),
    torchvision_weights("resnet50", "IMAGENET1K_V2", "11ad3fa6", resize=232),
)
GOOGLENET = torchvision_weights("googlenet", "IMAGENET1K_V1", "1378be20", resize=256)
INCEPTION_V3 = torchvision_weights("inception_v3_google", "IMAGENET1K_V1", "0cc3c7bd", resize=342, size=299)
# Their weights were made for pictures between -1 and 1, which they turn normalised ones into.
INCEPTION = {"transform_input": True, "init_weights": False}
NETWORKS = {
    d.name: d
    for d in (
        torchvision_network("resnet50", "avgpool", 2048, *RESNET50),
        torchvision_network("googlenet", "avgpool", 1024, GOOGLENET, **INCEPTION),
        torchvision_network("inception_v3", "avgpool", 2048, INCEPTION_V3, **INCEPTION),
        embedded_network(),
        random_network(),
    )
}


def define(name: str) -> Definition:
    """The definition of a network by its name; raises UnknownNetwork listing the known ones."""
    try:
        return NETWORKS[name]
    except KeyError:
        known = ", ".join(NETWORKS)
        raise UnknownNetwork(f"There is no network {name[:80]!r}. Known: {known}.", known=list(NETWORKS)) from None
