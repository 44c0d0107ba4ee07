"""Makes the files with the layers of public networks: `python -m embedding_explorer.networks.public.listing`."""

import json
from dataclasses import asdict
from typing import Any

from embedding_explorer.networks.preprocessing import describe
from embedding_explorer.networks.public import FOLDER, PUBLIC, PublicNetwork
from embedding_explorer.networks.public.hooked import AliasedNetwork, NormalisedProgram


def layers_of(public: PublicNetwork) -> list[dict[str, Any]]:
    """The layers that the network turns out to have, built with random weights; torch is needed."""
    definition = public.definition
    program = NormalisedProgram(definition.build().eval(), definition.mean, definition.std)
    network = AliasedNetwork(program, describe(definition.input), {})
    return [asdict(layer) for layer in network.layers]


def main() -> None:
    """Write all of them."""
    for slug, public in PUBLIC.items():
        lines = ",\n".join(json.dumps(layer) for layer in layers_of(public))
        (FOLDER / f"{slug}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
