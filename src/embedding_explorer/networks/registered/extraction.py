"""What a registered or public network is asked for when it makes a dataset, and what becomes of its tensors."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_explorer.database import MAX_ID
from embedding_explorer.errors import BadInput, RegisteredNetworkNotFound, UnknownNetwork
from embedding_explorer.networks.base import Pooling
from embedding_explorer.networks.preprocessing import Faults, Preprocessing, parse_preprocessing
from embedding_explorer.networks.public import find_public
from embedding_explorer.networks.registered.records import Key, Network
from embedding_explorer.networks.registered.store import NetworkStore
from embedding_explorer.networks.weights import locate


@dataclass(frozen=True)
class Chosen:
    """A network that pictures can be turned into features with. `where` is what `load_network` takes."""

    key: Key
    name: str
    where: str
    preprocessing: Preprocessing


def key_of(name: str | None) -> Key | None:
    """The network that a name means: digits are an id, others a public slug; None for one of the explorer's own."""
    if name is None:
        return None
    # "resnet50" and "embedded" too are slugs, so rows are as inference has them; the extractor is for unnamed networks.
    if name.isascii() and name.isdigit():
        return min(int(name[:30]), MAX_ID)
    public = find_public(name)
    return public.slug if public else None


def choose(network: Network, where: str) -> Chosen:
    """A network for a dataset; raises BadInput for one that takes several images."""
    preprocessing = parse_preprocessing(network.preprocessing, Faults(), text=False)
    if preprocessing is None or len(preprocessing.inputs) != 1:
        raise BadInput(
            f"The network {str(network.id)!r} takes several images at once; a dataset needs one that takes one."
        )
    return Chosen(network.id, network.name, where, preprocessing)


def check_pooling_of(chosen: Chosen, pooling: str | None) -> None:
    """Raise BadInput for a pooling that could not give rows of one length."""
    if pooling == "flatten" and chosen.preprocessing.inputs[0].resize_type == "NETWORK":
        raise BadInput("A network whose images vary in size (NETWORK) cannot be flattened: pool with avg or max.")


def find_registered(store: NetworkStore, key: int) -> Network:
    """A network of the workspace; raises UnknownNetwork."""
    try:
        return store.get(key)
    except RegisteredNetworkNotFound:
        raise UnknownNetwork(f"There is no network {str(key)!r}.") from None


def digest_of_chosen(chosen: Chosen, digest: str, data: Path) -> str:
    """What the network's values depend on; its weights must be there."""
    if isinstance(chosen.key, int):
        return digest
    public = find_public(chosen.key)
    assert public is not None
    parts = [locate(public.definition, data).digest, chosen.preprocessing.to_json()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def pooled(output: NDArray[Any], images: int, axes: str, pooling: Pooling) -> NDArray[np.float32]:
    """Rows (B, D) of a layer's output for B images.

    Args:
        output: the tensor; its first axis is the batch, but where one image went in it may have none.
        images: B.
        axes: the order of an image's axes, such as "CHW".
        pooling: what becomes of a map, which has a channel axis and two spatial ones; all else is flattened.

    Raises:
        BadInput: the first axis is not the batch, or there are no numbers.
    """
    if output.dtype.kind not in "biuf":
        raise BadInput(f"The layer gives values of type {output.dtype}, which are no features.")
    if images > 1 and (output.ndim == 0 or len(output) != images):
        raise BadInput("The network's first axis is not the batch. Register it with batched_output true.")
    rows = output if images > 1 or (output.ndim > 1 and len(output) == 1) else output[np.newaxis]
    if rows.ndim == 4 and pooling != "flatten":
        spatial = (2, 3) if axes.startswith("C") else (1, 2)
        rows = rows.astype(np.float64).mean(spatial) if pooling == "avg" else rows.max(spatial)
    return np.ascontiguousarray(rows.reshape(len(rows), -1), np.float32)


def first_of(tensors: Sequence[tuple[str, NDArray[Any]]]) -> tuple[str, NDArray[Any]]:
    """The first final output; raises BadInput where a network has none."""
    if not tensors:
        raise BadInput("The network has no output. Name a layer.")
    return tensors[0]
