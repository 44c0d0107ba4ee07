"""Public networks: those that every server has (networks contract, section 15).

Listing and describing them needs neither weights nor torch: their layers are kept in files beside this one, which
`python -m embedding_explorer.networks.public.listing` makes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from embedding_explorer.networks.definitions import Definition, define
from embedding_explorer.networks.preprocessing import describe
from embedding_explorer.networks.registered.names_of_layers import check_layer, check_names
from embedding_explorer.networks.registered.records import Network

FRAMEWORK = "pytorch"
SINCE = "2026-01-01T00:00:00.000000Z"
FOLDER = Path(__file__).parent / "layers"
OUTPUT = "output"


@dataclass(frozen=True)
class Alias:
    """Another name of a layer; with `softmax`, of what the softmax makes of it."""

    layer: str
    softmax: bool = False


@dataclass(frozen=True)
class PublicNetwork:
    """A network of the table. `base` is its name among the explorer's own networks, `aliases` are from old examples."""

    slug: str
    base: str
    name: str
    description: str
    aliases: Mapping[str, Alias] = field(default_factory=dict)

    @property
    def definition(self) -> Definition:
        """What builds it."""
        return define(self.base)

    def network(self, task_id: int) -> Network:
        """As the networks API shows it."""
        return Network(
            name=self.name,
            description=self.description,
            metadata={},
            framework=FRAMEWORK,
            preprocessing=describe(self.definition.input).to_json(),
            postprocessings=[],
            id=self.slug,
            create_date=SINCE,
            update_date=SINCE,
            task_id=task_id,
            digest="",
        )

    def layers(self) -> list[dict[str, Any]]:
        """Its layers in execution order."""
        return read_layers(self.slug)

    def check_names(self, names: Sequence[str] | None) -> None:
        """Raise InvalidFields for names that are neither layers nor aliases."""
        check_names(names or (), [*self._aliased(), *self.layers()], FRAMEWORK)

    def check_layer(self, name: str) -> None:
        """Raise InvalidFields, of the field `layer`, for a name that is neither a layer nor an alias."""
        check_layer(name, [*self._aliased(), *self.layers()], FRAMEWORK)

    def _aliased(self) -> list[dict[str, Any]]:
        return [{"name": alias} for alias in self.aliases]


@cache
def read_layers(slug: str) -> list[dict[str, Any]]:
    """The layers of a network from its file."""
    layers: list[dict[str, Any]] = json.loads((FOLDER / f"{slug}.json").read_text())
    return layers


IMAGENET = "Trained on ImageNet by torchvision: 1000 classes. The mean and deviation of ImageNet are part of it."
INCEPTION_V1 = {
    "prob": Alias(OUTPUT, softmax=True),
    "loss3/classifier": Alias("fc"),
    "pool5/7x7_s1": Alias("avgpool"),
    "pool2/3x3_s2": Alias("maxpool2"),
}
INCEPTION_V3 = {"inception_v3/logits/predictions": Alias(OUTPUT, softmax=True)}
PUBLIC = {
    network.slug: network
    for network in (
        PublicNetwork("embedded", "embedded", "Embedded", "The small network that ships with the server."),
        PublicNetwork("imagenet-inception-v1", "googlenet", "Inception v1 (GoogLeNet)", IMAGENET, INCEPTION_V1),
        PublicNetwork("imagenet-inception-v3", "inception_v3", "Inception v3", IMAGENET, INCEPTION_V3),
        PublicNetwork("imagenet-resnet-50", "resnet50", "ResNet-50", IMAGENET),
    )
}
OTHER_SLUGS = {"resnet50": "imagenet-resnet-50"}


def find_public(slug: str) -> PublicNetwork | None:
    """The public network of a slug, if there is one."""
    return PUBLIC.get(OTHER_SLUGS.get(slug, slug))
